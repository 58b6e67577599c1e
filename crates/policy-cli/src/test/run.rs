//! Runs a case, and finds out what came out otherwise than expected. Time stands still between its steps.

use std::sync::Arc;

use policy_core::{
    ApprovalKey, ApprovalRequest, Arguments as _, Decision, Engine, ManualClock, Timestamp, ToolSchemas,
};
use policy_json::{DiagnosticCode, JsonText, LoadError, ToolCatalogue};

use super::case::{Approval, Case, Expect, Expected, Step, Text};
use crate::object::Raw;
use crate::policy_file::{self, Loaded, NotLoaded};
use crate::printable;

/// The key that cases approve with. It opens nothing: each case has an engine of its own.
const KEY: &[u8] = b"the key that case files approve with";

/// What came of a case.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    Failed(Vec<Finding>),
    /// It needs something that is not supported yet.
    Unsupported(Finding),
}

/// Something that is not as expected.
#[derive(Debug)]
pub(super) enum Finding {
    /// The case cannot be run.
    Broken(String),
    /// Its policy has mistakes, already shown with their places.
    Mistakes { shown: String, wanted: Option<String> },
    /// A decision is another than expected.
    Decision { step: usize, call: String, differences: Vec<Difference> },
}

/// A part of a decision.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) field: &'static str,
    /// `None` where the case does not say.
    pub(super) expected: Option<String>,
    pub(super) found: String,
}

impl Outcome {
    pub(super) fn broken(why: impl Into<String>) -> Self {
        Self::Failed(vec![Finding::Broken(why.into())])
    }
}

/// Runs a case of a file with this name and text.
pub(super) fn run(file: &str, text: &[u8], case: &Case<'_>) -> Outcome {
    let schemas = match case.tools.as_ref().map(schemas).transpose() {
        Ok(schemas) => schemas.unwrap_or_default(),
        Err(error) => {
            return Outcome::broken(format!(
                "`tools` cannot be used: {}",
                printable::text(&error.to_string())
            ));
        }
    };
    match (policy_file::load("case", case.policy.bytes()), &case.expected) {
        (Ok(loaded), Expected::Steps(steps)) => run_steps(loaded, schemas, case, steps),
        (Ok(_), Expected::LoadError { .. }) => {
            Outcome::broken("the policy was expected to be refused, and loads")
        }
        (Err(NotLoaded::Unusable(fault)), _) => Outcome::broken(printable::text(&fault)),
        (Err(NotLoaded::Mistakes(error)), Expected::LoadError { pointer, code }) => {
            let (pointer, code) = (pointer.as_deref(), code.as_deref());
            if is_expected(&error, pointer, code) {
                return Outcome::Passed;
            }
            let wanted = [("code", code), ("pointer", pointer)].into_iter();
            let wanted =
                wanted.filter_map(|(field, text)| Some(format!("{field} `{}`", printable::text(text?))));
            let wanted = format!("expected a mistake with {}", wanted.collect::<Vec<_>>().join(" and "));
            refused(file, text, case, &error, Some(wanted))
        }
        (Err(NotLoaded::Mistakes(error)), Expected::Steps(_)) => refused(file, text, case, &error, None),
    }
}

/// The input schemas of the tools that a case lists.
fn schemas(tools: &Raw<'_>) -> Result<ToolSchemas, LoadError> {
    ToolCatalogue::parse(tools.text.as_bytes())?.compile()
}

/// The policy is refused, otherwise than expected.
fn refused(file: &str, text: &[u8], case: &Case<'_>, error: &LoadError, wanted: Option<String>) -> Outcome {
    let shown = match &case.policy {
        Text::Part(raw) => policy_file::render(file, text, raw.offset, error),
        Text::Quoted(quoted) => {
            policy_file::render(&format!("{file} (policy_text)"), quoted.as_bytes(), 0, error)
        }
    };
    let finding = Finding::Mistakes { shown, wanted };
    let mut mistakes = error.diagnostics().iter();
    if mistakes.all(|mistake| mistake.code == DiagnosticCode::NotSupported) {
        Outcome::Unsupported(finding)
    } else {
        Outcome::Failed(vec![finding])
    }
}

/// Whether one of the mistakes is at that place and of that kind.
fn is_expected(error: &LoadError, pointer: Option<&str>, code: Option<&str>) -> bool {
    error.diagnostics().iter().any(|mistake| {
        pointer.is_none_or(|pointer| mistake.pointer == pointer)
            && code.is_none_or(|code| mistake.code.name() == code)
    })
}

fn run_steps(loaded: Loaded, schemas: ToolSchemas, case: &Case<'_>, steps: &[Step<'_>]) -> Outcome {
    let clock = Arc::new(ManualClock::default());
    let Ok(key) = ApprovalKey::new(KEY) else { return Outcome::broken("the key of approvals is too short") };
    let engine = Engine::builder(loaded.policies).clock(Arc::clone(&clock)).options(case.options);
    let engine = engine.approval_key(key.clone()).catalogue(schemas).build();
    let mut asked: Vec<(Timestamp, Option<ApprovalRequest>)> = Vec::new();
    let mut findings = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        clock.set(step.at);
        let arguments = step.arguments.as_ref().map(|text| JsonText::new(text.bytes()));
        let number = place.saturating_add(1);
        let token = match token(step.approval.as_ref(), &asked, &key) {
            Ok(token) => token,
            Err(why) => return Outcome::broken(format!("step {number}: {why}")),
        };
        let decision = match token {
            Some(token) => engine.evaluate(&step.identity, &step.tool, arguments.with_approval(&token)),
            None => engine.evaluate(&step.identity, &step.tool, arguments),
        };
        asked.push((step.at, decision.approval().cloned()));
        let differences = compare(&step.expect, &decision);
        if !differences.is_empty() {
            let call =
                format!("{} calls {}", printable::name(step.identity.grant()), printable::name(&step.tool));
            findings.push(Finding::Decision { step: number, call, differences });
        }
    }
    if findings.is_empty() { Outcome::Passed } else { Outcome::Failed(findings) }
}

