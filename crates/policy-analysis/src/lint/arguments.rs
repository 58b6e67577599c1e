//! Conditions and costs, and what the server's input schemas say of the arguments that they look at.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use policy_core::{DefaultEffect, Outcome, Policy, Tool, Value};
use policy_json::{Part, ToolCatalogue};

use super::code::{LintCode, Severity};
use super::finding::{Findings, shown};
use super::groups::is_asked_for;
use super::rules::{ConditionAt, GroupAt, Groups, List, Reach, arguments, limits, names};
use super::schema::{ABSENT, ARRAY, Argument, Facts, NUMBER, Presence, STRING, Schemas};
use crate::nearest::nearest;
use crate::values::as_arguments;

pub(super) fn check(policy: &Policy, catalogue: &ToolCatalogue, reach: &Reach<'_>, findings: &mut Findings) {
    for (name, tool) in policy.tools.iter().filter(|(name, tool)| reach.comes_to_rules(name, tool)) {
        let listed = catalogue.tool(name);
        let Some(schema) = listed.and_then(|listed| listed.input_schema.as_ref()) else { continue };
        Checker { name, tool, schemas: Schemas::new(schema), known: HashMap::new() }.check(findings);
    }
    if !reach.hides_all {
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
        let Some(names) = names(condition.path()) else { continue };
        let lacks = |schemas: &Option<Schemas<'_>>| {
            schemas.is_some_and(|schemas| matches!(schemas.argument(&names), Argument::Never { .. }))
        };
        let lacking: Vec<&str> =
            callable.iter().filter(|(_, schemas)| lacks(schemas)).map(|(name, _)| *name).collect();
        let path = shown(condition.path());
        let asked_of_each = condition.at.list == List::Require && !condition.is_exists(false);
        let message = if asked_of_each && !lacking.is_empty() {
            let some: Vec<String> = lacking.iter().take(5).map(|name| format!("`{}`", shown(name))).collect();
            let more = if lacking.len() > 5 { ", ..." } else { "" };
            format!("every call of {}{more} is denied: their input schemas have no `{path}`", some.join(", "))
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
    schemas: Schemas<'p>,
    known: HashMap<&'p str, Argument<'p>>,
}

impl<'p> Checker<'p> {
    fn check(mut self, findings: &mut Findings) {
        for at in Groups::of_tool(self.name, self.tool).iter() {
            let mut optional = HashSet::new();
            for condition in at.conditions() {
                self.look_up(condition.path());
                match self.known.get(condition.path()) {
                    None | Some(Argument::Unclear) => {}
                    Some(Argument::Known(facts)) => {
                        if fits(&condition, facts, findings) {
                            value_fits(&condition, facts, findings);
                        }
                        if at.list != List::Require && optional.insert(condition.path()) {
                            self.may_be_left_out(&condition, facts, findings);
                        }
                    }
                    Some(missing) => unknown(missing, condition.field("path"), condition.path(), findings),
                }
            }
        }
        for at in limits(self.name, self.tool) {
            let pointer = format!("{}/increment_from", at.pointer());
            let Some(path) = &at.limit.increment_from else { continue };
            self.cost(path.text(), pointer, findings);
        }
    }

    fn look_up(&mut self, path: &'p str) {
        if !self.known.contains_key(path) {
            let argument = match names(path) {
                Some(names) => self.schemas.argument(&names),
                None => Argument::Unclear,
            };
            self.known.insert(path, argument);
        }
    }

    /// `deny_if` on an argument that a call may leave out: the call passes, and the server does what it does without.
    fn may_be_left_out(&self, at: &ConditionAt<'_>, facts: &Facts<'_>, findings: &mut Findings) {
        let path = at.path();
        let says_so = at.at.conditions().any(|other| other.path() == path && other.op() == "exists");
        if says_so || is_asked_for(Groups::of_tool(self.name, self.tool), path) {
            return;
        }
        let null_is_a_value = matches!(at.op(), "eq" | "neq" | "in" | "not_in");
        let shown = shown(path);
        let message = match facts.presence {
            Presence::Optional => match facts.default() {
                // What the server takes instead would not be denied either.
                Some(default) if !may_hold(at, default) => return,
                Some(_) => format!(
                    "`{shown}` may be left out, and then this denies nothing: the server takes a default that it would deny"
                ),
                None => format!("`{shown}` may be left out, and then this denies nothing"),
            },
            Presence::Required if !null_is_a_value && facts.may_be(ABSENT) => {
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
        let Some(names) = names(path) else { return };
        match self.schemas.argument(&names) {
            Argument::Unclear => {}
            Argument::Known(facts) => {
                if !facts.may_be(NUMBER) {
                    let message = format!(
                        "a cost is a number, and `{}` is {}: every call is denied",
                        shown(path),
                        facts.type_names()
                    );
                    let help = "take the cost from an argument that is a number".to_owned();
                    findings.add(LintCode::TypeNeverFits, pointer, message, help);
                } else if facts.presence == Presence::Optional
                    && !is_asked_for(Groups::of_tool(self.name, self.tool), path)
                {
                    let message = format!("a call without `{}` is denied, since it has no cost", shown(path));
                    let help = "require that it is there, with an `on_deny` that says so: the agent then knows what to add";
                    findings.add(LintCode::OptionalCost, pointer, message, help.to_owned());
                }
            }
            missing => unknown(&missing, pointer, path, findings),
        }
    }
}

fn unknown(argument: &Argument<'_>, pointer: String, path: &str, findings: &mut Findings) {
    let code = LintCode::UnknownArgument;
    let path = shown(path);
    match argument {
        Argument::Never { name, known } => {
            let message =
                format!("the tool has no argument `{path}`: its input schema rules `{}` out", shown(name));
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => Some(format!("did you mean `{}`?", shown(near))),
                None if known.is_empty() => None,
                None => {
                    let some: Vec<String> =
                        known.iter().take(8).map(|name| format!("`{}`", shown(name))).collect();
                    let more = if known.len() > 8 { ", ..." } else { "" };
                    Some(format!("there are {}{more}", some.join(", ")))
                }
            };
            findings.add(code, pointer, message, help);
        }
        // Where more is permitted than is described, only a name that is nearly one that is described is worth a word.
        Argument::Undescribed { name, known } => {
            if let Some(near) = nearest(name, known.iter().copied()) {
                let message = format!(
                    "the tool's input schema does not describe `{path}`, though it permits more than it describes"
                );
                let help = Some(format!("did you mean `{}`?", shown(near)));
                findings.add_as(code, Severity::Note, (pointer, Part::Value), message, help);
            }
        }
        Argument::Unclear | Argument::Known(_) => {}
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
fn value_fits(at: &ConditionAt<'_>, facts: &Facts<'_>, findings: &mut Findings) {
    let value = at.condition.value();
    match (at.op(), value) {
        ("eq" | "neq", _) => one_value(at, facts, value, at.field("value"), findings),
        ("in" | "not_in", Value::Array(elements)) => {
            for (place, element) in elements.iter().enumerate() {
                one_value(at, facts, element, format!("{}/{place}", at.field("value")), findings);
            }
        }
        ("contains", element) => {
            let is_part = facts.may_be(STRING) && matches!(element, Value::String(_));
            if !is_part && !facts.may_have_element(element) {
                let message =
                    format!("`{}` never has this element, by the tool's input schema", shown(at.path()));
                findings.add(LintCode::ValueOutsideSchema, at.field("value"), message, None);
            }
        }
        (op, Value::Number(number)) => {
            let wanted: &[Ordering] = match op {
                "lt" => &[Ordering::Less],
                "lte" => &[Ordering::Less, Ordering::Equal],
                "gt" => &[Ordering::Greater],
                "gte" => &[Ordering::Greater, Ordering::Equal],
                _ => return,
            };
            if !facts.may_compare(number.text(), wanted) {
                let message = format!(
                    "`{}` is never `{op}` this number, by the bounds in the tool's input schema",
                    shown(at.path())
                );
                let help = "compare with a number within the bounds".to_owned();
                findings.add(LintCode::ValueOutsideSchema, at.field("value"), message, help);
            }
        }
        _ => {}
    }
}

fn one_value(
    at: &ConditionAt<'_>,
    facts: &Facts<'_>,
    value: &Value,
    pointer: String,
    findings: &mut Findings,
) {
    if facts.may_equal(value) {
        return;
    }
    let message = format!("`{}` is never this value, by the tool's input schema", shown(at.path()));
    let few = facts.few_values();
    let help = match (few, value) {
        (Some(few), Value::String(text)) => match nearest(text, few.iter().copied()) {
            Some(near) => Some(format!("did you mean `{}`?", shown(near))),
            None => {
                let some: Vec<String> =
                    few.iter().take(8).map(|value| format!("`{}`", shown(value))).collect();
                let more = if few.len() > 8 { ", ..." } else { "" };
                Some(format!("it is one of {}{more}", some.join(", ")))
            }
        },
        _ => Some(format!("it is {}", facts.type_names())),
    };
    findings.add(LintCode::ValueOutsideSchema, pointer, message, help);
}

/// Whether the condition would hold, or mismatch, for this value.
fn may_hold(at: &ConditionAt<'_>, value: &Value) -> bool {
    let judged = names(at.path()).and_then(|names| {
        as_arguments(&arguments(&names, value.clone()), |root| at.condition.judge(root) != Outcome::False)
    });
    judged.unwrap_or(true)
}
