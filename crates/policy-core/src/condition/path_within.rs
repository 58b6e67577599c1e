//! `path_within`: whether a file's path is below one of a few directories, read so that no server reads it otherwise.
//!
//! Symbolic links, file systems that fold case, and Unicode normalisation of names are left to the server.

use super::error::each_string;
use super::look_alikes::{is_backslash, is_invisible, is_percent, is_slash};
use super::{ConditionError, Outcome};
use crate::arguments::Json;
use crate::value::Value;

/// The directories that a policy lists, each in its normal form: `/`, or names that each have a slash before them.
#[derive(Clone, Debug)]
pub(super) struct Directories(Box<[Box<str>]>);

impl Directories {
    pub(super) fn compile(value: &Value) -> Result<Self, ConditionError> {
        let wanted = "a list of absolute paths, such as `[\"/data\"]`";
        each_string(value, wanted, "an absolute path, such as `\"/data\"`", directory).map(Self)
    }

    pub(super) fn judge(&self, argument: Json<'_>) -> Outcome {
        let Some(text) = argument.as_str() else { return Outcome::Mismatch };
        if fault(text).is_some() {
            return Outcome::Refused;
        }
        Outcome::from(self.0.iter().any(|directory| is_within(directory, text)))
    }
}

/// Name by name: `/data-evil` is not in `/data`.
fn is_within(directory: &str, path: &str) -> bool {
    let mut names = names(path);
    self::names(directory).all(|wanted| names.next() == Some(wanted))
}

/// The names on the way. `//` and `/./` are as good as `/`.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// A directory as a policy writes it.
fn directory(text: &str) -> Result<Box<str>, String> {
    if let Some(fault) = fault(text) {
        return Err(format!("is no directory that can be judged by: it {fault}"));
    }
    let normal = names(text).fold(String::new(), |normal, name| normal + "/" + name);
    let normal = if normal.is_empty() { "/" } else { &normal };
    if normal != text {
        return Err(format!("is not in its normal form: write `{}`", normal.escape_debug()));
    }
    Ok(normal.into())
}

/// Why a text is refused. What is left can be read in one way only.
fn fault(text: &str) -> Option<&'static str> {
    if !text.starts_with('/') {
        return Some("does not begin with `/`");
    }
    if text.starts_with("//") {
        // A share of another machine to some, the root to others; POSIX leaves it open.
        return Some("begins with `//`");
    }
    if text.contains(char::is_control) {
        return Some("has a control character");
    }
    if text.contains(is_backslash) {
        return Some("has a backslash");
    }
    if text.contains(is_percent) {
        // Encoded once, twice or in ways that only some decode: a `%` is in no path that means what it says.
        return Some("has a `%`, which some servers decode");
    }
    if text.contains(|character| character != '/' && is_slash(character)) {
        return Some("has a character that some servers read as a slash");
    }
    text.split('/').any(may_climb).then_some("has a name that is or may be read as `..`")
}

