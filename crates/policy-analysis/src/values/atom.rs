//! A condition on a string, apart from where the string stands: what it comes to, as a language where it is one, and what
//! follows from one condition for another where it is not.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use ipnet::{IpNet, Ipv4Net};
use policy_core::{Condition, Operator, Outcome, Path, Sense, Value};

use super::language::Language;
use super::text::judge;

/// A condition on a string. Two are the same where operator, value and sense are.
#[derive(Debug)]
pub(crate) struct Atom {
    condition: Condition,
    sense: Sense,
    /// The strings for which it holds, where that is a language; such an atom never mismatches on a string.
    language: OnceLock<Option<Language>>,
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.condition == other.condition && self.sense == other.sense
    }
}

impl Atom {
    /// `None` only if a path with one name were none.
    pub(crate) fn new(condition: &Condition, sense: Sense) -> Option<Arc<Self>> {
        let path = Path::parse("args.string").ok()?;
        let condition = Condition::new(path, condition.operator(), condition.value().clone()).ok()?;
        // Everything but these reads strings alike, whatever follows from it.
        let sense = match condition.operator() {
            Operator::UrlHostIn | Operator::CidrIn => sense,
            _ => Sense::Permits,
        };
        Some(Arc::new(Self { condition, sense, language: OnceLock::new() }))
    }

    /// What the condition really comes to with this string.
    pub(crate) fn judge(&self, string: &str) -> Option<Outcome> {
        let arguments = Value::Object(vec![("string".into(), Value::String(string.into()))]);
        judge(&self.condition, self.sense, &arguments)
    }

    /// Whether every string either holds or is false.
    pub(crate) fn always_judges(&self) -> bool {
        matches!(
            self.condition.operator(),
            Operator::Regex | Operator::Contains | Operator::StartsWith | Operator::EndsWith
        )
    }

    pub(crate) fn language(&self) -> Option<&Language> {
        let pattern = || match (self.condition.operator(), self.condition.value()) {
            (Operator::Regex, Value::String(pattern)) => Language::new(pattern),
            (Operator::Contains, Value::String(part)) => Language::new(&literal(part)),
            (Operator::StartsWith, Value::String(part)) => Language::new(&format!("\\A{}", literal(part))),
            (Operator::EndsWith, Value::String(part)) => Language::new(&format!("{}\\z", literal(part))),
            _ => None,
        };
        self.language.get_or_init(pattern).as_ref()
    }

    fn entries(&self) -> impl Iterator<Item = &str> {
        let list = match self.condition.value() {
            Value::Array(list) => &**list,
            _ => &[],
        };
        list.iter().filter_map(|entry| match entry {
            Value::String(text) => Some(&**text),
            _ => None,
        })
    }

    /// Whether it is certain that where this holds one of the others holds too.
    pub(crate) fn implies_one_of(&self, others: &[&Self]) -> bool {
        let comparable = |other: &&&Self| {
            other.condition.operator() == self.condition.operator()
                && (self.sense == other.sense || self.sense == Sense::Permits)
        };
        let others: Vec<&&Self> = others.iter().filter(comparable).collect();
        let includes = match self.condition.operator() {
            Operator::PathWithin => path_includes,
            Operator::UrlHostIn => host_includes,
            Operator::CidrIn => |_: &str, _: &str, _| false,
            _ => return false,
        };
        if self.condition.operator() == Operator::CidrIn {
            // Networks that lie side by side are together what one wider network is.
            let networks: Vec<IpNet> =
                others.iter().flat_map(|other| other.entries()).filter_map(network).collect();
            let together = IpNet::aggregate(&networks);
            return self.entries().all(|entry| {
                network(entry).is_some_and(|entry| together.iter().any(|wider| wider.contains(&entry)))
            });
        }
        self.entries().all(|entry| {
            others.iter().any(|other| other.entries().any(|wider| includes(wider, entry, other.sense)))
        })
    }

    /// Whether it refuses exactly the strings that the other refuses.
    pub(crate) fn refuses_like(&self, other: &Self) -> bool {
        let same = self.condition.operator() == other.condition.operator();
        match self.condition.operator() {
            Operator::PathWithin | Operator::CidrIn => same,
            // A URL of a scheme that no entry names is refused.
            Operator::UrlHostIn => {
                same && self.entries().chain(other.entries()).all(|entry| !entry.contains("://"))
            }
            _ => false,
        }
    }

