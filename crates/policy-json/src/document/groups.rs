//! Groups of conditions, and conditions.

use policy_core::arguments::Json;
use policy_core::{Condition, ConditionError, Group, Operator, Path, PathError};

use super::fields::{At, Reading};
use crate::diagnostic::DiagnosticCode;
use crate::text::to_value;

const GROUP_FIELDS: &[&str] = &["conditions", "on_deny", "mode", "description"];
const CONDITION_FIELDS: &[&str] = &["path", "op", "value"];

/// Operators of the format that come later.
const LATER_OPERATORS: &[&str] = &["starts_with", "ends_with", "path_within", "url_host_in", "cidr_in"];

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
                self.operand_fault(&at.name("value"), written, operator, &error);
                None
            }
        }
    }

    fn operand_fault(&mut self, at: &At<'_>, value: Json<'_>, operator: Operator, error: &ConditionError) {
        let operator = operator.name();
        match error {
            ConditionError::Pattern(problem) => {
                let message = format!("this is no pattern that `{operator}` can use: {problem}");
                let help = "patterns are matched in linear time: no look-around, no back-references; at most 1 MiB compiled";
                self.report(DiagnosticCode::InvalidPattern, at, value, message, Some(help.to_owned()));
            }
            ConditionError::Value { wanted, .. } => {
                let message = format!("`{operator}` wants {wanted}, found {}", self.found(value));
                self.report(DiagnosticCode::WrongType, at, value, message, None);
            }
            // Reported already, for the whole document.
            ConditionError::NameTwice => {}
            // The compiler cannot know that there are no others yet.
            other => self.report(DiagnosticCode::InvalidValue, at, value, other.to_string(), None),
        }
    }

    pub(super) fn path(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Path> {
        let text = self.text(at, value)?;
        let error = match Path::parse(text) {
            Ok(path) => return Some(path),
            Err(error) => error,
        };
        let code = match error {
            PathError::Unsupported => DiagnosticCode::NotSupported,
            _ => DiagnosticCode::InvalidPath,
        };
        let message = format!("{error}, found `{}`", text.escape_debug());
        let help = "`args.` and names joined by dots, such as `args.recipient.email`".to_owned();
        self.report(code, at, value, message, Some(help));
        None
    }

    fn operator(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Operator> {
        if let Some(name) = value.as_str().filter(|name| LATER_OPERATORS.contains(name)) {
            self.not_supported(at, value, &format!("the operator `{name}`"));
            return None;
        }
        let names = Operator::ALL.map(Operator::name);
        self.word(at, value, "operator", &names, Operator::from_name)
    }
}

/// Stands in for a path that is wrong while the rest of its condition is checked.
fn any_path() -> Option<Path> {
    Path::parse("args.x").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_that_come_later_are_none_that_are_here() {
        assert!(LATER_OPERATORS.iter().all(|name| Operator::from_name(name).is_none()));
    }
}
