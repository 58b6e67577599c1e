//! Reading an object field by field, and putting what is wrong on record: where it stands, what was found, what is
//! allowed, what was probably meant.

use std::fmt::Write;

use policy_core::arguments::{Json, Kind};
use policy_core::{Amount, Decimal, escape};

use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::text::Parsed;

/// Where in the document something stands. Kept as links on the stack, so that a pointer is written out only when there
/// is something to say about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Name(&'p str),
    Place(usize),
}

impl<'p> At<'p> {
    pub(crate) const ROOT: At<'static> = At { parent: None, step: Step::Root };

    pub(crate) const fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    pub(crate) const fn place(&'p self, place: usize) -> Self {
        Self { parent: Some(self), step: Step::Place(place) }
    }

    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(At::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Name(name) => {
                pointer.push('/');
                pointer.push_str(&escape(name));
            }
            Step::Place(place) => {
                // Writing to a string does not fail.
                let _written = write!(pointer, "/{place}");
            }
        }
        pointer
    }
}

/// A document being read, and what was found wrong with it so far.
#[derive(Debug)]
pub(crate) struct Reading<'d> {
    parsed: &'d Parsed<'d>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'d> Reading<'d> {
    pub(crate) const fn new(parsed: &'d Parsed<'d>) -> Self {
        Self { parsed, diagnostics: Vec::new() }
    }

    /// Whether a name stands twice in an object, anywhere in the document.
    pub(crate) fn has_duplicates(&self) -> bool {
        self.parsed.duplicates().next().is_some()
    }

    /// Puts a mistake on record. `value` is what is underlined: of a container, its opening bracket.
    pub(crate) fn report(
        &mut self,
        code: DiagnosticCode,
        at: &At<'_>,
        value: Json<'_>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let mut span = self.parsed.span(value);
        if matches!(value.kind(), Kind::Array | Kind::Object) {
            span.end = span.start.saturating_add(1);
        }
        let (pointer, message) = (at.pointer(), message.into());
        // Lines are counted once for all, when the reading is done.
        self.diagnostics.push(Diagnostic { code, pointer, span, line: 0, column: 0, message, help });
    }

    /// Puts a mistake on record whose place in the document is somewhere below `at`.
    pub(crate) fn report_below(
        &mut self,
        code: DiagnosticCode,
        at: &At<'_>,
        below: &str,
        value: Json<'_>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.report(code, at, value, message, help);
        if let Some(last) = self.diagnostics.last_mut() {
            last.pointer.push_str(below);
        }
    }

    /// A value of a type that its field does not take.
    pub(crate) fn wrong_type(&mut self, at: &At<'_>, value: Json<'_>, wanted: &str) {
        let message = format!("expected {wanted}, found {}", self.found(value));
        self.report(DiagnosticCode::WrongType, at, value, message, None);
    }

    /// Something that the format has and this version has not.
    pub(crate) fn not_supported(&mut self, at: &At<'_>, value: Json<'_>, what: &str) {
        let help = "a policy that uses it is refused, so that it never means less than it says".to_owned();
        self.report(
            DiagnosticCode::NotSupported,
            at,
            value,
            format!("{what} is not supported yet"),
            Some(help),
        );
    }

    /// A word that is none of `allowed`.
    pub(crate) fn unknown_value(&mut self, at: &At<'_>, value: Json<'_>, what: &str, allowed: &[&str]) {
        let found = value.as_str().unwrap_or_default();
        let message = format!("unknown {what} `{}`", shown(found));
        self.report(DiagnosticCode::UnknownValue, at, value, message, Some(choices(found, allowed)));
    }

    /// A value as a message shows it: short ones as they are written, others by their type.
    pub(crate) fn found(&self, value: Json<'_>) -> String {
        let kind = match value.kind() {
            Kind::Null => "null",
            Kind::False | Kind::True => "a boolean",
            Kind::Number => "a number",
            Kind::String | Kind::Name => "a string",
            Kind::Array => return "an array".to_owned(),
            Kind::Object => return "an object".to_owned(),
        };
        match (value.kind(), self.parsed.raw(value)) {
            (Kind::Null, _) => kind.to_owned(),
            (_, raw) if raw.chars().count() <= 40 && !raw.contains(char::is_control) => {
                format!("{kind}, `{raw}`")
            }
            _ => kind.to_owned(),
        }
    }

    /// Hands each field of an object to `read`, which answers whether the format has such a field. `allowed` are the names
    /// that it does have, for the message. False where the value is no object.
    pub(crate) fn fields<'t>(
        &mut self,
        at: &At<'_>,
        value: Json<'t>,
        what: &str,
        allowed: &[&str],
        mut read: impl FnMut(&mut Self, &At<'_>, &'t str, Json<'t>) -> bool,
    ) -> bool {
        if value.kind() != Kind::Object {
            self.wrong_type(at, value, &format!("an object ({what})"));
            return false;
        }
        for (name, value) in value.members() {
            let text = name.as_str().unwrap_or_default();
            let at = at.name(text);
            if !read(self, &at, text, value) {
                let message = format!("{what} has no field `{}`", shown(text));
                let help = Some(choices(text, allowed));
                self.report(DiagnosticCode::UnknownField, &at, name, message, help);
            }
        }
        true
    }

    /// A field that is not there.
    pub(crate) fn missing(&mut self, at: &At<'_>, object: Json<'_>, field: &str, help: &str) {
        let message = format!("the field `{field}` is missing");
        self.report(DiagnosticCode::MissingField, at, object, message, Some(help.to_owned()));
    }

    /// Reads every element of a list. What is wrong is on record, and left out.
    pub(crate) fn list<'t, T>(
        &mut self,
        at: &At<'_>,
        value: Json<'t>,
        what: &str,
        mut read: impl FnMut(&mut Self, &At<'_>, Json<'t>) -> Option<T>,
    ) -> Vec<T> {
        if value.kind() != Kind::Array {
            self.wrong_type(at, value, what);
            return Vec::new();
        }
        let elements = value.elements().enumerate();
        elements.filter_map(|(place, element)| read(self, &at.place(place), element)).collect()
    }

    /// Reads a string.
    pub(crate) fn text<'t>(&mut self, at: &At<'_>, value: Json<'t>) -> Option<&'t str> {
        let text = value.as_str();
        if text.is_none() {
            self.wrong_type(at, value, "a string");
        }
        text
    }

    /// Reads a string that is one of a few words.
    pub(crate) fn word<'t, T>(
        &mut self,
        at: &At<'_>,
        value: Json<'t>,
        what: &str,
        allowed: &[&str],
        from_name: impl FnOnce(&'t str) -> Option<T>,
    ) -> Option<T> {
        let found = from_name(self.text(at, value)?);
        if found.is_none() {
            self.unknown_value(at, value, what, allowed);
        }
        found
    }

    /// Reads a whole number that is not negative. By value: `10`, `10.0` and `1e1` are one.
    pub(crate) fn whole(&mut self, at: &At<'_>, value: Json<'_>) -> Option<Amount> {
        let Some(text) = value.as_number() else {
            self.wrong_type(at, value, "a whole number");
            return None;
        };
        let amount = Decimal::parse(text).map(Amount::from_decimal);
        let fault = match amount {
            Some(Ok(amount)) if amount.as_whole().is_some() => return Some(amount),
            Some(Err(fault)) if fault != policy_core::AmountError::TooPrecise => fault.to_string(),
            _ => "must be a whole number".to_owned(),
        };
        let message = format!("{fault}, found `{text}`");
        let help = Some(format!("a whole number from 0 to {}", Amount::MAX_WHOLE));
        self.report(DiagnosticCode::InvalidValue, at, value, message, help);
        None
    }
}

/// The word that was probably meant, and all that there are.
fn choices(found: &str, allowed: &[&str]) -> String {
    let all = allowed.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match nearest(found, allowed) {
        Some(near) => format!("did you mean `{near}`? allowed: {all}"),
        None => format!("allowed: {all}"),
    }
}

/// The word that is nearest, if any is near: a third of its letters may be wrong.
fn nearest<'w>(found: &str, allowed: &[&'w str]) -> Option<&'w str> {
    let lower = found.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&lower, word);
    let near = allowed.iter().min_by_key(|word| distance(word))?;
    let permitted = near.chars().count().div_ceil(3);
    (found.len() <= 64 && distance(near) <= permitted).then_some(near)
}

/// A text out of the document in a message: one line, and not long.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let cut: String = text.chars().take(MOST).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{more}", cut.escape_debug())
}
