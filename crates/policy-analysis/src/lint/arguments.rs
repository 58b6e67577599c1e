//! Conditions and costs, and what the server's input schemas say of the arguments that they look at.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use policy_core::{DefaultEffect, Outcome, Path, Policy, Schema, Tool, Value};
use policy_json::{Part, ToolCatalogue};

use super::code::{LintCode, Severity};
use super::finding::{Findings, shown, tool_pointer};
use super::groups::is_asked_for;
use super::permits::{ABSENT, ARRAY, NUMBER, STRING};
use super::rules::{ConditionAt, GroupAt, Groups, List, Reach, arguments, names};
use super::schema::{Argument, Facts, Presence, Schemas};
use crate::nearest::nearest;
use crate::values::as_arguments;

pub(super) fn check(
    policy: &Policy,
    catalogue: Option<&ToolCatalogue>,
    reach: &Reach<'_>,
    findings: &mut Findings,
) {
    for (name, tool) in policy.tools.iter().filter(|(name, tool)| reach.comes_to_rules(name, tool)) {
        let listed = catalogue.and_then(|catalogue| catalogue.tool(name)?.input_schema.as_ref());
        let own = tool.schema.as_ref().map(Schema::document);
        let schemas: Vec<_> = listed.into_iter().chain(own).map(Schemas::new).collect();
        if !schemas.is_empty() {
            Checker { name, tool, schemas, known: HashMap::new() }.check(findings);
        }
    }
    if let Some(catalogue) = catalogue.filter(|_| !reach.hides_all) {
        all_tools(policy, catalogue, reach, findings);
    }
}

/// Groups of `all_tools` judge the calls of every tool, and tools have different arguments.
fn all_tools(policy: &Policy, catalogue: &ToolCatalogue, reach: &Reach<'_>, findings: &mut Findings) {
    let comes = |name: &str| match policy.tools.get(name) {
        Some(tool) => reach.comes_to_rules(name, tool),
        None => reach.default == DefaultEffect::Allow && !reach.is_hidden(name),
    };
    let callable: Vec<(&str, Option<Schemas<'_>>)> = catalogue
        .tools()
        .filter(|listed| comes(&listed.name))
        .map(|listed| (&*listed.name, listed.input_schema.as_ref().map(Schemas::new)))
        .collect();
    for condition in Groups::of_all(policy).iter().flat_map(GroupAt::conditions) {
        let lacks = |schemas: &Option<Schemas<'_>>| {
            let argument = schemas.map(|schemas| schemas.argument(condition.condition.path()));
            matches!(argument, Some(Argument::Never { .. }))
        };
        let lacking: Vec<&str> =
            callable.iter().filter(|(_, schemas)| lacks(schemas)).map(|(name, _)| *name).collect();
        let path = shown(condition.path());
        let asked_of_each = condition.at.list == List::Require && !condition.is_exists(false);
        let message = if asked_of_each && !lacking.is_empty() {
            format!("every call of {} is denied: their input schemas have no `{path}`", some(&lacking))
        } else if !lacking.is_empty() && lacking.len() == callable.len() {
            format!("no tool that can be called has an argument `{path}`, by their input schemas")
        } else {
            continue;
        };
        let help = "write the rule under the tools that have the argument".to_owned();
        findings.add(LintCode::UnknownArgument, condition.field("path"), message, help);
    }
}

/// One tool, and what its schema says of the paths that its rules look at.
struct Checker<'p> {
    name: &'p str,
    tool: &'p Tool,
    /// The server's, and the policy's own: both must be satisfied.
    schemas: Vec<Schemas<'p>>,
    /// What each of them says of a path.
    known: HashMap<&'p str, Vec<Argument<'p>>>,
}

impl<'p> Checker<'p> {
    fn check(mut self, findings: &mut Findings) {
        for at in Groups::of_tool(self.name, self.tool).iter() {
            let mut optional = HashSet::new();
            for condition in at.conditions() {
                self.look_up(condition.condition.path());
                let known = self.known.get(condition.path()).map(Vec::as_slice).unwrap_or_default();
                // Each schema by itself, up to the first that has something against it.
                let sound = known.iter().all(|argument| match argument {
                    Argument::Known(facts) => {
                        fits(&condition, facts, findings) && value_fits(&condition, facts, findings)
                    }
                    missing => !unknown(missing, condition.field("path"), condition.path(), findings),
                });
                if sound && at.list != List::Require && optional.insert(condition.path()) {
                    self.may_be_left_out(&condition, known, findings);
                }
            }
        }
        // The short dialect's limit has no cost of its own.
        for (place, limit) in self.tool.limits.iter().enumerate() {
            let Some(path) = &limit.increment_from else { continue };
            self.look_up(path);
            let pointer = format!("{}/limits/{place}/increment_from", tool_pointer(self.name));
            self.cost(path.text(), pointer, findings);
        }
    }

