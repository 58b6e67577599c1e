//! Looks into a JSON object strictly: every field is known, stands once and has its type. What the fields mean is said
//! where they are asked for.

use policy_analysis::nearest;
use policy_core::arguments::{Caps, Json, Kind};
use policy_core::{Identity, Value};
use policy_json::Parsed;

use crate::printable;

/// An object of a text, and what messages call it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object<'p, 't> {
    parsed: &'p Parsed<'t>,
    json: Json<'p>,
    /// What the object's fields are called before their own name, such as `expect.`; empty for the outermost.
    prefix: &'static str,
}

impl<'p, 't> Object<'p, 't> {
    /// The value as an object that has these fields and no others, none of them twice.
    pub(crate) fn new(
        parsed: &'p Parsed<'t>,
        json: Json<'p>,
        (what, prefix): (&str, &'static str),
        fields: &[&str],
    ) -> Result<Self, String> {
        if json.kind() != Kind::Object {
            return Err(format!("{what} must be an object, found {}", describe(json.kind())));
        }
        let mut seen: Vec<&str> = Vec::with_capacity(fields.len());
        for (name, _) in json.members() {
            let name = name.as_str().unwrap_or_default();
            if !fields.contains(&name) {
                return Err(unknown(prefix, name, fields));
            }
            if seen.contains(&name) {
                return Err(format!("`{prefix}{name}` stands twice"));
            }
            seen.push(name);
        }
        Ok(Self { parsed, json, prefix })
    }

    /// The field's value, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<Json<'p>> {
        self.json.get(name)
    }

    /// The field's value as it is written, if it is there, and where it begins.
    pub(crate) fn raw(&self, name: &str) -> Option<Raw<'t>> {
        let json = self.get(name)?;
        Some(Raw { text: self.parsed.raw(json), offset: json.offset() })
    }

    /// The field, which must be there.
    pub(crate) fn required<T>(&self, name: &str, field: Option<T>) -> Result<T, String> {
        field.ok_or_else(|| format!("`{}{name}` is missing", self.prefix))
    }

    /// A string.
    pub(crate) fn string(&self, name: &str) -> Result<Option<&'p str>, String> {
        let Some(json) = self.get(name) else { return Ok(None) };
        json.as_str().map(Some).ok_or_else(|| self.mistyped(name, "a string", json))
    }

    /// A whole number that is not negative.
    pub(crate) fn whole_number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(json) = self.get(name) else { return Ok(None) };
        let number = json.as_number().ok_or_else(|| self.mistyped(name, "a number", json))?;
        let whole = number.parse().map(Some);
        whole.map_err(|_| {
            format!("`{}{name}` must be a whole number, not negative, without exponent", self.prefix)
        })
    }

    /// A list.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Json<'p>>, String> {
        let Some(json) = self.get(name) else { return Ok(None) };
        if json.kind() == Kind::Array { Ok(Some(json)) } else { Err(self.mistyped(name, "a list", json)) }
    }

    /// An object with these fields, which messages call by `prefix` and their name.
    pub(crate) fn object(
        &self,
        name: &str,
        prefix: &'static str,
        fields: &[&str],
    ) -> Result<Option<Object<'p, 't>>, String> {
        let Some(json) = self.get(name) else { return Ok(None) };
        let what = format!("`{}{name}`", self.prefix);
        Object::new(self.parsed, json, (&what, prefix), fields).map(Some)
    }

    /// An object of names and values of any kind, copied.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<(String, Value)>, String> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let wrong = |what: String| format!("`{}{name}` {what}", self.prefix);
        // Read once more by itself: the text around it may nest deeper than is good for values that are kept.
        let parsed = Parsed::parse(raw.text.as_bytes(), Caps::default())
            .map_err(|error| wrong(format!("cannot be read: {}", error.fault)))?;
        let object = parsed.root().filter(|json| json.kind() == Kind::Object);
        let object = object.ok_or_else(|| wrong("must be an object".to_owned()))?;
        if let Some(twice) = parsed.duplicates().next() {
            let twice = printable::name(twice.as_str().unwrap_or_default());
            return Err(wrong(format!("has `{twice}` twice in one object")));
        }
        let member = |(name, value): (Json<'_>, Json<'_>)| {
            Some((name.as_str()?.to_owned(), policy_json::to_value(value)?))
        };
        let values: Option<Vec<_>> = object.members().map(member).collect();
        values.ok_or_else(|| wrong("holds a number that is longer than permitted".to_owned()))
    }

    /// The caller that the fields `grant`, `server`, `session` and `claims` name.
    pub(crate) fn identity(&self) -> Result<Identity, String> {
        let mut identity = Identity::new(self.required("grant", self.string("grant")?)?);
        if let Some(server) = self.string("server")? {
            identity = identity.with_server(server);
        }
        if let Some(session) = self.string("session")? {
            identity = identity.with_session(session);
        }
        let claims = self.values("claims")?.into_iter();
        Ok(claims.fold(identity, |identity, (name, value)| identity.with_claim(name, value)))
    }

    fn mistyped(&self, name: &str, wanted: &str, found: Json<'_>) -> String {
        format!("`{}{name}` must be {wanted}, found {}", self.prefix, describe(found.kind()))
    }
}

/// A value as it is written, and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'t> {
    pub(crate) text: &'t str,
    pub(crate) offset: usize,
}

fn unknown(prefix: &str, name: &str, fields: &[&str]) -> String {
    let shown = printable::name(name);
    let help = match nearest(name, fields.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the fields are {}", fields.join(", ")),
    };
    format!("unknown field `{prefix}{shown}`; {help}")
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::False | Kind::True => "a boolean",
        Kind::Number => "a number",
        Kind::String | Kind::Name => "a string",
        Kind::Array => "a list",
        Kind::Object => "an object",
    }
}
