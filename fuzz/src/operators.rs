//! Target `operators`: the operators that parse what they judge, against models that share nothing with them; and paths
//! into lists, against a walk over a tree.

use std::net::IpAddr;
use std::path::{Component, Path as FilePath};

use policy_core::arguments::{Caps, Json};
use policy_core::{Condition, Operator, Outcome, Path, Sense, Step, Value};
use policy_json::Parsed;
use serde_json::Value as Tree;

use crate::choices::Choices;
use crate::grammar::{DIRECTORIES, HOSTS, NETWORKS};

/// Judges a text by an operator, or arguments along a path. The first bytes choose; what is left is the text, and up to a
/// line end an entry of the policy's list.
///
/// - Nothing panics, whatever the text, the entry or the path.
/// - What holds in the narrow sense holds in the wide one, and what one sense refuses the other refuses too.
/// - **`path_within`** holds for no path that leads elsewhere, name by name, and is false for none that leads there; what
///   is not refused has no name that could be read as `..`, and nothing that could be decoded into one.
/// - **`url_host_in`** holds exactly where the host, scheme and port that the `url` crate sees are listed; what is not refused
///   has one host only, wherever a reader looks for it.
/// - **`cidr_in`** holds exactly where the first bits of the address are those of the network, told by shifting.
/// - **`[*]`** comes to what the reference says of the outcomes at the single elements.
///
/// # Panics
/// Where any of that does not hold.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let which = choices.below(5);
    let listed = choices.below(32);
    let text = String::from_utf8_lossy(choices.bytes(usize::MAX)).into_owned();
    let (entry, text) = match text.split_once('\n') {
        Some((entry, text)) => (Some(entry), text),
        None => (None, &*text),
    };
    match which {
        0 => check_path(&chosen(&DIRECTORIES, listed), entry, text),
        1 => check_url(&chosen(&HOSTS, listed), entry, text),
        2 => check_address(&chosen(&NETWORKS, listed), entry, text),
        3 => check_ends(entry.unwrap_or_default(), text),
        _ => check_elements(entry.unwrap_or("args.a[*]"), text),
    }
}

/// Those whose bit is set.
fn chosen<'t>(all: &[&'t str], bits: usize) -> Vec<&'t str> {
    all.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).map(|(_, one)| *one).collect()
}

fn list(entries: &[&str]) -> Value {
    Value::Array(entries.iter().map(|entry| Value::String((*entry).into())).collect())
}

/// The outcomes in the narrow sense and in the wide one; `None` where the entries are none.
fn judge(operator: Operator, value: Value, argument: &Tree) -> Option<[Outcome; 2]> {
    let path = Path::parse("args.x").expect("a path");
    let condition = Condition::new(path, operator, value).ok()?;
    let text = serde_json::json!({ "x": argument }).to_string();
    let parsed =
        Parsed::parse(text.as_bytes(), Caps { bytes: usize::MAX, ..Caps::default() }).expect("it is JSON");
    let root = parsed.root().expect("it is JSON");
    let outcomes = [Sense::Permits, Sense::Forbids].map(|sense| condition.judge(root, sense));
    match outcomes {
        [Outcome::Holds, wide] => assert_eq!(wide, Outcome::Holds, "what holds narrowly holds widely"),
        [Outcome::False, wide] => assert!(matches!(wide, Outcome::Holds | Outcome::False), "{wide:?}"),
        [one, other] => assert_eq!(one, other, "what one sense cannot judge the other cannot"),
    }
    Some(outcomes)
}

/// The outcomes for a text, after an entry of anybody's has been tried.
fn judge_text(operator: Operator, entries: &[&str], entry: Option<&str>, text: &str) -> Option<[Outcome; 2]> {
    let argument = Tree::from(text);
    if let Some(entry) = entry {
        // Nothing is known of it but that it does no harm.
        let _ = judge(operator, list(&[entry]), &argument);
    }
    let outcomes =
        judge(operator, list(entries), &argument).expect("what the grammar lists is fit to be listed");
    assert!(!outcomes.contains(&Outcome::Mismatch), "a string is no mismatch");
    (!outcomes.contains(&Outcome::Refused)).then_some(outcomes)
}

