//! Limits, and the short dialect's `rate_limit`.

use std::collections::HashSet;

use policy_core::arguments::{Json, Kind};
use policy_core::{Amount, Limit, Path, RateLimit, Scope, Window};

use super::fields::{At, Reading};
use crate::diagnostic::DiagnosticCode;

const LIMIT_FIELDS: &[&str] =
    &["counter", "window", "max", "scope", "increment_from", "on_deny", "mode", "description"];
const RATE_LIMIT_FIELDS: &[&str] = &["max", "window"];
const WINDOWS: &[&str] = &["minute", "hour", "day"];

impl Reading<'_> {
    pub(super) fn limits(&mut self, at: &At<'_>, value: Json<'_>) -> Vec<Limit> {
        let mut counters = HashSet::new();
        self.list(at, value, "a list of limits", |this, at, value| {
            let (counted, limit) = this.limit(at, value);
            // Looked for even where something else is wrong with the limit: all mistakes at once.
            if let Some((counter, window)) = counted
                && !counters.insert((counter.clone(), window.seconds()))
            {
                let counter = counter.escape_debug();
                let message =
                    format!("a limit on counter `{counter}` with this window stands in the list already");
                let help = "give it another counter or another window".to_owned();
                this.report(DiagnosticCode::DuplicateLimit, at, value, message, Some(help));
            }
            limit
        })
    }

    /// What a limit counts in, as far as that can be read, and the limit.
    fn limit(&mut self, at: &At<'_>, value: Json<'_>) -> (Option<(Box<str>, Window)>, Option<Limit>) {
        let (mut counter, mut window, mut max) = (None, None, None);
        let mut rest = Limit::new("", Window::Minute, Amount::ZERO);
        let mut sound = true;
        let is_object = self.fields(at, value, "a limit", LIMIT_FIELDS, |this, at, name, value| {
            match name {
                "counter" => counter = this.counter(at, value),
                "window" => window = this.window(at, value),
                "max" => max = this.whole(at, value),
                "scope" => match this.scope(at, value) {
                    Some(scope) => rest.scope = scope,
                    None => sound = false,
                },
                "increment_from" => match this.cost_path(at, value) {
                    Some(path) => rest.increment_from = Some(path),
                    None => sound = false,
                },
                "on_deny" => rest.on_deny = this.text(at, value).map(Into::into),
                "mode" => rest.mode = this.mode(at, value),
                "description" => rest.description = this.text(at, value).map(Into::into),
                "algorithm" if value.as_str() == Some("fixed_window") => {}
                "algorithm" => this.not_supported(at, value, "an algorithm other than `fixed_window`"),
                "burst" | "on_store_error" | "lease" => this.not_supported(at, value, &format!("`{name}`")),
                _ => return false,
            }
            true
        });
        if !is_object {
            return (None, None);
        }
        for (field, help) in [
            ("counter", "the counter's name: limits that name the same one share it"),
            ("window", "`\"minute\"`, `\"hour\"`, `\"day\"`, or a number of seconds"),
            ("max", "how much is admitted in a window"),
        ] {
            if value.get(field).is_none() {
                self.missing(at, value, field, help);
            }
        }
        let counted: Option<(Box<str>, Window)> = counter.zip(window);
        let limit = counted.clone().zip(max).filter(|_| sound);
        let limit = limit.map(|((counter, window), max)| Limit { counter, window, max, ..rest });
        (counted, limit)
    }

    pub(super) fn rate_limit(&mut self, at: &At<'_>, value: Json<'_>) -> Option<RateLimit> {
        let (mut max, mut window) = (None, None);
        let is_object = self.fields(at, value, "`rate_limit`", RATE_LIMIT_FIELDS, |this, at, name, value| {
            match name {
                "max" => max = this.whole(at, value),
                "window" => window = this.seconds(at, value),
                _ => return false,
            }
            true
        });
        if is_object {
            for (field, help) in [("max", "how many calls"), ("window", "in how many seconds")] {
                if value.get(field).is_none() {
                    self.missing(at, value, field, help);
                }
            }
        }
        Some(RateLimit { max: max?, window: window? })
    }

    /// A path that leads to one argument.
    fn cost_path(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Path> {
        let path = self.path(at, value)?;
        if path.has_every() {
            let message = "a cost is taken from one argument, and `[*]` leads to several";
            let help =
                "name one element, such as `args.items[0].price`, or an argument that has the sum".to_owned();
            self.report(DiagnosticCode::InvalidValue, at, value, message, Some(help));
            return None;
        }
        Some(path)
    }

    fn counter(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Box<str>> {
        let counter = self.text(at, value)?;
        if counter.is_empty() {
            let help = Some("limits that name the same counter share it".to_owned());
            self.report(DiagnosticCode::InvalidValue, at, value, "a counter's name is not empty", help);
            return None;
        }
        Some(counter.into())
    }

    fn window(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Window> {
        match (value.kind(), value.as_str()) {
            (Kind::Number, _) => self.seconds(at, value),
            (_, Some(name @ ("second" | "week" | "month"))) => {
                self.not_supported(at, value, &format!("the window `{name}`"));
                None
            }
            (_, Some(_)) => self.word(at, value, "window", WINDOWS, Window::from_name),
            (_, None) => {
                self.wrong_type(at, value, "`\"minute\"`, `\"hour\"`, `\"day\"`, or a number of seconds");
                None
            }
        }
    }

    fn seconds(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Window> {
        let whole = self.whole(at, value)?.as_whole();
        let window = whole.and_then(|seconds| Window::from_seconds(u32::try_from(seconds).ok()?));
        if window.is_none() {
            let help = Some(format!("a whole number of seconds from 1 to {}", Window::SECONDS_MAX));
            let message = format!("no window is that long, found {}", self.found(value));
            self.report(DiagnosticCode::InvalidValue, at, value, message, help);
        }
        window
    }

    fn scope(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Scope> {
        if let Some(name) = value.as_str().filter(|name| name.starts_with("claim:")) {
            self.not_supported(at, value, &format!("the scope `{}`", name.escape_debug()));
            return None;
        }
        let names = Scope::ALL.map(Scope::name);
        self.word(at, value, "scope", &names, Scope::from_name)
    }
}
