//! The linter: what a policy document permits, and its author probably did not mean.
//!
//! Every rule is one that can be decided from the document, and from the server's list of tools where there is one. A rule
//! that cannot tell stays silent.

mod code;
mod explanation;
mod finding;
mod key;
mod permits;
mod rules;
mod schema;

// The rules, one family a file. None uses another.
mod arguments;
mod contradictions;
mod groups;
mod limits;
mod listed;
mod names;
mod patterns;
mod portable;
mod prefixes;
mod reach;
mod texts;

use policy_core::Policy;
use policy_json::{DOCUMENT_CAPS, Parsed, ToolCatalogue};

pub use code::{LintCode, Severity};
pub use explanation::Explanation;
pub use finding::Finding;

use finding::Findings;
use rules::{Groups, Owner, Reach};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct LintInput<'a> {
    /// The document.
    pub text: &'a [u8],
    /// The policy that was loaded from it.
    pub policy: &'a Policy,
    /// What the server lists, if that is known.
    pub catalogue: Option<&'a ToolCatalogue>,
    /// Whether other readers of the format are to accept the policy too: every extension is then an error.
    pub portable: bool,
}

/// Everything that there is to say about a policy, in the order of the text. Nothing, where the text cannot be read.
///
/// ```
/// use policy_analysis::{LintCode, LintInput, lint};
///
/// let text = br#"{"version": "1", "default": "deny", "tools": {"delete-*": {}}}"#;
/// let policy = policy_json::load("p", text)?;
/// let findings = lint(&LintInput { text, policy: &policy, catalogue: None, portable: false });
/// assert_eq!(findings[0].code, LintCode::StarInName);
/// # Ok::<(), policy_json::LoadError>(())
/// ```
#[must_use]
pub fn lint(input: &LintInput<'_>) -> Vec<Finding> {
    let LintInput { text, policy, catalogue, portable } = *input;
    let Ok(parsed) = Parsed::parse(text, DOCUMENT_CAPS) else { return Vec::new() };
    let reach = Reach::new(policy);
    let mut findings = Findings::default();
    reach::check(policy, &reach, &mut findings);
    names::check(policy, catalogue, &mut findings);
    texts::check(policy, &mut findings);
    limits::check(policy, &reach, &mut findings);
    // What stands where no call comes to is reported as a whole.
    let tools = policy.tools.iter().filter(|(name, tool)| reach.comes_to_rules(name, tool));
    let tools = tools.map(|(name, tool)| Groups::of_tool(name, tool));
    let all = Groups::of_all(policy);
    for owned in tools.chain((!reach.hides_all).then_some(all)) {
        let schema = match owned.owner {
            Owner::Tool(name) => policy.tools.get(name).is_some_and(|tool| tool.schema.is_some()),
            Owner::AllTools => false,
        };
        let listed = match owned.owner {
            Owner::Tool(name) => catalogue.and_then(|catalogue| catalogue.tool(name)),
            Owner::AllTools => None,
        };
        let has_schema = schema || listed.is_some_and(|listed| listed.input_schema.is_some());
        groups::check(owned, has_schema, &mut findings);
        contradictions::check(owned, all, &mut findings);
        patterns::check(owned, &mut findings);
        // What a schema keeps out of a text is not looked into.
        if !schema {
            prefixes::check(owned, &mut findings);
        }
    }
    if let Some(catalogue) = catalogue {
        listed::check(policy, catalogue, &reach, &mut findings);
    }
    arguments::check(policy, catalogue, &reach, &mut findings);
    if portable {
        portable::check(&parsed, &mut findings);
    }
    findings.placed(&parsed)
}