fn check_path(directories: &[&str], entry: Option<&str>, text: &str) {
    let Some([narrow, wide]) = judge_text(Operator::PathWithin, directories, entry, text) else { return };
    assert_eq!(narrow, wide);
    assert!(text.starts_with('/') && !text.starts_with("//"), "{text:?} stands for itself");
    assert!(!text.contains(['%', '\\']) && !text.contains(char::is_control), "{text:?} stands for itself");
    let mut way = Vec::new();
    for component in FilePath::new(text).components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => way.push(name.to_str().expect("it came from a string")),
            Component::ParentDir | Component::Prefix(_) => panic!("{text:?} climbs"),
        }
    }
    let leads_into = |directory: &&str| {
        let names: Vec<_> = directory.split('/').filter(|name| !name.is_empty()).collect();
        way.starts_with(&names)
    };
    assert_eq!(narrow == Outcome::Holds, directories.iter().any(leads_into), "{text:?} in {directories:?}");
}

fn check_url(hosts: &[&str], entry: Option<&str>, text: &str) {
    let Some(outcomes) = judge_text(Operator::UrlHostIn, hosts, entry, text) else { return };
    let url = url::Url::parse(text).expect("what is judged is a URL");
    assert!(matches!(url.scheme(), "http" | "https"), "no other scheme is listed: {text:?}");
    assert!(url.username().is_empty() && url.password().is_none(), "{text:?}");
    let host = url.host_str().expect("it goes somewhere");
    assert!(
        !host.is_empty() && !host.ends_with('.') && !host.starts_with('.') && !host.contains(".."),
        "{text:?}"
    );
    // Wherever a reader ends the authority, and whatever it takes for user info, the host is the same.
    let (_, rest) = text.split_once("://").expect("what is judged has a scheme");
    let authority =
        rest.split(['/', '?', '#', '\\', ';', '&', ',', ' ']).next().expect("there is a first part");
    let before_path = rest.split('/').next().expect("there is a first part");
    assert!(!before_path.contains('@') && before_path.starts_with(authority), "{text:?}");
    if authority.is_ascii() {
        let name_ends = authority.rfind(']').unwrap_or_default();
        let written = match authority.rfind(':') {
            Some(colon) if colon > name_ends => authority.split_at(colon).0,
            _ => authority,
        };
        assert!(written.starts_with('[') || written.eq_ignore_ascii_case(host), "{text:?} goes to {host}");
    }
    let port = url.port_or_known_default().expect("both schemes have one");
    let is_own = url.port().is_none();
    let address = match url.host() {
        Some(url::Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(url::Host::Ipv6(address)) => Some(IpAddr::V6(address).to_canonical()),
        _ => None,
    };
    let own = |wide: bool| wide || is_own;
    let takes = |entry: &str, wide: bool| match entry {
        "a.example" => host == "a.example" && own(wide),
        "*.a.example" => host.ends_with(".a.example") && own(wide),
        "https://x.a.example:8443" => url.scheme() == "https" && host == "x.a.example" && port == 8443,
        "[::1]" => address == "::1".parse().ok() && own(wide),
        "10.0.0.1" => address == "10.0.0.1".parse().ok() && own(wide),
        other => panic!("{other} is a host that the model does not know"),
    };
    for (outcome, wide) in outcomes.into_iter().zip([false, true]) {
        let expected = hosts.iter().any(|entry| takes(entry, wide));
        assert_eq!(outcome == Outcome::Holds, expected, "{text:?} among {hosts:?}");
    }
}

fn check_address(networks: &[&str], entry: Option<&str>, text: &str) {
    let outcomes = judge_text(Operator::CidrIn, networks, entry, text);
    let address = text.parse::<IpAddr>();
    assert_eq!(outcomes.is_some(), address.is_ok(), "{text:?} is an address or none");
    let (Some([narrow, wide]), Ok(address)) = (outcomes, address) else { return };
    let short = match address {
        IpAddr::V4(address) => Some(u32::from(address)),
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            (bits >> 32 == 0xffff).then(|| u32::try_from(bits & 0xffff_ffff).expect("32 bits"))
        }
    };
    let takes = |network: &&str, wide: bool| match *network {
        "10.0.0.0/8" | "::ffff:10.0.0.0/104" => short.is_some_and(|bits| bits >> 24 == 10),
        "0.0.0.0/0" => short.is_some(),
        "::1" => address == IpAddr::V6(1_u128.into()),
        "::/0" => address.is_ipv6() && (wide || short.is_none()),
        other => panic!("{other} is a network that the model does not know"),
    };
    for (outcome, wide) in [(narrow, false), (wide, true)] {
        let expected = networks.iter().any(|network| takes(network, wide));
        assert_eq!(outcome == Outcome::Holds, expected, "{text:?} in {networks:?}");
    }
}

