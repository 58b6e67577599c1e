//! Paths, URLs and addresses that others wrote to slip through: none does, under `require` or under `deny_if`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hostile_data;

use std::fs;

use policy_core::{Code, Engine, Identity, PolicySet};
use policy_json::JsonText;
use serde_json::json;

fn engine(list: &str, operator: &str, value: &[&str]) -> Engine {
    let group = json!({ "conditions": [{ "path": "args.x", "op": operator, "value": value }] });
    let policy = json!({ "version": "1", "default": "deny", "tools": { "run": { list: [group] } } });
    let policy = policy_json::load("p", policy.to_string().as_bytes()).unwrap();
    Engine::new(PolicySet::single(policy).unwrap())
}

fn code(engine: &Engine, text: &str) -> Code {
    let arguments = json!({ "x": text }).to_string();
    engine.evaluate(&Identity::new("ana"), "run", JsonText::new(arguments.as_bytes())).code()
}

/// What a server may make of a path that decodes it, once: percent-encoding (overlong UTF-8 and `%u` included), and
/// characters that fold into others.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let (byte, after) = match after {
            [b'u' | b'U', a, b, c, d, after @ ..] if *first == b'%' && hex(&[*a, *b, *c, *d]).is_some() => {
                let character = char::from_u32(hex(&[*a, *b, *c, *d]).unwrap()).unwrap_or('?');
                bytes.extend_from_slice(character.to_string().as_bytes());
                rest = after;
                continue;
            }
            [a, b, after @ ..] if *first == b'%' && hex(&[*a, *b]).is_some() => {
                (u8::try_from(hex(&[*a, *b]).unwrap()).unwrap(), after)
            }
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    // Overlong forms of the ASCII characters.
    let mut plain = Vec::new();
    let mut rest = bytes.as_slice();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (0xc0 | 0xc1, [low, after @ ..]) => (((first & 1) << 6) | (low & 0x3f), after),
            (0xe0, [0x80 | 0x81, low, after @ ..]) => (low & 0x3f, after),
            _ => (*first, after),
        };
        plain.push(byte);
        rest = after;
    }
    let folded = |character: char| match character {
        '\\' | '\u{2215}' | '\u{2216}' | '\u{2044}' | '\u{ff0f}' | '\u{ff3c}' => '/',
        '\u{ff0e}' => '.',
        '\u{ff05}' => '%',
        other => other,
    };
    String::from_utf8_lossy(&plain).chars().map(folded).collect()
}

/// Whether a path, taken name by name, leads out of `/data`.
fn leads_out(path: &str) -> bool {
    let mut way = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(way.pop()),
            other => way.push(other),
        }
        // What has once been outside is outside, whatever comes after.
        if way.is_empty() && name == ".." {
            return true;
        }
    }
    way.first() != Some(&"data")
}

/// Names in the lists that mean nothing but themselves where a path has begun with `/`.
const HARMLESS: [&str; 13] =
    ["", ".", "data", "a", "b", "etc", "passwd", "C:", "D:", "inetpub", "wwwroot", "global.asa", "boot.ini"];

#[test]
fn no_traversal_leads_out_of_a_directory() {
    let Some(folder) = hostile_data::folder("fuzzdb/attack/path-traversal") else { return };
    let within = engine("require", "path_within", &["/data"]);
    let nothing = engine("deny_if", "path_within", &["/"]);
    let elsewhere = engine("deny_if", "path_within", &["/etc", "/data"]);
    let (mut allowed, mut refused) = (0, 0);
    for file in ["traversals-8-deep-exotic-encoding.txt", "path-traversal-windows.txt"] {
        let lines = fs::read_to_string(folder.join(file)).unwrap();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let line = line.replace("{FILE}", "etc/passwd");
            for path in
                [line.clone(), format!("/data{line}"), format!("/data/{line}"), format!("/data/a/b/{line}")]
            {
                assert!([Code::DeniedByRule, Code::TypeMismatch].contains(&code(&nothing, &path)), "{path}");
                match code(&within, &path) {
                    Code::Allowed => {
                        allowed += 1;
                        let mut made = path.clone();
                        for _ in 0..4 {
                            assert!(!leads_out(&made), "{path} may be read as {made}");
                            made = decoded(&made);
                        }
                        assert_eq!(code(&elsewhere, &path), Code::DeniedByRule, "{path}");
                        // What is let through means what it says: dots that change nothing, and odd names.
                        let is_odd_name =
                            |name: &str| name.contains("0x2") || name.contains("0x5") || name.len() > 500;
                        let harmless = |name: &str| HARMLESS.contains(&name);
                        assert!(path.split('/').all(|name| harmless(name) || is_odd_name(name)), "{path}");
                    }
                    Code::TypeMismatch => {
                        refused += 1;
                        assert_eq!(code(&elsewhere, &path), Code::TypeMismatch, "{path}");
                    }
                    // It is plainly elsewhere.
                    other => assert_eq!(other, Code::RequireFailed, "{path}"),
                }
            }
        }
    }
    println!("{allowed} allowed, {refused} refused");
    assert!(refused > 1_000 && refused > 4 * allowed, "{allowed} allowed, {refused} refused");
}

#[test]
fn naughty_strings_are_no_paths_hosts_or_addresses() {
    let Some(folder) = hostile_data::folder("naughty-strings") else { return };
    let strings: Vec<String> = serde_json::from_slice(&fs::read(folder.join("blns.json")).unwrap()).unwrap();
    let by_host =
        if cfg!(feature = "url") { ("url_host_in", "example.com") } else { ("cidr_in", "10.0.0.0/8") };
    for (operator, value) in [("path_within", "/data"), by_host, ("cidr_in", "10.0.0.0/8")] {
        let [require, deny_if] = ["require", "deny_if"].map(|list| engine(list, operator, &[value]));
        let mut refused = 0;
        for text in &strings {
            // Each is what it is on both sides: judged, or refused by both.
            match code(&require, text) {
                Code::TypeMismatch => {
                    refused += 1;
                    assert_eq!(code(&deny_if, text), Code::TypeMismatch, "{text:?}");
                }
                other => {
                    assert_eq!(other, Code::RequireFailed, "{text:?}");
                    assert_eq!(code(&deny_if, text), Code::Allowed, "{text:?}");
                }
            }
            if operator == "path_within" {
                let appended = code(&require, &format!("/data/{text}"));
                assert!(
                    appended == Code::Allowed || appended == Code::TypeMismatch,
                    "{text:?}: {appended:?}"
                );
                let climbs = text.contains("..") && text.split(['/', '\\']).any(|name| name == "..");
                assert!(!climbs || appended == Code::TypeMismatch, "{text:?}");
            }
        }
        assert!(refused > 400, "{operator}: {refused}");
    }
}