/// The token that comes with a step: of the request that an earlier one met.
fn token(
    approval: Option<&Approval>,
    asked: &[(Timestamp, Option<ApprovalRequest>)],
    key: &ApprovalKey,
) -> Result<Option<String>, String> {
    let (step, approver, ttl, at) = match approval {
        None => return Ok(None),
        Some(Approval::Text(text)) => return Ok(Some(text.clone())),
        Some(Approval::Of { step, approver, ttl, at }) => (*step, approver, *ttl, *at),
    };
    let earlier = step.checked_sub(1).and_then(|place| asked.get(place));
    let (asked_at, request) =
        earlier.ok_or("`approval.of_step` must be the number of an earlier step, from 1")?;
    let request =
        request.as_ref().ok_or_else(|| format!("step {step} did not come to `require_approval`"))?;
    let token = key.approve(request, approver, at.unwrap_or(*asked_at), ttl);
    token.map(|token| Some(token.as_str().to_owned())).map_err(|error| error.to_string())
}

fn compare(expect: &Expect, decision: &Decision) -> Vec<Difference> {
    let retry_after = decision.retry_after().map(|wait| wait.as_millis().to_string());
    let fields = [
        ("effect", Some(expect.effect.clone()), Some(decision.effect().name().to_owned())),
        ("code", expect.code.clone(), Some(decision.code().name().to_owned())),
        ("rule", expect.rule.clone(), Some(decision.rule())),
        ("pointer", expect.pointer.clone(), Some(decision.pointer())),
        ("message", expect.message.clone(), Some(decision.message())),
        ("approved_by", expect.approved_by.clone(), decision.approved_by().map(ToOwned::to_owned)),
        ("retry_after_ms", expect.retry_after_ms.map(|wait| wait.to_string()), retry_after),
    ];
    let differs = |(field, expected, found): (_, Option<String>, Option<String>)| {
        let expected = expected?;
        let found_text = found.as_deref().unwrap_or("nothing");
        (found.as_deref() != Some(expected.as_str())).then(|| Difference {
            field,
            expected: Some(printable::text(&expected)),
            found: printable::text(found_text),
        })
    };
    let mut differences: Vec<_> = fields.into_iter().filter_map(differs).collect();
    let named = differences.iter().any(|difference| difference.field == "code");
    if !differences.is_empty() && !named && expect.code.is_none() {
        // Why the decision is what it is says more than that it is another.
        differences.push(Difference {
            field: "code",
            expected: None,
            found: decision.code().name().to_owned(),
        });
    }
    differences
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use policy_core::{ExplainOptions, MemoryStore};
    use policy_json::Parsed;

    use super::*;

    /// Holds an explanation against what an engine decides in which nothing has been counted yet. How many steps it was.
    fn explained(case: &Case<'_>) -> usize {
        let (Ok(loaded), Expected::Steps(steps)) =
            (policy_file::load("case", case.policy.bytes()), &case.expected)
        else {
            return 0;
        };
        for step in steps {
            let engine = Engine::builder(loaded.policies.clone())
                .clock(ManualClock::new(step.at))
                .options(case.options)
                .store(MemoryStore::with_capacity(64))
                .catalogue(case.tools.as_ref().map(schemas).transpose().unwrap().unwrap_or_default())
                .build();
            let arguments = step.arguments.as_ref().map(|text| JsonText::new(text.bytes()));
            let explained = engine.explain(&step.identity, &step.tool, arguments, ExplainOptions::default());
            let decision = engine.evaluate(&step.identity, &step.tool, arguments);
            let ended = explained.ended_at();
            assert_eq!(explained.code, decision.code());
            assert_eq!(explained.message, decision.message());
            assert_eq!(ended.is_none(), decision.is_allowed());
            if let Some(ended) = ended {
                assert_eq!(ended.code, Some(decision.code()));
                assert_eq!((&ended.rule, &ended.pointer), (&decision.rule(), &decision.pointer()));
            }
        }
        steps.len()
    }

    #[test]
    fn every_step_of_every_case_is_explained_as_it_is_decided() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut steps = 0;
        for directory in ["cases", "../shared/cases"] {
            // Those beside the repository are not everywhere.
            let Ok(files) = std::fs::read_dir(root.join(directory)) else { continue };
            for file in files {
                let text = std::fs::read(file.unwrap().path()).unwrap();
                let parsed = Parsed::parse(&text, super::super::CAPS).unwrap();
                let cases = parsed.root().unwrap().elements();
                steps += cases.map(|json| explained(&Case::read(&parsed, json).unwrap())).sum::<usize>();
            }
        }
        assert!(steps > 500, "{steps}");
    }
}
