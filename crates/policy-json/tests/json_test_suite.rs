//! JSONTestSuite: what a parser must accept is accepted, what it must refuse is refused, and what it may choose is as the
//! reference has it, which is read from the reference itself. Each file as a whole text, and as a value in the arguments of
//! a call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod hostile_data;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use policy_core::arguments::Caps;
use policy_core::{
    Code, Condition, Decimal, DefaultEffect, Engine, Group, Identity, Operator, Policy, PolicySet, Tool,
    Value,
};
use policy_json::{JsonText, Parsed};

/// The files of a folder whose names begin so, without their extension.
fn files(folder: &Path, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path));
    let wanted = named.filter(|(name, _)| name.starts_with(prefix));
    wanted.map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

fn suite(folder: &str, prefix: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let files = files(&hostile_data::folder("nst-JSONTestSuite")?.join(folder), prefix);
    assert!(!files.is_empty(), "there are files that begin with {prefix}");
    Some(files)
}

/// Why the text is refused; `None` where it is accepted.
fn refused(text: &[u8]) -> Option<String> {
    Parsed::parse(text, Caps::default()).err().map(|error| error.fault.to_string())
}

/// An engine that looks at the arguments, and asks nothing of them.
fn nosy() -> Engine {
    let path = policy_core::Path::parse("args.never").unwrap();
    let condition = Condition::new(path, Operator::Eq, Value::Null).unwrap();
    let deny_if = vec![Group { conditions: vec![condition], ..Group::default() }];
    let mut policy = Policy::new("p", DefaultEffect::Deny);
    policy.tools.insert("run".into(), Tool { deny_if, ..Tool::default() });
    Engine::new(PolicySet::single(policy).unwrap())
}

/// The file as the value of an argument: why the call is denied; `None` where it is allowed.
fn denied(engine: &Engine, text: &[u8]) -> Option<String> {
    let spliced = [br#"{"x": "#, text, b"}"].concat();
    let decision = engine.evaluate(&Identity::new("ana"), "run", JsonText::new(&spliced));
    if decision.is_allowed() {
        return None;
    }
    assert_eq!(decision.code(), Code::InvalidArguments);
    let message = decision.message();
    let reason = message.strip_prefix("The arguments are not acceptable: ").unwrap();
    Some(reason.rsplit_once(" at byte ").unwrap().0.to_owned())
}

/// Two of the files that must be accepted have a name twice in one object. Reading them is no trouble, and every such name is
/// known; but as arguments they are ambiguous.
const NAME_TWICE: [&str; 2] = ["y_object_duplicated_key", "y_object_duplicated_key_and_value"];

#[test]
fn what_must_be_accepted_is_accepted() {
    let Some(files) = suite("test_parsing", "y_") else { return };
    let engine = nosy();
    for (name, text) in files {
        let parsed = Parsed::parse(&text, Caps::default());
        let parsed = parsed.unwrap_or_else(|error| panic!("{name} is accepted, but: {error}"));
        assert!(parsed.root().is_some(), "{name} has a value");
        let twice = NAME_TWICE.contains(&name.as_str());
        assert_eq!(parsed.duplicates().count(), usize::from(twice), "{name}");
        let expected = twice.then(|| "a name stands twice in one object".to_owned());
        assert_eq!(denied(&engine, &text), expected, "{name} as an argument");
        if text.trim_ascii().starts_with(b"{") {
            let decision = engine.evaluate(&Identity::new("ana"), "run", JsonText::new(&text));
            assert_eq!(decision.is_allowed(), !twice, "{name} as the arguments");
        }
    }
}

#[test]
fn what_must_be_refused_is_refused() {
    let Some(files) = suite("test_parsing", "n_") else { return };
    let engine = nosy();
    for (name, text) in files {
        assert!(refused(&text).is_some(), "{name} is refused");
        assert!(denied(&engine, &text).is_some(), "{name} is refused as an argument");
        let decision = engine.evaluate(&Identity::new("ana"), "run", JsonText::new(&text));
        assert_eq!(decision.code(), Code::InvalidArguments, "{name} is refused as the arguments");
    }
}

/// The table of section 11.1 of the reference: each file's name, and what becomes of it.
fn reference() -> BTreeMap<String, String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy-format.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `i_"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (format!("i_{}", cells[0].trim_end_matches('`')), cells[2].to_owned())
    };
    rows.map(row).collect()
}

#[test]
fn what_may_be_either_is_as_the_reference_has_it() {
    let Some(files) = suite("test_parsing", "i_") else { return };
    let (engine, reference) = (nosy(), reference());
    assert!(files.keys().eq(reference.keys()), "the reference has a line for each of them, and no other");
    for (name, text) in files {
        let documented = &reference[&name];
        let Some(reason) = refused(&text) else {
            assert_eq!(documented, "accepted, exactly", "{name}");
            assert_eq!(denied(&engine, &text), None, "{name} as an argument");
            let written = std::str::from_utf8(&text).unwrap().trim();
            let parsed = Parsed::parse(&text, Caps::default()).unwrap();
            let number = parsed.root().unwrap().elements().next().unwrap().as_number().unwrap();
            assert_eq!(format!("[{number}]"), written, "{name} is kept digit by digit");
            continue;
        };
        assert_eq!(*documented, format!("refused: {reason}"), "{name}");
        let as_argument =
            denied(&engine, &text).unwrap_or_else(|| panic!("{name} is refused as an argument"));
        // A mark is one at the beginning of a text only.
        assert!(as_argument == reason || reason == "a byte order mark", "{name}: {as_argument}");
    }
}

/// Files that parsers read differently, though few refuse them.
#[test]
fn what_other_readers_change_is_kept_or_refused() {
    let Some(files) = suite("test_transform", "") else { return };
    let engine = nosy();
    for (name, text) in files {
        let expected = match name.as_str() {
            number if number.starts_with("number_") => {
                let parsed = Parsed::parse(&text, Caps::default()).unwrap();
                let read = parsed.root().unwrap().elements().next().unwrap().as_number().unwrap().to_owned();
                let named = number.trim_start_matches("number_");
                assert!(
                    Decimal::parse(&read) == Decimal::parse(named) && Decimal::parse(&read).is_some(),
                    "{name}"
                );
                None
            }
            "object_key_nfc_nfd" | "object_key_nfd_nfc" => {
                let parsed = Parsed::parse(&text, Caps::default()).unwrap();
                let root = parsed.root().unwrap();
                assert_eq!((root.len(), parsed.duplicates().count()), (2, 0), "{name}: two names");
                let value = |key: &str| root.get(key).unwrap().as_str().unwrap();
                assert_eq!((value("\u{e9}"), value("e\u{301}")), ("NFC", "NFD"), "{name}");
                None
            }
            same if same.starts_with("object_same_key_") => Some("a name stands twice in one object"),
            "string_with_escaped_NULL" => None,
            escaped if escaped.ends_with("escaped_invalid_codepoint") => Some("a lone surrogate"),
            escaped if escaped.ends_with("escaped_invalid_codepoints") => Some("a lone surrogate"),
            other if other.starts_with("string_") => Some("bytes that are not UTF-8"),
            other => panic!("{other} is a file that nobody has thought about"),
        };
        assert_eq!(denied(&engine, &text).as_deref(), expected, "{name}");
    }
}
