//! From a parsed document to a policy: the document itself, `all_tools` and tools. Groups and limits have files of their
//! own. Reads everything there is to read, so that all mistakes are found at once.

pub(crate) mod fields;
mod groups;
mod limits;
mod schema;

pub(crate) use self::schema::find;

use std::collections::{BTreeMap, HashSet};

use policy_core::arguments::Json;
use policy_core::{Action, AllTools, DefaultEffect, Mode, Policy, Tool};

use self::fields::{At, Reading};
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::text::Parsed;

const DOCUMENT_FIELDS: &[&str] =
    &["version", "default", "hide", "all_tools", "tools", "description", "$schema"];
const ALL_TOOLS_FIELDS: &[&str] = &["require", "deny_if", "approve_if", "limits", "description"];
const TOOL_FIELDS: &[&str] = &[
    "require",
    "deny_if",
    "approve_if",
    "schema",
    "limits",
    "action",
    "reason",
    "rate_limit",
    "description",
];

/// Reads a document. The policy means something only where nothing was found wrong.
pub(crate) fn read(id: &str, parsed: &Parsed<'_>) -> (Policy, Vec<Diagnostic>) {
    let mut reading = Reading::new(parsed);
    let mut policy = Policy::new(id, DefaultEffect::Deny);
    if let Some(root) = parsed.root() {
        report_duplicates(&mut reading, root, parsed);
        reading.policy(root, &mut policy);
    }
    (policy, reading.diagnostics)
}

/// Names that stand twice in an object, anywhere in the document.
pub(crate) fn report_duplicates(reading: &mut Reading<'_>, root: Json<'_>, parsed: &Parsed<'_>) {
    let duplicates: HashSet<usize> = parsed.duplicates().map(|name| name.offset()).collect();
    if !duplicates.is_empty() {
        find_duplicates(reading, &At::ROOT, root, &duplicates);
    }
}

fn find_duplicates(reading: &mut Reading<'_>, at: &At<'_>, value: Json<'_>, duplicates: &HashSet<usize>) {
    for (name, value) in value.members() {
        let text = name.as_str().unwrap_or_default();
        let at = at.name(text);
        if duplicates.contains(&name.offset()) {
            let message = format!("the name `{}` stands in this object already", text.escape_debug());
            let help = "names are compared after unescaping; keep one of them".to_owned();
            reading.report(DiagnosticCode::DuplicateKey, &at, name, message, Some(help));
        }
        find_duplicates(reading, &at, value, duplicates);
    }
    for (place, element) in value.elements().enumerate() {
        find_duplicates(reading, &at.place(place), element, duplicates);
    }
}

impl Reading<'_> {
    fn policy(&mut self, root: Json<'_>, policy: &mut Policy) {
        let at = At::ROOT;
        let is_object = self.fields(&at, root, "a policy", DOCUMENT_FIELDS, |this, at, name, value| {
            match name {
                "version" => this.version(at, value),
                "default" => {
                    if let Some(default) = this.default_effect(at, value) {
                        policy.default = default;
                    }
                }
                "hide" => policy.hide = this.hide(at, value),
                "all_tools" => policy.all_tools = this.all_tools(at, value),
                "tools" => policy.tools = this.tools(at, value),
                "description" => policy.description = this.text(at, value).map(Into::into),
                "$schema" => policy.schema_uri = this.text(at, value).map(Into::into),
                _ => return false,
            }
            true
        });
        if is_object {
            if root.get("version").is_none() {
                self.missing(&at, root, "version", "add `\"version\": \"1\"`");
            }
            if root.get("default").is_none() {
                let help = "add `\"default\": \"deny\"` or `\"default\": \"allow\"`: it is never implied";
                self.missing(&at, root, "default", help);
            }
        }
    }

    fn version(&mut self, at: &At<'_>, value: Json<'_>) {
        match value.as_str() {
            Some("1") => {}
            Some(_) => self.unknown_value(at, value, "version", &["1"]),
            None => self.wrong_type(at, value, "the string `\"1\"`"),
        }
    }

    fn default_effect(&mut self, at: &At<'_>, value: Json<'_>) -> Option<DefaultEffect> {
        self.word(at, value, "default", &["allow", "deny"], |word| match word {
            "allow" => Some(DefaultEffect::Allow),
            "deny" => Some(DefaultEffect::Deny),
            _ => None,
        })
    }

    fn hide(&mut self, at: &At<'_>, value: Json<'_>) -> Vec<Box<str>> {
        let mut hidden = HashSet::new();
        self.list(at, value, "a list of tool names", |this, at, element| {
            let name = this.text(at, element)?;
            if name.is_empty() {
                let help = Some("a tool's name, or `*` for all tools".to_owned());
                this.report(DiagnosticCode::InvalidValue, at, element, "an empty name hides nothing", help);
            } else if !hidden.insert(name) {
                let message = format!("`{}` is hidden already", name.escape_debug());
                this.report(DiagnosticCode::DuplicateName, at, element, message, None);
            }
            Some(name.into())
        })
    }

    fn all_tools(&mut self, at: &At<'_>, value: Json<'_>) -> AllTools {
        let mut all_tools = AllTools::default();
        self.fields(at, value, "`all_tools`", ALL_TOOLS_FIELDS, |this, at, name, value| {
            match name {
                "require" => all_tools.require = this.groups(at, value),
                "deny_if" => all_tools.deny_if = this.groups(at, value),
                "approve_if" => all_tools.approve_if = this.groups(at, value),
                "limits" => all_tools.limits = this.limits(at, value),
                "description" => all_tools.description = this.text(at, value).map(Into::into),
                _ => return false,
            }
            true
        });
        all_tools
    }

    fn tools(&mut self, at: &At<'_>, value: Json<'_>) -> BTreeMap<Box<str>, Tool> {
        let mut tools = BTreeMap::new();
        // Every name is one that a tool could have.
        self.fields(at, value, "the rules of each tool, by its name", &[], |this, at, name, value| {
            tools.insert(name.into(), this.tool(at, value));
            true
        });
        tools
    }

    fn tool(&mut self, at: &At<'_>, value: Json<'_>) -> Tool {
        let mut tool = Tool::default();
        self.fields(at, value, "a tool", TOOL_FIELDS, |this, at, name, value| {
            match name {
                "require" => tool.require = this.groups(at, value),
                "deny_if" => tool.deny_if = this.groups(at, value),
                "approve_if" => tool.approve_if = this.groups(at, value),
                "limits" => tool.limits = this.limits(at, value),
                "rate_limit" => tool.rate_limit = this.rate_limit(at, value),
                "action" => {
                    if let Some(action) = this.action(at, value) {
                        tool.action = action;
                    }
                }
                "reason" => tool.reason = this.text(at, value).map(Into::into),
                "description" => tool.description = this.text(at, value).map(Into::into),
                "schema" => tool.schema = this.schema(at, value),
                _ => return false,
            }
            true
        });
        tool
    }

    fn action(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Action> {
        self.word(at, value, "action", &["allow", "deny", "require_approval"], |word| match word {
            "allow" => Some(Action::Allow),
            "deny" => Some(Action::Deny),
            "require_approval" => Some(Action::RequireApproval),
            _ => None,
        })
    }

    fn mode(&mut self, at: &At<'_>, value: Json<'_>) -> Mode {
        let mode = self.word(at, value, "mode", &["enforce", "shadow"], |word| match word {
            "enforce" => Some(Mode::Enforce),
            "shadow" => Some(Mode::Shadow),
            _ => None,
        });
        mode.unwrap_or_default()
    }
}
