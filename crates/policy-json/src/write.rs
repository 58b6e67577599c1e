//! A policy as a document again: what `load` reads back as the same policy.

use policy_core::{Action, AllTools, DefaultEffect, Group, Limit, Mode, Policy, Tool, Value, Window};

/// The document of a policy, indented. Its bytes are the format's, not those that the policy was loaded from.
#[must_use]
pub fn to_json(policy: &Policy) -> String {
    let mut out = Writer::default();
    out.object(|out| {
        if let Some(uri) = &policy.schema_uri {
            out.text_field("$schema", uri);
        }
        out.text_field("version", "1");
        out.optional_text_field("description", policy.description.as_deref());
        out.text_field(
            "default",
            match policy.default {
                DefaultEffect::Allow => "allow",
                DefaultEffect::Deny => "deny",
            },
        );
        if !policy.hide.is_empty() {
            out.list_field("hide", &policy.hide, |out, name| out.string(name));
        }
        let all_tools = &policy.all_tools;
        if *all_tools != AllTools::default() {
            out.field("all_tools", |out| {
                out.object(|out| {
                    out.optional_text_field("description", all_tools.description.as_deref());
                    groups(out, "require", &all_tools.require);
                    groups(out, "deny_if", &all_tools.deny_if);
                    groups(out, "approve_if", &all_tools.approve_if);
                    if !all_tools.limits.is_empty() {
                        out.list_field("limits", &all_tools.limits, limit);
                    }
                });
            });
        }
        if !policy.tools.is_empty() {
            out.field("tools", |out| {
                out.object(|out| {
                    policy.tools.iter().for_each(|(name, rules)| out.field(name, |out| tool(out, rules)))
                });
            });
        }
    });
    out.text.push('\n');
    out.text
}

fn tool(out: &mut Writer, tool: &Tool) {
    out.object(|out| {
        out.optional_text_field("description", tool.description.as_deref());
        if tool.action != Action::Allow {
            out.text_field("action", tool.action.name());
        }
        out.optional_text_field("reason", tool.reason.as_deref());
        if let Some(schema) = &tool.schema {
            out.field("schema", |out| out.value(schema.document()));
        }
        groups(out, "require", &tool.require);
        groups(out, "deny_if", &tool.deny_if);
        groups(out, "approve_if", &tool.approve_if);
        if !tool.limits.is_empty() {
            out.list_field("limits", &tool.limits, limit);
        }
        if let Some(rate_limit) = &tool.rate_limit {
            out.field("rate_limit", |out| {
                out.object(|out| {
                    out.field("max", |out| out.raw(&rate_limit.max.to_string()));
                    out.field("window", |out| out.raw(&rate_limit.window.seconds().to_string()));
                });
            });
        }
    });
}

fn groups(out: &mut Writer, name: &str, groups: &[Group]) {
    if !groups.is_empty() {
        out.list_field(name, groups, group);
    }
}

fn group(out: &mut Writer, group: &Group) {
    out.object(|out| {
        out.optional_text_field("description", group.description.as_deref());
        out.list_field("conditions", &group.conditions, |out, condition| {
            out.object(|out| {
                out.text_field("path", condition.path().text());
                out.text_field("op", condition.operator().name());
                out.field("value", |out| out.value(condition.value()));
            });
        });
        out.optional_text_field("on_deny", group.on_deny.as_deref());
        mode(out, group.mode);
    });
}

fn limit(out: &mut Writer, limit: &Limit) {
    out.object(|out| {
        out.optional_text_field("description", limit.description.as_deref());
        out.text_field("counter", &limit.counter);
        match limit.window {
            Window::Seconds(seconds) => out.field("window", |out| out.raw(&seconds.to_string())),
            named => out.text_field("window", named.name().unwrap_or_default()),
        }
        out.field("max", |out| out.raw(&limit.max.to_string()));
        out.text_field("scope", limit.scope.name());
        out.optional_text_field("increment_from", limit.increment_from.as_ref().map(policy_core::Path::text));
        out.optional_text_field("on_deny", limit.on_deny.as_deref());
        mode(out, limit.mode);
    });
}

fn mode(out: &mut Writer, mode: Mode) {
    if mode == Mode::Shadow {
        out.text_field("mode", "shadow");
    }
}

/// Indented JSON text. Numbers go out as they came in, which is why this is not serde's: it has no exact numbers.
#[derive(Debug, Default)]
struct Writer {
    text: String,
    depth: usize,
    /// Whether the innermost container has anything in it yet.
    begun: bool,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn container(&mut self, brackets: [char; 2], inside: impl FnOnce(&mut Self)) {
        let [open, close] = brackets;
        self.text.push(open);
        self.depth = self.depth.saturating_add(1);
        self.begun = false;
        inside(self);
        self.depth = self.depth.saturating_sub(1);
        if self.begun {
            self.line();
        }
        self.text.push(close);
        self.begun = true;
    }

    fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.container(['{', '}'], inside);
    }

    fn line(&mut self) {
        self.text.push('\n');
        (0..self.depth).for_each(|_| self.text.push_str("  "));
    }

    /// Begins the next member or element.
    fn next(&mut self) {
        if self.begun {
            self.text.push(',');
        }
        self.line();
        self.begun = true;
    }

    fn field(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.next();
        self.string(name);
        self.text.push_str(": ");
        value(self);
        self.begun = true;
    }

    fn text_field(&mut self, name: &str, text: &str) {
        self.field(name, |out| out.string(text));
    }

    fn optional_text_field(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text_field(name, text);
        }
    }

    fn list_field<T>(&mut self, name: &str, elements: &[T], element: impl Fn(&mut Self, &T)) {
        self.field(name, |out| out.list(elements, element));
    }

    fn list<T>(&mut self, elements: &[T], element: impl Fn(&mut Self, &T)) {
        self.container(['[', ']'], |out| {
            for item in elements {
                out.next();
                element(out, item);
                out.begun = true;
            }
        });
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.raw("null"),
            Value::Bool(true) => self.raw("true"),
            Value::Bool(false) => self.raw("false"),
            Value::Number(number) => self.raw(number.text()),
            Value::String(text) => self.string(text),
            Value::Array(elements) => self.list(elements, Self::value),
            Value::Object(members) => {
                self.object(|out| {
                    members.iter().for_each(|(name, value)| out.field(name, |out| out.value(value)))
                });
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\u{0}'..='\u{1f}' | '\u{7f}' => {
                    self.text.push_str(&format!("\\u{:04x}", u32::from(character)));
                }
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}
