//! The text of a path: names after dots, and brackets around indices, `*` and quoted names.

use super::{EVERY_MAX, OwnStep, Path, Step, Way};

impl Path {
    /// Reads a path as it stands in a policy.
    ///
    /// # Errors
    /// When it does not begin with `args`, or has a step that none of the forms has.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut rest = text.strip_prefix("args").ok_or(PathError::OutsideArguments)?;
        if !rest.starts_with(['.', '[']) {
            return Err(PathError::OutsideArguments);
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(named) => dotted(named)?,
                None => bracketed(rest.strip_prefix('[').ok_or(PathError::AfterBracket)?)?,
            };
            if steps.is_empty() && matches!(step, OwnStep::Element(_) | OwnStep::Every) {
                return Err(PathError::NoElements);
            }
            steps.push(step);
            rest = after;
        }
        if steps.iter().filter(|step| **step == OwnStep::Every).count() > EVERY_MAX {
            return Err(PathError::TooManyEvery);
        }
        let name = |step: &OwnStep| match step {
            OwnStep::Name(name) => Some(name.clone()),
            _ => None,
        };
        let way = match steps.iter().map(name).collect() {
            Some(names) => Way::Names(names),
            None => Way::Steps(steps.into()),
        };
        Ok(Self { text: text.into(), way })
    }
}

/// The step after a dot, and what follows it.
fn dotted(text: &str) -> Result<(OwnStep, &str), PathError> {
    let (name, rest) = text.split_at(text.find(['.', '[', ']']).unwrap_or(text.len()));
    if rest.starts_with(']') {
        return Err(PathError::Unopened);
    }
    if name.is_empty() {
        return Err(if rest.starts_with('[') { PathError::DotBeforeBracket } else { PathError::EmptyName });
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((OwnStep::NameOrElement(name.into(), index(name)?), rest));
    }
    Ok((OwnStep::Name(name.into()), rest))
}

/// The step in brackets whose first has been read, and what follows it.
fn bracketed(text: &str) -> Result<(OwnStep, &str), PathError> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted_name(quoted)?;
        let rest = rest.strip_prefix(']').ok_or(PathError::Brackets)?;
        return Ok((OwnStep::Name(name.into()), rest));
    }
    let (inside, rest) = text.split_once(']').ok_or(PathError::Brackets)?;
    let step = match inside {
        "*" => OwnStep::Every,
        digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            OwnStep::Element(index(digits)?)
        }
        _ => return Err(PathError::Brackets),
    };
    Ok((step, rest))
}

/// No list has more elements than 32 bits count, and what has zeros before it is no index to anybody.
fn index(digits: &str) -> Result<usize, PathError> {
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(PathError::Index);
    }
    let index: u32 = digits.parse().map_err(|_| PathError::Index)?;
    usize::try_from(index).map_err(|_| PathError::Index)
}

/// A name in quotes, the first of which has been read, with the escapes of JSON; and what follows the last.
fn quoted_name(text: &str) -> Result<(String, &str), PathError> {
    let mut name = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next().ok_or(PathError::Quotes)? {
            '"' => return Ok((name, rest.as_str())),
            '\\' => name.push(escaped(&mut rest).ok_or(PathError::Quotes)?),
            '\u{0}'..='\u{1f}' => return Err(PathError::Quotes),
            plain => name.push(plain),
        }
    }
}

/// The character that an escape stands for, its backslash read. `None` for what JSON does not have, and for half a
/// character.
fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        plain @ ('"' | '\\' | '/') => plain,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let first = unit(rest)?;
            let second = match first {
                0xD800..=0xDBFF => {
                    (rest.next()? == '\\' && rest.next()? == 'u').then_some(())?;
                    Some(unit(rest)?)
                }
                _ => None,
            };
            let mut read = char::decode_utf16(std::iter::once(first).chain(second));
            let character = read.next()?.ok()?;
            read.next().is_none().then_some(character)?
        }
        _ => return None,
    })
}

fn unit(rest: &mut std::str::Chars<'_>) -> Option<u16> {
    let digits =
        rest.as_str().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    *rest = rest.as_str().get(4..)?.chars();
    u16::from_str_radix(digits, 16).ok()
}

/// Writes a step so that it reads as the same step again.
pub(super) fn write_step(text: &mut String, step: Step<'_>) {
    match step {
        Step::Name(name) if is_dotted(name) => {
            text.push('.');
            text.push_str(name);
        }
        Step::Name(name) => {
            text.push_str("[\"");
            for character in name.chars() {
                match character {
                    '"' | '\\' => text.extend(['\\', character]),
                    '\u{0}'..='\u{1f}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
                    plain => text.push(plain),
                }
            }
            text.push_str("\"]");
        }
        Step::NameOrElement(name, _) => {
            text.push('.');
            text.push_str(name);
        }
        Step::Element(index) => text.push_str(&format!("[{index}]")),
        Step::Every => text.push_str("[*]"),
    }
}

