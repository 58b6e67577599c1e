//! A schema's document as `serde_json` has it, which is what the `jsonschema` crate compiles, within caps. Built value by
//! value: a text parser would take some names for its own.

use policy_core::{Decimal, Number, Value, escape};
use serde_json::{Map, Number as Float, Value as Serde};

use super::fault::{FaultKind, SchemaFault};

/// How long a schema may be: the bytes of its texts, and eight for each value. Real ones have less than a twentieth of it.
const SIZE_MAX: usize = 256 << 10;

/// How deep a schema may nest.
const DEPTH_MAX: usize = 64;

/// A schema's document, or why it is none that is looked at.
pub(super) fn to_serde(document: &Value) -> Result<Serde, SchemaFault> {
    let mut conversion = Conversion { size: 0 };
    conversion.value(document, 0, &Pointer { parent: None, step: Step::Root })
}

struct Conversion {
    size: usize,
}

struct Pointer<'p> {
    parent: Option<&'p Pointer<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Root,
    Name(&'p str),
    Place(usize),
}

impl Pointer<'_> {
    fn text(&self) -> String {
        let before = self.parent.map(Pointer::text).unwrap_or_default();
        match self.step {
            Step::Root => before,
            Step::Name(name) => format!("{before}/{}", escape(name)),
            Step::Place(place) => format!("{before}/{place}"),
        }
    }
}

impl Conversion {
    fn count(&mut self, bytes: usize) -> Result<(), SchemaFault> {
        self.size = self.size.saturating_add(bytes);
        if self.size > SIZE_MAX { Err(too_large("a schema this large is not looked at")) } else { Ok(()) }
    }

    fn value(&mut self, value: &Value, depth: usize, at: &Pointer<'_>) -> Result<Serde, SchemaFault> {
        self.count(8)?;
        if depth > DEPTH_MAX {
            return Err(too_large("a schema that nests this deep is not looked at"));
        }
        let depth = depth.saturating_add(1);
        Ok(match value {
            Value::Null => Serde::Null,
            Value::Bool(value) => Serde::Bool(*value),
            Value::Number(number) => {
                self.count(number.text().len())?;
                let number = to_number(number).ok_or_else(|| {
                    SchemaFault::invalid(at.text(), "this number cannot be held exactly")
                        .with_help("a schema's numbers are whole ones of 64 bits, or have at most 15 digits")
                })?;
                Serde::Number(number)
            }
            Value::String(text) => {
                self.count(text.len())?;
                Serde::String(text.to_string())
            }
            Value::Array(elements) => {
                let element = |(place, element)| {
                    self.value(element, depth, &Pointer { parent: Some(at), step: Step::Place(place) })
                };
                Serde::Array(elements.iter().enumerate().map(element).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                // In the order of their names, whatever order `serde_json` was built to keep: what is reported first must
                // not depend on it.
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_unstable_by_key(|(name, _)| name);
                let mut map = Map::new();
                for (name, value) in sorted {
                    self.count(name.len())?;
                    let at = Pointer { parent: Some(at), step: Step::Name(name) };
                    map.insert(name.to_string(), self.value(value, depth, &at)?);
                }
                Serde::Object(map)
            }
        })
    }
}

fn too_large(message: &str) -> SchemaFault {
    let help = format!("a schema has at most {} KiB and {DEPTH_MAX} levels", SIZE_MAX >> 10);
    SchemaFault::invalid(String::new(), message).with_help(help).of_kind(FaultKind::TooLarge)
}

/// The number, if `serde_json` can hold it so that its value can be told again.
fn to_number(number: &Number) -> Option<Float> {
    let decimal = Decimal::parse(number.text())?;
    if let Some(whole) = decimal.as_whole() {
        if let Ok(whole) = u64::try_from(whole) {
            return Some(Float::from(whole));
        }
        if let Ok(whole) = i64::try_from(whole) {
            return Some(Float::from(whole));
        }
    }
    let float = Float::from_f64(number.text().parse().ok()?)?;
    let shortest = float.to_string();
    (Decimal::parse(&shortest)? == decimal).then_some(float)
}

/// A value of a converted schema with exact numbers again.
pub(super) fn to_exact(value: &Serde) -> Option<Value> {
    Some(match value {
        Serde::Null => Value::Null,
        Serde::Bool(value) => Value::Bool(*value),
        Serde::Number(number) => Value::Number(Number::parse(&number.to_string())?),
        Serde::String(text) => Value::String(text.as_str().into()),
        Serde::Array(elements) => Value::Array(elements.iter().map(to_exact).collect::<Option<_>>()?),
        Serde::Object(members) => {
            let member = |(name, value): (&String, _)| Some((name.as_str().into(), to_exact(value)?));
            Value::Object(members.iter().map(member).collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        to_number(&Number::parse(text).unwrap()).map(|number| number.to_string())
    }

    #[test]
    fn numbers_are_held_exactly_or_not_at_all() {
        for exact in
            ["0.1", "1e2", "100.0", "18446744073709551615", "-9223372036854775808", "1e23", "1e300", "-0.5"]
        {
            let text = number(exact).unwrap();
            assert_eq!(Decimal::parse(&text), Decimal::parse(exact), "{exact}");
        }
        for inexact in ["0.1000000000000000055511151231257827", "18446744073709551616", "1e400", "1e-400"] {
            assert_eq!(number(inexact), None, "{inexact}");
        }
    }
}
