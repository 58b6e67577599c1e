//! Names of tools and counters: alike, with characters that do not show, with stars. Names are compared byte for byte, so one
//! that only looks like the other is another.

use std::collections::{BTreeMap, HashMap};

use policy_core::Policy;
use policy_json::{Part, ToolCatalogue};
use unicode_security::skeleton;

use super::code::{LintCode, Severity};
use super::finding::{Findings, shown, tool_pointer};
use super::rules::{LimitAt, limits, limits_of_all};

/// The longest name that MCP has.
const NAME_MAX: usize = 128;

pub(super) fn check(policy: &Policy, catalogue: Option<&ToolCatalogue>, findings: &mut Findings) {
    let mut tools = Alike::new("tools");
    let ruled = policy.tools.keys().map(|name| (&**name, tool_pointer(name), Part::Name));
    let hidden = policy.hide.iter().enumerate();
    let hidden = hidden.map(|(place, name)| (&**name, format!("/hide/{place}"), Part::Value));
    for (name, pointer, part) in ruled.chain(hidden) {
        // A star alone is a word of the format under `hide`.
        if name == "*" && part == Part::Value {
            continue;
        }
        tool_name(name, (&pointer, part), findings);
        // Where the server has both, both are meant.
        let is_listed = catalogue.is_some_and(|catalogue| catalogue.tool(name).is_some());
        tools.look(name, is_listed, (pointer, part), findings);
    }
    let mut counters = BTreeMap::new();
    let own = policy.tools.iter().flat_map(|(name, tool)| limits(name, tool));
    for limit in own.chain(limits_of_all(policy)).filter(|limit| limit.place.is_some()) {
        counters.entry(limit.limit.counter.clone()).or_insert(limit);
    }
    let mut alike = Alike::new("counters");
    for (name, limit) in &counters {
        counter_name(name, limit, findings);
        alike.look(name, false, (format!("{}/counter", limit.pointer()), Part::Value), findings);
    }
}

fn tool_name(name: &str, (pointer, part): (&str, Part), findings: &mut Findings) {
    let here = || (pointer.to_owned(), part);
    let mut add = |code, severity, message, help: &str| {
        findings.add_as(code, severity, here(), message, Some(help.to_owned()));
    };
    if name.contains('*') {
        let code = LintCode::StarInName;
        let message = format!("`{}` is the name of one tool: a star stands for itself", shown(name));
        return add(
            code,
            code.severity(),
            message,
            "write out each name; only `hide` knows `\"*\"`, for all tools",
        );
    }
    if has_blank(name) {
        let code = LintCode::BlankInName;
        let message =
            format!("`{}` begins or ends with a blank, or has characters that do not show", shown(name));
        return add(
            code,
            code.severity(),
            message,
            "names are compared byte for byte: write it as the server does",
        );
    }
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    if !name.bytes().all(usual) || name.is_empty() || name.len() > NAME_MAX {
        let code = LintCode::UnusualName;
        let plain: String = skeleton(name).collect();
        let looks_plain = !name.is_ascii() && plain.bytes().all(usual);
        let (severity, message) = if looks_plain {
            let message = format!("`{}` looks like plain letters and is not", apart(name));
            (Severity::Warning, message)
        } else {
            let message = format!("`{}` is no name that MCP servers give to tools", shown(name));
            (code.severity(), message)
        };
        add(code, severity, message, "MCP names have 1 to 128 of the characters A-Z a-z 0-9 _ . - /");
    }
}

fn counter_name(name: &str, limit: &LimitAt<'_>, findings: &mut Findings) {
    if has_blank(name) {
        let message =
            format!("`{}` begins or ends with a blank, or has characters that do not show", shown(name));
        let help = "limits share a counter only if its name is the same, byte for byte".to_owned();
        findings.add(LintCode::BlankInName, format!("{}/counter", limit.pointer()), message, help);
    }
}

fn has_blank(name: &str) -> bool {
    let invisible = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
                    | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                    | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
            )
    };
    name.trim() != name || name.contains(invisible)
}

/// A name with everything escaped that is no plain letter: names that look alike are then told apart.
fn apart(name: &str) -> String {
    const MOST: usize = 60;
    let escape = |character: char| match character {
        plain if plain.is_ascii() => plain.escape_debug().to_string(),
        other => other.escape_unicode().to_string(),
    };
    let more = if name.chars().nth(MOST).is_some() { "..." } else { "" };
    name.chars().take(MOST).map(escape).chain([more.to_owned()]).collect()
}

/// Names seen so far, by what they look like. One lookup for each name, whatever their number.
struct Alike<'p> {
    what: &'static str,
    folded: HashMap<String, (&'p str, bool)>,
    skeletons: HashMap<String, (&'p str, bool)>,
}

impl<'p> Alike<'p> {
    fn new(what: &'static str) -> Self {
        Self { what, folded: HashMap::new(), skeletons: HashMap::new() }
    }

    fn look(&mut self, name: &'p str, is_listed: bool, place: (String, Part), findings: &mut Findings) {
        let folded = name.to_lowercase().replace(['-', '_', '.', ' ', '/'], "");
        let other = |seen: Option<&(&'p str, bool)>| {
            let (other, listed) = *seen?;
            (other != name && !(is_listed && listed)).then_some(other)
        };
        let by_letters = other(self.folded.get(&folded));
        let skeleton: String = skeleton(name).collect();
        let by_looks = other(self.skeletons.get(&skeleton));
        let found = by_letters.map(|other| (other, "differ in case or separators only"));
        if let Some((other, how)) = found.or(by_looks.map(|other| (other, "look alike"))) {
            let message = format!("the {} `{}` and `{}` {how}", self.what, apart(other), apart(name));
            let help = "names are compared byte for byte: if one thing is meant, write one name".to_owned();
            let code = LintCode::NamesAlike;
            findings.add_as(code, code.severity(), place, message, Some(help));
        }
        // Without letters there is nothing to be alike.
        if !folded.is_empty() {
            self.folded.entry(folded).or_insert((name, is_listed));
        }
        self.skeletons.entry(skeleton).or_insert((name, is_listed));
    }
}