    /// Strings that the condition may well tell apart from others.
    pub(crate) fn candidates(&self) -> Vec<String> {
        let entries: Vec<&str> = self.entries().collect();
        match self.condition.operator() {
            Operator::PathWithin => path_candidates(&entries),
            Operator::CidrIn => network_candidates(&entries),
            Operator::UrlHostIn => host_candidates(&entries),
            _ => Vec::new(),
        }
    }
}

/// The pattern of exactly this text.
fn literal(text: &str) -> String {
    text.chars().map(|character| format!("\\x{{{:x}}}", u32::from(character))).collect()
}

fn path_includes(wider: &str, entry: &str, _: Sense) -> bool {
    wider == "/" || entry.strip_prefix(wider).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn path_candidates(entries: &[&str]) -> Vec<String> {
    let mut candidates = Vec::new();
    for entry in entries {
        let base = entry.trim_end_matches('/');
        candidates.extend([
            format!("{base}/x"),
            (*entry).to_owned(),
            format!("{base}-x"),
            format!("/.{entry}"),
        ]);
        if let Some((parent, _)) = base.rsplit_once('/') {
            candidates.push(format!("{parent}/x"));
        }
    }
    candidates.extend(["/x", "/", "x"].map(ToOwned::to_owned));
    candidates
}

/// A network; what carries IPv4 addresses is a network of those.
fn network(text: &str) -> Option<IpNet> {
    let network: IpNet = match text.parse() {
        Ok(network) => network,
        Err(_) => text.parse::<IpAddr>().ok()?.into(),
    };
    match network {
        IpNet::V6(six) => match (six.addr().to_ipv4_mapped(), six.prefix_len().checked_sub(96)) {
            (Some(four), Some(bits)) => Ipv4Net::new(four, bits).ok().map(IpNet::V4),
            _ => Some(network),
        },
        IpNet::V4(_) => Some(network),
    }
}

fn network_candidates(entries: &[&str]) -> Vec<String> {
    let mut candidates = Vec::new();
    for network in entries.iter().filter_map(|entry| network(entry)) {
        let (first, last) = (network.network(), network.broadcast());
        candidates.extend([first, last].map(|address| address.to_string()));
        candidates.extend([beside(first, true), beside(last, false)].into_iter().flatten());
    }
    candidates.extend(["203.0.113.7", "2001:db8::7", "x"].map(ToOwned::to_owned));
    candidates
}

/// The address before or after.
fn beside(address: IpAddr, before: bool) -> Option<String> {
    let step = |number: u128| if before { number.checked_sub(1) } else { number.checked_add(1) };
    Some(match address {
        IpAddr::V4(four) => {
            let number = u32::try_from(step(u32::from(four).into())?).ok()?;
            std::net::Ipv4Addr::from(number).to_string()
        }
        IpAddr::V6(six) => std::net::Ipv6Addr::from(step(six.into())?).to_string(),
    })
}

/// An entry of `url_host_in` as it is written: scheme, host, port.
fn split_entry(entry: &str) -> (Option<String>, String, Option<&str>) {
    let (scheme, rest) = match entry.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, entry),
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (rest, None),
    };
    (scheme, host.to_ascii_lowercase(), port)
}

/// Entries that are written in other ways than the plain one are not seen through: then nothing is said.
fn host_includes(wider: &str, entry: &str, sense: Sense) -> bool {
    let (wider_scheme, wider_host, wider_port) = split_entry(wider);
    let (scheme, host, port) = split_entry(entry);
    let schemes = match (wider_scheme.as_deref(), scheme.as_deref()) {
        (None, None | Some("http" | "https")) => true,
        (wider, scheme) => wider == scheme,
    };
    let ports = wider_port == port || (wider_port.is_none() && sense == Sense::Forbids);
    let hosts = wider_host == host
        || wider_host.strip_prefix('*').is_some_and(|suffix| {
            suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix)
        });
    schemes && ports && hosts
}

fn host_candidates(entries: &[&str]) -> Vec<String> {
    let mut candidates = Vec::new();
    for entry in entries {
        let (scheme, host, port) = split_entry(entry);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let schemes =
            scheme.map_or_else(|| vec!["https".to_owned(), "http".to_owned()], |scheme| vec![scheme]);
        for scheme in schemes {
            let (plain, below) = match host.strip_prefix("*.") {
                Some(parent) => (parent.to_owned(), format!("a.{parent}")),
                None => (host.clone(), format!("a.{host}")),
            };
            for host in [&plain, &below] {
                candidates.push(format!("{scheme}://{host}{port}/"));
                candidates.push(format!("{scheme}://{host}:8443/"));
            }
        }
    }
    candidates.extend(["https://elsewhere.example/", "x"].map(ToOwned::to_owned));
    candidates
}