/// Whether a name is `..`, or one that some servers read so: after cutting off what follows a semicolon, dropping blanks and
/// further dots at the end, or folding characters into plain ones.
fn may_climb(name: &str) -> bool {
    let before = name.split(';').next().unwrap_or_default();
    let mut dots = 0_usize;
    for character in before.chars() {
        match character {
            '.' | '\u{2024}' | '\u{fe52}' | '\u{ff0e}' | '\u{ff61}' | '\u{3002}' => {
                dots = dots.saturating_add(1)
            }
            '\u{2025}' | '\u{2026}' | '\u{fe19}' | '\u{fe30}' => dots = dots.saturating_add(2),
            invisible if is_invisible(invisible) => {}
            _ => return false,
        }
    }
    dots > 1 || (dots == 1 && name != ".")
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    /// `None` where it is refused.
    fn within(directories: &[&str], path: &str) -> Option<bool> {
        let directories: Vec<_> = directories.iter().map(|text| directory(text).unwrap()).collect();
        fault(path).is_none().then(|| directories.iter().any(|directory| is_within(directory, path)))
    }

    #[test]
    fn directories_are_written_in_their_normal_form() {
        for text in ["/", "/data", "/srv/www/a b", "/.hidden", "/..x", "/a.b", "/x..", "/é", "/wait\u{2026}"]
        {
            assert_eq!(directory(text).as_deref(), Ok(text));
        }
        for (text, normal) in
            [("/data/", "/data"), ("/data//x", "/data/x"), ("/./data", "/data"), ("/.", "/"), ("/a/./", "/a")]
        {
            let fault = directory(text).unwrap_err();
            assert!(fault.contains(&format!("write `{normal}`")), "{text}: {fault}");
        }
        for text in [
            "",
            "data",
            "./data",
            "~",
            "C:/x",
            "C:\\x",
            "/a/..",
            "/..",
            "/a\\b",
            "/a%20b",
            "/a\0",
            "//data",
            "/a/\u{ff0e}\u{ff0e}",
        ] {
            let fault = directory(text).unwrap_err();
            assert!(fault.starts_with("is no directory"), "{text}: {fault}");
        }
    }

    #[test]
    fn what_is_below_is_within_name_by_name() {
        for (path, expected) in [
            ("/data", true),
            ("/data/", true),
            ("/data/x", true),
            ("/data//x/./y/", true),
            ("/./data/x", true),
            ("/data/...x", true),
            ("/data/..x", true),
            ("/data/x..", true),
            ("/data/wait\u{2026}/x", true),
            ("/data/a;b", true),
            ("/data-evil", false),
            ("/dat", false),
            ("/", false),
            ("/DATA/x", false),
            ("/x/data", false),
            ("/data ", false),
        ] {
            assert_eq!(within(&["/data"], path), Some(expected), "{path}");
        }
        assert_eq!(within(&["/"], "/anything/at/all"), Some(true));
        assert_eq!(within(&["/"], "/"), Some(true));
        assert_eq!(within(&[], "/"), Some(false));
        assert_eq!(within(&["/a", "/b/c"], "/b/c/d"), Some(true));
        assert_eq!(within(&["/a", "/b/c"], "/b/d"), Some(false));
    }

    #[test]
    fn what_could_be_read_otherwise_is_refused() {
        for path in [
            "",
            " ",
            "data/x",
            "./data",
            "~/x",
            "file:///data/x",
            "C:/data",
            " /data/x",
            "//data/x",
            "///data/x",
            "/data/..",
            "/data/../etc",
            "/data/x/../../etc",
            "/../data",
            "/data/..;/etc",
            "/data/.. /etc",
            "/data/.../etc",
            "/data/. ./etc",
            "/data/..;a=b/etc",
            "/data/%2e%2e/etc",
            "/data/%252e%252e/etc",
            "/data/%c0%ae%c0%ae/etc",
            "/data/%u002e%u002e/etc",
            "/data/100%",
            "/data/..%2fetc",
            "/data\\..\\etc",
            "/data/x\\y",
            "/data/x\0",
            "/data/x\n",
            "/data/\u{7f}",
            "/data/\u{85}",
            "/data/\u{ff0e}\u{ff0e}/etc",
            "/data/\u{2025}/etc",
            "/data/.\u{2024}/etc",
            "/data/..\u{ff0f}etc",
            "/data/..\u{2215}etc",
            "/data/..\u{2044}etc",
            "/data/..\u{ff3c}etc",
            "/data/\u{ff05}2e\u{ff05}2e/etc",
            "/data/.\u{200b}./etc",
            "/data/..\u{feff}/etc",
        ] {
            assert_eq!(within(&["/data"], path), None, "{path:?}");
            assert_eq!(within(&["/"], path), None, "{path:?}");
        }
    }

    /// Where the standard library's reading of a path leads, without looking at any disk.
    fn lexically(path: &str) -> Option<Vec<String>> {
        let mut way = Vec::new();
        for component in Path::new(path).components() {
            match component {
                Component::RootDir => way.clear(),
                Component::Normal(name) => way.push(name.to_str()?.to_owned()),
                Component::ParentDir => drop(way.pop()),
                Component::CurDir => {}
                Component::Prefix(_) => return None,
            }
        }
        path.starts_with('/').then_some(way)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn nothing_that_leads_elsewhere_is_within(path in "(/(data|etc|\\.|\\.\\.|\\.\\.\\.|;|%2e|\u{ff0e}|x| |\\\\)?){0,6}") {
            let leads_into = lexically(&path).is_some_and(|way| way.first().is_some_and(|name| name == "data"));
            if within(&["/data"], &path) == Some(true) {
                prop_assert!(leads_into, "{path:?}");
            }
            // And what is read as elsewhere does lead elsewhere, so that it slips under no `deny_if`.
            if within(&["/data"], &path) == Some(false) {
                prop_assert!(!leads_into, "{path:?}");
            }
        }

        #[test]
        fn any_string_is_judged(path in any::<String>(), directory in any::<String>()) {
            let _ = within(&["/"], &path);
            let _ = super::directory(&directory);
        }
    }
}
