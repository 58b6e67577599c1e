//! Where the values that JSON Pointers name stand in a text: all of them in one walk over the text, however many.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use policy_core::arguments::{Json, Kind};

use crate::text::{Parsed, Position};

/// What of a member a pointer is meant to lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Its name. Of an element of a list, and of the whole document, the value.
    Name,
    /// Its value.
    Value,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In bytes. Of a list or an object, its opening bracket.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// The pointers that are looked for, by their steps.
#[derive(Default)]
struct Wanted {
    /// By where in the caller's list they are.
    here: Vec<(usize, Part)>,
    below: HashMap<String, Wanted>,
}

impl Parsed<'_> {
    /// The places that RFC 6901 pointers lead to, in the order of the pointers; `None` where one leads nowhere. Takes as long
    /// as the text and the pointers together are. Where a name stands twice in an object, the first is meant.
    ///
    /// ```
    /// use policy_core::arguments::Caps;
    /// use policy_json::{Parsed, Part};
    ///
    /// let parsed = Parsed::parse(br#"{"a/b": [1, true]}"#, Caps::default())?;
    /// let places = parsed.locate(&[("/a~1b/1", Part::Value), ("/c", Part::Value)]);
    /// assert_eq!(places[0].as_ref().map(|place| place.span.clone()), Some(12..16));
    /// assert_eq!(places[1], None);
    /// # Ok::<(), policy_core::arguments::ArgumentError>(())
    /// ```
    #[must_use]
    pub fn locate(&self, pointers: &[(&str, Part)]) -> Vec<Option<Place>> {
        let mut wanted = Wanted::default();
        for (number, (pointer, part)) in pointers.iter().enumerate() {
            let Some(steps) = steps(pointer) else { continue };
            let end = steps.fold(&mut wanted, |node, step| node.below.entry(step).or_default());
            end.here.push((number, *part));
        }
        let mut found = Vec::with_capacity(pointers.len());
        if let Some(root) = self.root() {
            self.walk(&wanted, None, root, &mut found);
        }
        // In the order of the text, so that lines are counted once.
        found.sort_by_key(|(_, span): &(usize, Range<usize>)| span.start);
        let mut places = vec![None; pointers.len()];
        let mut here = Position::START;
        for (number, span) in found {
            here = here.forward(self.source().as_bytes(), span.start);
            if let Some(place) = places.get_mut(number) {
                *place = Some(Place { span, line: here.line, column: here.column });
            }
        }
        places
    }

    /// Recurses as deep as the pointers have steps.
    fn walk(
        &self,
        wanted: &Wanted,
        name: Option<Json<'_>>,
        value: Json<'_>,
        found: &mut Vec<(usize, Range<usize>)>,
    ) {
        for (number, part) in &wanted.here {
            let shown = match (part, name) {
                (Part::Name, Some(name)) => name,
                _ => value,
            };
            let span = match shown.kind() {
                Kind::Array | Kind::Object => shown.offset()..shown.offset().saturating_add(1),
                _ => self.span(shown),
            };
            found.push((*number, span));
        }
        let mut left = wanted.below.len();
        if left == 0 {
            return;
        }
        let mut seen = HashSet::new();
        for (name, value) in value.members() {
            let Some((step, below)) = name.as_str().and_then(|name| wanted.below.get_key_value(name)) else {
                continue;
            };
            if seen.insert(step) {
                self.walk(below, Some(name), value, found);
                left = left.saturating_sub(1);
                if left == 0 {
                    return;
                }
            }
        }
        if value.kind() == Kind::Array {
            for (place, element) in value.elements().enumerate() {
                if let Some(below) = wanted.below.get(place.to_string().as_str()) {
                    self.walk(below, None, element, found);
                    left = left.saturating_sub(1);
                    if left == 0 {
                        return;
                    }
                }
            }
        }
    }
}

/// The steps of a pointer, unescaped; `None` where the text is no pointer.
fn steps(pointer: &str) -> Option<impl Iterator<Item = String> + '_> {
    let rest = if pointer.is_empty() { None } else { Some(pointer.strip_prefix('/')?) };
    Some(
        rest.into_iter()
            .flat_map(|rest| rest.split('/'))
            .map(|step| step.replace("~1", "/").replace("~0", "~")),
    )
}

#[cfg(test)]
mod tests {
    use policy_core::arguments::Caps;

    use super::*;

    #[test]
    fn names_values_and_brackets_are_found_with_line_and_column() {
        let text = "{\n  \"ä\": [1, {\"~\": \"x\"}],\n  \"b\": 2\n}";
        let parsed = Parsed::parse(text.as_bytes(), Caps::default()).unwrap();
        let wanted = [
            ("/b", Part::Name),
            ("/ä/1/~0", Part::Value),
            ("/ä", Part::Value),
            ("", Part::Name),
            ("/ä/7", Part::Value),
            ("/ä/01", Part::Value),
            ("b", Part::Value),
            ("/b", Part::Value),
        ];
        let shown: Vec<_> = parsed
            .locate(&wanted)
            .into_iter()
            .map(|place| place.map(|place| (text.get(place.span).unwrap(), place.line, place.column)))
            .collect();
        let expected = [
            Some(("\"b\"", 3, 3)),
            Some(("\"x\"", 2, 18)),
            Some(("[", 2, 8)),
            Some(("{", 1, 1)),
            None,
            None,
            None,
            Some(("2", 3, 8)),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn of_a_name_that_stands_twice_the_first_is_meant() {
        let parsed = Parsed::parse(br#"{"a": 1, "a": 2}"#, Caps::default()).unwrap();
        let places = parsed.locate(&[("/a", Part::Value)]);
        assert_eq!(places, [Some(Place { span: 6..7, line: 1, column: 7 })]);
    }
}