    fn look_up(&mut self, path: &'p Path) {
        let schemas = &self.schemas;
        let said = || schemas.iter().map(|schemas| schemas.argument(path)).collect();
        self.known.entry(path.text()).or_insert_with(said);
    }

    /// `deny_if` on an argument that a call may leave out: the call passes, and the server does what it does without.
    fn may_be_left_out(&self, at: &ConditionAt<'_>, known: &[Argument<'_>], findings: &mut Findings) {
        let path = at.path();
        let says_so = at.at.conditions().any(|other| other.path() == path && other.op() == "exists");
        if says_so || is_asked_for(Groups::of_tool(self.name, self.tool), path) {
            return;
        }
        let facts = || known.iter().filter_map(Argument::facts);
        let presence = facts().map(|facts| facts.presence).max().unwrap_or(Presence::Unclear);
        let null_is_a_value = matches!(at.op(), "eq" | "neq" | "in" | "not_in");
        let shown = shown(path);
        let message = match presence {
            Presence::Optional => match facts().find_map(Facts::default) {
                // What the server takes instead would not be denied either.
                Some(default) if !may_hold(at, default) => return,
                Some(_) => format!(
                    "`{shown}` may be left out, and then this denies nothing: the server takes a default that it would deny"
                ),
                None => format!("`{shown}` may be left out, and then this denies nothing"),
            },
            Presence::Required if !null_is_a_value && facts().all(|facts| facts.may_be(ABSENT)) => {
                format!("`{shown}` may be null, and then this denies nothing")
            }
            _ => return,
        };
        let help = format!(
            "require that it is there (`{{\"path\": \"{shown}\", \"op\": \"exists\", \"value\": true}}` under `require`), \
             or add that condition here to say that a call without it may pass"
        );
        findings.add(LintCode::OptionalArgument, at.field("path"), message, help);
    }

    fn cost(&self, path: &str, pointer: String, findings: &mut Findings) {
        let known = self.known.get(path).map(Vec::as_slice).unwrap_or_default();
        let mut presence = None;
        for argument in known {
            let Argument::Known(facts) = argument else {
                if unknown(argument, pointer.clone(), path, findings) {
                    return;
                }
                continue;
            };
            if !facts.may_be(NUMBER) {
                let (path, is) = (shown(path), facts.type_names());
                let message = format!("a cost is a number, and `{path}` is {is}: every call is denied");
                let help = "take the cost from an argument that is a number".to_owned();
                return findings.add(LintCode::TypeNeverFits, pointer, message, help);
            }
            presence = presence.max(Some(facts.presence));
        }
        let asked_for = is_asked_for(Groups::of_tool(self.name, self.tool), path);
        if presence == Some(Presence::Optional) && !asked_for {
            let message = format!("a call without `{}` is denied, since it has no cost", shown(path));
            let help =
                "require that it is there, with an `on_deny` that says so: the agent then knows what to add";
            findings.add(LintCode::OptionalCost, pointer, message, help.to_owned());
        }
    }
}

/// Whether the argument is none that there is, and said to be.
fn unknown(argument: &Argument<'_>, pointer: String, path: &str, findings: &mut Findings) -> bool {
    let code = LintCode::UnknownArgument;
    let path = shown(path);
    match argument {
        Argument::Never { name, known } => {
            let message =
                format!("the tool has no argument `{path}`: its schema rules `{}` out", shown(name));
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => Some(format!("did you mean `{}`?", shown(near))),
                None if known.is_empty() => None,
                None => Some(format!("there are {}", some(known))),
            };
            findings.add(code, pointer, message, help);
            true
        }
        // Where more is permitted than is described, only a name that is nearly one that is described is worth a word.
        Argument::Undescribed { name, known } => {
            if let Some(near) = nearest(name, known.iter().copied()) {
                let message = format!(
                    "the tool's schema does not describe `{path}`, though it permits more than it describes"
                );
                let help = Some(format!("did you mean `{}`?", shown(near)));
                findings.add_as(code, Severity::Note, (pointer, Part::Value), message, help);
                return true;
            }
            false
        }
        Argument::Unclear | Argument::Known(_) => false,
    }
}