fn check_ends(affix: &str, text: &str) {
    for (operator, backwards) in [(Operator::StartsWith, false), (Operator::EndsWith, true)] {
        let outcomes = judge(operator, Value::String(affix.into()), &Tree::from(text))
            .expect("a string is what it wants");
        let in_order = |text: &str| -> Vec<char> {
            if backwards { text.chars().rev().collect() } else { text.chars().collect() }
        };
        let expected = in_order(text).starts_with(&in_order(affix));
        assert_eq!(outcomes, [Outcome::from(expected); 2], "{} {affix:?} of {text:?}", operator.name());
    }
}

/// The operators that elements are judged by, and their values.
fn by_element() -> [(Operator, Value); 4] {
    [
        (Operator::Lte, Value::Number(policy_core::Number::parse("5").expect("a number"))),
        (Operator::Eq, Value::String("a".into())),
        (Operator::Exists, Value::Bool(false)),
        (Operator::PathWithin, list(&["/a"])),
    ]
}

fn check_elements(path: &str, text: &str) {
    let Ok(path) = Path::parse(path) else { return };
    let Ok(parsed) = Parsed::parse(text.as_bytes(), Caps::default()) else { return };
    if parsed.duplicates().next().is_some() {
        return;
    }
    let root = parsed.root().expect("what was read has a value");
    let steps: Vec<Step<'_>> = path.steps().collect();
    for (operator, value) in by_element() {
        let condition =
            Condition::new(path.clone(), operator, value.clone()).expect("the operator takes the value");
        let single =
            Condition::new(Path::parse("args.x").expect("a path"), operator, value).expect("the same");
        for sense in [Sense::Permits, Sense::Forbids] {
            let expected = walk(&steps, Some(root), &parsed, &single, sense);
            assert_eq!(condition.judge(root, sense), expected, "{} {} {text}", path.text(), operator.name());
        }
    }
}

/// What a condition along these steps comes to, by the reference: a step at a time, and every element by itself.
fn walk(
    steps: &[Step<'_>],
    value: Option<Json<'_>>,
    parsed: &Parsed<'_>,
    single: &Condition,
    sense: Sense,
) -> Outcome {
    let is_list = |value: Json<'_>| parsed.raw(value).starts_with('[');
    let is_null = |value: Json<'_>| parsed.raw(value) == "null";
    let (Some((step, rest)), Some(value)) = (steps.split_first(), value) else {
        let text = value.map_or("{}".to_owned(), |value| format!("{{\"x\": {}}}", parsed.raw(value)));
        let alone = Parsed::parse(text.as_bytes(), Caps { depth: 128, ..Caps::default() })
            .expect("a part is JSON too");
        return single.judge(alone.root().expect("a part is JSON too"), sense);
    };
    let next = match step {
        Step::Element(_) | Step::Every if is_null(value) => None,
        Step::Element(_) | Step::Every if !is_list(value) => return Outcome::Mismatch,
        Step::Every => {
            let elements: Vec<_> = value.elements().collect();
            if elements.is_empty() {
                return walk(&[], None, parsed, single, sense);
            }
            let outcomes: Vec<_> = elements
                .into_iter()
                .map(|element| walk(rest, Some(element), parsed, single, sense))
                .collect();
            let decisive = if sense == Sense::Permits { Outcome::False } else { Outcome::Holds };
            let in_order = [decisive, Outcome::Refused, Outcome::Mismatch];
            let told = in_order.into_iter().find(|outcome| outcomes.contains(outcome));
            return told.unwrap_or(outcomes[0]);
        }
        Step::Element(index) => value.elements().nth(*index),
        Step::NameOrElement(_, index) if is_list(value) => value.elements().nth(*index),
        Step::Name(name) | Step::NameOrElement(name, _) => {
            value.members().find(|(member, _)| member.as_str() == Some(name)).map(|(_, value)| value)
        }
        other => panic!("{other:?} is a step that the model does not know"),
    };
    walk(if next.is_some() { rest } else { &[] }, next, parsed, single, sense)
}