/// Whether a name can stand after a dot as it is.
fn is_dotted(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']']) && !name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a text is no [`Path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Does not begin with `args.` or `args[`.
    #[error("a path begins with `args.`")]
    OutsideArguments,
    /// Two dots in a row, or one at the end.
    #[error("a path's names are not empty: write `[\"\"]` for the name that is")]
    EmptyName,
    /// `.[`.
    #[error("no dot stands before a bracket: write `args[\"a.b\"]`, `args.items[0]`")]
    DotBeforeBracket,
    /// `]` without `[`.
    #[error("a `]` closes nothing: write a name that has one in quotes, `args[\"a]\"]`")]
    Unopened,
    /// Something else between brackets than what may stand there.
    #[error("brackets hold an index, `*`, or a name in double quotes: `[0]`, `[*]`, `[\"a.b\"]`")]
    Brackets,
    /// Something else after a bracket than the next step.
    #[error("after a bracket comes `.`, `[` or the end")]
    AfterBracket,
    /// A name in quotes that is no string of JSON.
    #[error("a name in quotes is written as a string in JSON is, with its escapes")]
    Quotes,
    /// An index with leading zeros, or one that is too large.
    #[error(
        "an index has no leading zeros and is at most 4294967295: write a name of digits in quotes, `[\"007\"]`"
    )]
    Index,
    /// `args[0]`, `args[*]`.
    #[error("`args` is an object: it has names, not elements")]
    NoElements,
    /// `[*]` more often than [`EVERY_MAX`] times.
    #[error("`[*]` stands in a path at most {EVERY_MAX} times")]
    TooManyEvery,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(text: &str) -> Result<Vec<OwnStep>, PathError> {
        Path::parse(text).map(|path| match path.way {
            Way::Names(names) => names.into_iter().map(OwnStep::Name).collect(),
            Way::Steps(steps) => steps.into(),
        })
    }

    fn name(text: &str) -> OwnStep {
        OwnStep::Name(text.into())
    }

    #[test]
    fn steps_are_read_in_every_form() {
        let digits = |text: &str, index| OwnStep::NameOrElement(text.into(), index);
        for (text, expected) in [
            ("args.a.b", vec![name("a"), name("b")]),
            ("args.a/b~1 \"c\"*", vec![name("a/b~1 \"c\"*")]),
            ("args.0", vec![digits("0", 0)]),
            ("args.items.10.x", vec![name("items"), digits("10", 10), name("x")]),
            ("args.items[0]", vec![name("items"), OwnStep::Element(0)]),
            ("args.items[*].price", vec![name("items"), OwnStep::Every, name("price")]),
            ("args.a[*][*]", vec![name("a"), OwnStep::Every, OwnStep::Every]),
            (r#"args["a.b"]"#, vec![name("a.b")]),
            (r#"args.a["b"].c"#, vec![name("a"), name("b"), name("c")]),
            (r#"args["0"]["[*]"][""]"#, vec![name("0"), name("[*]"), name("")]),
            (r#"args["\u0061\"\\\/\n\ud83d\uDE00]"]"#, vec![name("a\"\\/\n\u{1f600}]")]),
            ("args.0a.é", vec![name("0a"), name("é")]),
        ] {
            assert_eq!(steps(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, expected) in [
            ("", PathError::OutsideArguments),
            ("args", PathError::OutsideArguments),
            ("argsx.a", PathError::OutsideArguments),
            ("amount", PathError::OutsideArguments),
            ("args.", PathError::EmptyName),
            ("args.a..b", PathError::EmptyName),
            ("args.a.", PathError::EmptyName),
            (r#"args.["a.b"]"#, PathError::DotBeforeBracket),
            ("args.x]", PathError::Unopened),
            ("args.a[", PathError::Brackets),
            ("args.a[]", PathError::Brackets),
            ("args.a[-1]", PathError::Brackets),
            ("args.a[ 0]", PathError::Brackets),
            ("args.a['b']", PathError::Brackets),
            ("args.a[**]", PathError::Brackets),
            ("args.a[0:2]", PathError::Brackets),
            (r#"args["a"b]"#, PathError::Brackets),
            ("args.a[0]b", PathError::AfterBracket),
            (r#"args["a]"#, PathError::Quotes),
            (r#"args["\x"]"#, PathError::Quotes),
            (r#"args["\ud83d"]"#, PathError::Quotes),
            (r#"args["\ud83d\u0041"]"#, PathError::Quotes),
            (r#"args["\ude00"]"#, PathError::Quotes),
            (r#"args["\u00g0"]"#, PathError::Quotes),
            ("args[\"\n\"]", PathError::Quotes),
            ("args.a.007", PathError::Index),
            ("args.a[00]", PathError::Index),
            ("args.a[4294967296]", PathError::Index),
            ("args[0]", PathError::NoElements),
            ("args[*].x", PathError::NoElements),
        ] {
            assert_eq!(steps(text), Err(expected), "{text}");
        }
        let deep = |times| format!("args.a{}", "[*]".repeat(times));
        assert!(Path::parse(&deep(EVERY_MAX)).is_ok());
        assert_eq!(Path::parse(&deep(EVERY_MAX + 1)), Err(PathError::TooManyEvery));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_back(text in "args[.\\[\\]\"*\\\\u0-9a\u{e9}-]{0,24}") {
            if let Ok(path) = Path::parse(&text) {
                let mut written = "args".to_owned();
                path.steps().for_each(|step| write_step(&mut written, step));
                let again = Path::parse(&written).unwrap();
                prop_assert!(again.steps().eq(path.steps()), "{} and {}", text, written);
            }
        }
    }
}
