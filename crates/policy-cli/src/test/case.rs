//! Reads a case: a policy, and either calls with what is expected of each, or a mistake that the policy is expected to
//! be refused for. Anything that is not part of a case is an error, so that nothing is expected in vain.

use policy_core::arguments::{Caps, Json};
use policy_core::{DecisionOptions, Identity, Timestamp, TypeMismatch};
use policy_json::Parsed;

use crate::object::{Object, Raw};
use crate::time;

const CASE_FIELDS: &[&str] =
    &["name", "policy", "policy_text", "tools", "options", "steps", "expect_load_error"];
const OPTION_FIELDS: &[&str] = &["type_mismatch", "max_depth", "max_bytes", "max_nodes"];
const STEP_FIELDS: &[&str] = &["at", "identity", "tool", "arguments", "arguments_text", "expect"];
const IDENTITY_FIELDS: &[&str] = &["grant", "server", "session", "claims"];
const EXPECT_FIELDS: &[&str] = &["effect", "code", "rule", "message", "pointer", "retry_after_ms"];
const LOAD_ERROR_FIELDS: &[&str] = &["pointer", "code"];

/// A case.
#[derive(Debug)]
pub(super) struct Case<'t> {
    pub(super) policy: Text<'t>,
    /// What the server lists, whose schemas arguments are held against.
    pub(super) tools: Option<Raw<'t>>,
    pub(super) options: DecisionOptions,
    pub(super) expected: Expected<'t>,
}

/// A JSON text in a case file.
#[derive(Debug)]
pub(super) enum Text<'t> {
    /// As part of the file.
    Part(Raw<'t>),
    /// As a string in it.
    Quoted(String),
}

impl Text<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Part(raw) => raw.text.as_bytes(),
            Self::Quoted(text) => text.as_bytes(),
        }
    }
}

/// What a case expects.
#[derive(Debug)]
pub(super) enum Expected<'t> {
    Steps(Vec<Step<'t>>),
    /// The policy is refused, for a mistake at this place and of this kind where they are given.
    LoadError {
        pointer: Option<String>,
        code: Option<String>,
    },
}

/// A call, and the decision that is expected.
#[derive(Debug)]
pub(super) struct Step<'t> {
    pub(super) at: Timestamp,
    pub(super) identity: Identity,
    pub(super) tool: String,
    pub(super) arguments: Option<Text<'t>>,
    pub(super) expect: Expect,
}

/// What is expected of a decision; what is not given is not looked at.
#[derive(Debug)]
pub(super) struct Expect {
    pub(super) effect: String,
    pub(super) code: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) message: Option<String>,
    pub(super) pointer: Option<String>,
    pub(super) retry_after_ms: Option<u64>,
}

impl<'t> Case<'t> {
    /// Reads a case, or says why it is none.
    pub(super) fn read(parsed: &Parsed<'t>, json: Json<'_>) -> Result<Self, String> {
        let case = Object::new(parsed, json, ("a case", ""), CASE_FIELDS)?;
        case.required("name", case.string("name")?)?;
        let policy = text(&case, "policy", "policy_text")?;
        let error = case.object("expect_load_error", "expect_load_error.", LOAD_ERROR_FIELDS)?;
        let expected = match (case.list("steps")?, error) {
            (Some(_), Some(_)) => Err("there are `steps` and `expect_load_error`; a case has one of them")?,
            (None, None) => Err("there are no `steps` and no `expect_load_error`, so nothing is expected")?,
            (None, Some(error)) => Expected::LoadError {
                pointer: error.string("pointer")?.map(str::to_owned),
                code: error.string("code")?.map(str::to_owned),
            },
            (Some(steps), None) if steps.is_empty() => Err("`steps` is empty, so nothing is expected")?,
            (Some(steps), None) => {
                let step = |(place, json): (usize, _)| {
                    let number = place.saturating_add(1);
                    Step::read(parsed, json).map_err(|error| format!("step {number}: {error}"))
                };
                Expected::Steps(steps.elements().enumerate().map(step).collect::<Result<_, _>>()?)
            }
        };
        Ok(Self {
            policy: case.required("policy", policy)?,
            tools: case.raw("tools"),
            options: options(&case)?,
            expected,
        })
    }
}

impl<'t> Step<'t> {
    fn read(parsed: &Parsed<'t>, json: Json<'_>) -> Result<Self, String> {
        let step = Object::new(parsed, json, ("a step", ""), STEP_FIELDS)?;
        let at = step.required("at", step.string("at")?)?;
        let identity = step.required("identity", step.object("identity", "identity.", IDENTITY_FIELDS)?)?;
        let expect = step.required("expect", step.object("expect", "expect.", EXPECT_FIELDS)?)?;
        let owned = |name| Ok::<_, String>(expect.string(name)?.map(str::to_owned));
        Ok(Self {
            at: time::parse(at).map_err(|error| format!("`at` {error}"))?,
            identity: identity.identity()?,
            tool: step.required("tool", step.string("tool")?)?.to_owned(),
            arguments: text(&step, "arguments", "arguments_text")?,
            expect: Expect {
                effect: expect.required("effect", owned("effect")?)?,
                code: owned("code")?,
                rule: owned("rule")?,
                message: owned("message")?,
                pointer: owned("pointer")?,
                retry_after_ms: expect.whole_number("retry_after_ms")?,
            },
        })
    }
}

/// A JSON text that is given as it is in one field, or as a string in the other.
fn text<'t>(object: &Object<'_, 't>, part: &str, quoted: &str) -> Result<Option<Text<'t>>, String> {
    match (object.raw(part), object.string(quoted)?) {
        (Some(_), Some(_)) => Err(format!("there are `{part}` and `{quoted}`; one of them is enough")),
        (Some(raw), None) => Ok(Some(Text::Part(raw))),
        (None, quoted) => Ok(quoted.map(|text| Text::Quoted(text.to_owned()))),
    }
}

fn options(case: &Object<'_, '_>) -> Result<DecisionOptions, String> {
    let mut options = DecisionOptions::default();
    let Some(given) = case.object("options", "options.", OPTION_FIELDS)? else { return Ok(options) };
    options.type_mismatch = match given.string("type_mismatch")? {
        None | Some("deny") => TypeMismatch::Deny,
        Some("ignore") => TypeMismatch::Ignore,
        Some(_) => Err("`options.type_mismatch` must be `deny` or `ignore`")?,
    };
    let cap = |name, unless: usize| {
        let given = given.whole_number(name)?;
        Ok::<_, String>(given.map_or(unless, |cap| usize::try_from(cap).unwrap_or(usize::MAX)))
    };
    let Caps { depth, bytes, nodes } = options.caps;
    options.caps = Caps {
        depth: cap("max_depth", depth)?,
        bytes: cap("max_bytes", bytes)?,
        nodes: cap("max_nodes", nodes)?,
    };
    Ok(options)
}