/// The types that an operator can judge; `None` for those that judge every one.
fn judged(at: &ConditionAt<'_>) -> Option<(u8, &'static str)> {
    match (at.op(), at.condition.value()) {
        ("lt" | "lte" | "gt" | "gte", _) => Some((NUMBER, "a number")),
        ("regex" | "starts_with" | "ends_with" | "path_within" | "url_host_in" | "cidr_in", _) => {
            Some((STRING, "a string"))
        }
        ("contains", Value::String(_)) => Some((STRING | ARRAY, "a string or an array")),
        ("contains", _) => Some((ARRAY, "an array")),
        _ => None,
    }
}

/// Whether the operator can judge the argument at all.
fn fits(at: &ConditionAt<'_>, facts: &Facts<'_>, findings: &mut Findings) -> bool {
    let Some((types, wanted)) = judged(at) else { return true };
    if facts.may_be(types) {
        return true;
    }
    let (op, path, is) = (at.op(), shown(at.path()), facts.type_names());
    let message = format!("`{op}` judges {wanted}, and `{path}` is {is}: every call that has it is denied");
    let help = "use an operator for that type".to_owned();
    findings.add(LintCode::TypeNeverFits, at.field("op"), message, help);
    false
}

/// Whether the condition's value is one that the argument can have to do with.
fn value_fits(at: &ConditionAt<'_>, facts: &Facts<'_>, findings: &mut Findings) -> bool {
    let path = shown(at.path());
    match (at.op(), at.condition.value()) {
        ("eq" | "neq", value) => one_value(at, facts, value, at.field("value"), findings),
        ("in" | "not_in", Value::Array(elements)) => {
            let mut sound = true;
            for (place, element) in elements.iter().enumerate() {
                sound &= one_value(at, facts, element, format!("{}/{place}", at.field("value")), findings);
            }
            sound
        }
        ("contains", element) => {
            let is_part = facts.may_be(STRING) && matches!(element, Value::String(_));
            if is_part || facts.may_have_element(element) {
                return true;
            }
            let message = format!("`{path}` never has this element, by the tool's schema");
            findings.add(LintCode::ValueOutsideSchema, at.field("value"), message, None);
            false
        }
        (op, Value::Number(number)) => {
            let wanted: &[Ordering] = match op {
                "lt" => &[Ordering::Less],
                "lte" => &[Ordering::Less, Ordering::Equal],
                "gt" => &[Ordering::Greater],
                "gte" => &[Ordering::Greater, Ordering::Equal],
                _ => return true,
            };
            if facts.may_compare(number.text(), wanted) {
                return true;
            }
            let message = format!("`{path}` is never `{op}` this number, by the bounds in the tool's schema");
            let help = "compare with a number within the bounds".to_owned();
            findings.add(LintCode::ValueOutsideSchema, at.field("value"), message, help);
            false
        }
        _ => true,
    }
}

fn one_value(
    at: &ConditionAt<'_>,
    facts: &Facts<'_>,
    value: &Value,
    pointer: String,
    findings: &mut Findings,
) -> bool {
    if facts.may_equal(value) {
        return true;
    }
    let message = format!("`{}` is never this value, by the tool's schema", shown(at.path()));
    let help = match (facts.few_values(), value) {
        (Some(few), Value::String(text)) => match nearest(text, few.iter().copied()) {
            Some(near) => format!("did you mean `{}`?", shown(near)),
            None => format!("it is one of {}", some(&few)),
        },
        _ => format!("it is {}", facts.type_names()),
    };
    findings.add(LintCode::ValueOutsideSchema, pointer, message, help);
    false
}

/// The first few of some names.
fn some(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(8).map(|name| format!("`{}`", shown(name))).collect();
    let more = if names.len() > 8 { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// Whether the condition would hold, or mismatch, for this value.
fn may_hold(at: &ConditionAt<'_>, value: &Value) -> bool {
    let judged = names(at.condition.path()).and_then(|names| {
        as_arguments(&arguments(&names, value.clone()), |root| {
            at.condition.judge(root, at.at.list.sense()) != Outcome::False
        })
    });
    judged.unwrap_or(true)
}
