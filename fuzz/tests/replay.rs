//! Replays through the fuzz targets what is there to replay: their seeds, the case files, and JSON that others wrote.

use std::fs;
use std::path::{Path, PathBuf};

use policy_core::arguments::{Json, Kind};
use policy_json::{DOCUMENT_CAPS, Parsed};

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 4] = [
    ("load_policy", policy_fuzz::load_policy::check),
    ("arguments", policy_fuzz::arguments::check),
    ("evaluate", policy_fuzz::evaluate::check),
    ("operators", policy_fuzz::operators::check),
];

#[test]
fn every_seed_holds() {
    for (target, check) in TARGETS {
        let seeds = files(&here().join("seeds").join(target));
        assert!(!seeds.is_empty(), "{target} has seeds");
        replay(check, &seeds);
    }
}

#[test]
fn every_case_file_holds() {
    let files = files(&here().join("../cases"));
    assert!(!files.is_empty(), "there are case files");
    for (_, check) in TARGETS {
        replay(check, &files);
    }
    for path in files {
        println!("{}", path.display());
        let text = fs::read(path).unwrap();
        let parsed = Parsed::parse(&text, DOCUMENT_CAPS).unwrap();
        parts(&parsed, parsed.root().unwrap());
    }
}

#[test]
fn json_that_others_wrote_holds() {
    // Stands beside the clone, or not.
    let suite = here().join("../../shared/data/hostile/nst-JSONTestSuite/test_parsing");
    if !suite.is_dir() {
        println!("nothing to replay: there is no {}", suite.display());
        return;
    }
    let files = files(&suite);
    assert!(files.len() > 300, "the suite is whole");
    for (_, check) in TARGETS {
        replay(check, &files);
    }
    // Arguments are objects, so each text is tried as a member too.
    for path in files {
        println!("{}", path.display());
        let text = fs::read(path).unwrap();
        policy_fuzz::arguments::check(&[b"{\"a\": ", text.as_slice(), b"}"].concat());
        policy_fuzz::arguments::check(&[b"{\"a\": {\"b\": ", text.as_slice(), b"}}"].concat());
    }
}

/// The policies and arguments in a case file, wherever they stand, as text or as values.
fn parts(parsed: &Parsed<'_>, value: Json<'_>) {
    for (name, member) in value.members() {
        let check: Check = match name.as_str() {
            Some("policy" | "policy_text") => policy_fuzz::load_policy::check,
            Some("arguments" | "arguments_text") => policy_fuzz::arguments::check,
            _ => {
                parts(parsed, member);
                continue;
            }
        };
        check(member.as_str().unwrap_or(parsed.raw(member)).as_bytes());
    }
    if value.kind() == Kind::Array {
        value.elements().for_each(|element| parts(parsed, element));
    }
}

fn replay(check: Check, files: &[PathBuf]) {
    for path in files {
        // Shown where the test fails: what follows is about this file.
        println!("{}", path.display());
        check(&fs::read(path).expect("a file can be read"));
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a directory can be read").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
