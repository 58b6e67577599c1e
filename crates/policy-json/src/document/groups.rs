//! Groups of conditions, and conditions.

use policy_core::arguments::Json;
use policy_core::{Condition, ConditionError, Group, Operator, Path};

use super::fields::{At, Reading};
use crate::diagnostic::DiagnosticCode;
use crate::text::to_value;

const GROUP_FIELDS: &[&str] = &["conditions", "on_deny", "mode", "description"];
const CONDITION_FIELDS: &[&str] = &["path", "op", "value"];

impl Reading<'_> {
    pub(super) fn groups(&mut self, at: &At<'_>, value: Json<'_>) -> Vec<Group> {
        self.list(at, value, "a list of groups, each with `conditions`", |this, at, value| {
            Some(this.group(at, value))
        })
    }

    fn group(&mut self, at: &At<'_>, value: Json<'_>) -> Group {
        let mut group = Group::default();
        let is_object = self.fields(at, value, "a group", GROUP_FIELDS, |this, at, name, value| {
            match name {
                "conditions" => {
                    group.conditions = this
                        .list(at, value, "a list of conditions", |this, at, value| this.condition(at, value));
                }
                "on_deny" => group.on_deny = this.text(at, value).map(Into::into),
                "mode" => group.mode = this.mode(at, value),
                "description" => group.description = this.text(at, value).map(Into::into),
                _ => return false,
            }
            true
        });
        if is_object && value.get("conditions").is_none() {
            self.missing(at, value, "conditions", "an empty list, `[]`, holds always");
        }
        group
    }

    fn condition(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Condition> {
        let (mut path, mut operator, mut operand) = (None, None, None);
        let is_object = self.fields(at, value, "a condition", CONDITION_FIELDS, |this, at, name, value| {
            match name {
                "path" => path = this.path(at, value),
                "op" => operator = this.operator(at, value),
                "value" => operand = to_value(value).map(|operand| (operand, value)),
                _ => return false,
            }
            true
        });
        if !is_object {
            return None;
        }
        for (field, help) in [
            ("path", "where to look, such as `\"path\": \"args.amount\"`"),
            ("op", "how to judge, such as `\"op\": \"lte\"`"),
            ("value", "what to compare with, such as `\"value\": 100`"),
        ] {
            if value.get(field).is_none() {
                self.missing(at, value, field, help);
            }
        }
        // A value is checked against its operator even where the path is wrong: all mistakes at once.
        let (operator, (operand, written)) = (operator?, operand?);
        let judged = path.clone().map_or_else(any_path, Some)?;
        match Condition::new(judged, operator, operand) {
            Ok(condition) => path.map(|_| condition),
            Err(error) => {
                let at_operator = value.get("op").unwrap_or(value);
                self.operand_fault(at, (at_operator, written), operator, &error);
                None
            }
        }
    }

    /// Why the value of a condition, the second of what is written, does not go with its operator, the first.
    fn operand_fault(
        &mut self,
        at: &At<'_>,
        (op, value): (Json<'_>, Json<'_>),
        operator: Operator,
        error: &ConditionError,
    ) {
        let operator = operator.name();
        let at_value = &at.name("value");
        match error {
            ConditionError::Pattern(problem) => {
                let message = format!("this is no pattern that `{operator}` can use: {problem}");
                let help = "patterns are matched in linear time: no look-around, no back-references; at most 1 MiB compiled";
                self.report(DiagnosticCode::InvalidPattern, at_value, value, message, Some(help.to_owned()));
            }
            ConditionError::Value { wanted, .. } => {
                let message = format!("`{operator}` wants {wanted}, found {}", self.found(value));
                self.report(DiagnosticCode::WrongType, at_value, value, message, None);
            }
            ConditionError::Elements(faults) => {
                for fault in faults {
                    let Some(element) = value.elements().nth(fault.place) else { continue };
                    let at = at_value.place(fault.place);
                    if fault.is_type {
                        let message = format!("an element of `{operator}` {}", fault.problem);
                        self.report(DiagnosticCode::WrongType, &at, element, message, None);
                    } else {
                        let message = format!("{} {}", self.found(element), fault.problem);
                        self.report(DiagnosticCode::InvalidValue, &at, element, message, None);
                    }
                }
            }
            ConditionError::NotBuilt { feature } => {
                let message = format!(
                    "the operator `{operator}` is not part of this build: it was built without `{feature}`"
                );
                let help =
                    format!("build `policy-json` with its feature `{feature}`, which is on by default");
                self.report(DiagnosticCode::NotSupported, &at.name("op"), op, message, Some(help));
            }
            // Reported already, for the whole document.
            ConditionError::NameTwice => {}
            // The compiler cannot know that there are no others yet.
            other => self.report(DiagnosticCode::InvalidValue, at_value, value, other.to_string(), None),
        }
    }

    pub(super) fn path(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Path> {
        let text = self.text(at, value)?;
        let error = match Path::parse(text) {
            Ok(path) => return Some(path),
            Err(error) => error,
        };
        let message = format!("{error}, found `{}`", text.escape_debug());
        let help = "such as `args.recipient.email`, `args.items[0]`, `args.items[*].price`, `args[\"a.b\"]`"
            .to_owned();
        self.report(DiagnosticCode::InvalidPath, at, value, message, Some(help));
        None
    }

    fn operator(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Operator> {
        let names = Operator::ALL.map(Operator::name);
        self.word(at, value, "operator", &names, Operator::from_name)
    }
}

/// Stands in for a path that is wrong while the rest of its condition is checked.
fn any_path() -> Option<Path> {
    Path::parse("args.x").ok()
}
