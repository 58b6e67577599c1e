//! Where a URL goes. It is read twice: by a plain split at the marks of RFC 3986, and by the `url` crate, which reads as browsers do.
//! Where the two do not see the same scheme, host and port, or the host is written in a way that other readers are known to take
//! differently, there is no answer.

use std::net::IpAddr;

use url::{Host, Url};

use crate::condition::look_alikes::{is_backslash, is_percent, is_slash};

/// The schemes that an entry can name: those whose hosts are read like those of `http`.
pub(super) const SCHEMES: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// What a URL says of where it goes, in its normal form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) scheme: &'static str,
    pub(super) host: Where,
    pub(super) port: u16,
    pub(super) is_own_port: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Where {
    Name(String),
    Address(IpAddr),
}

/// Whether an entry without a scheme is for that one.
pub(super) fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

/// Where a URL goes; `None` where two readers could see it going to different places.
pub(super) fn target(text: &str) -> Option<Target> {
    // What some drop, some trim, and some take for a slash.
    if text
        .contains(|character: char| character.is_control() || character.is_whitespace() || character == '\\')
    {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
    // Some look for the path first, some for the query: user info has no place before either.
    let before_path = rest.split('/').next()?;
    if before_path.contains('@') {
        return None;
    }
    let (host, port) = split_port(before_path.split(['?', '#']).next()?)?;
    let host = read_host(host).ok()?;
    let url = Url::parse(text).ok()?;
    let own_port = own_port(scheme);
    let target = Target {
        scheme,
        host,
        port: port.unwrap_or(own_port),
        is_own_port: port.is_none_or(|port| port == own_port),
    };
    let seen = match url.host()? {
        Host::Domain(name) => Where::Name(name.to_owned()),
        Host::Ipv4(address) => Where::Address(IpAddr::V4(address)),
        Host::Ipv6(address) => Where::Address(IpAddr::V6(address).to_canonical()),
    };
    let is_same =
        url.scheme() == scheme && seen == target.host && url.port_or_known_default() == Some(target.port);
    let is_bare = url.username().is_empty() && url.password().is_none();
    (is_same && is_bare).then_some(target)
}

fn own_port(scheme: &str) -> u16 {
    match scheme {
        "http" | "ws" => 80,
        "ftp" => 21,
        _ => 443,
    }
}

/// A host and its port, where it has one. `None` where the port is none, or has zeros before it.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let name_ends = authority.rfind(']').unwrap_or_default();
    let Some(colon) = authority.rfind(':').filter(|colon| *colon >= name_ends) else {
        return Some((authority, None));
    };
    let (host, port) = authority.split_at_checked(colon)?;
    let digits = port.strip_prefix(':')?;
    let is_plain = digits == "0" || digits.starts_with(|first: char| matches!(first, '1'..='9'));
    let port =
        digits.parse().ok().filter(|_| is_plain && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((host, Some(port)))
}

/// A host in its normal form, if it is written in a way that all read alike; otherwise what is wrong with it.
pub(super) fn read_host(text: &str) -> Result<Where, String> {
    let is_bracketed = text.starts_with('[');
    let is_plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.') || !character.is_ascii()
    };
    let is_mark = |character: char| is_slash(character) || is_backslash(character) || is_percent(character);
    if text.is_empty() || text.contains(is_mark) || !(is_bracketed || text.chars().all(is_plain)) {
        return Err("is no host".to_owned());
    }
    match Host::parse(text) {
        Err(_) if !is_bracketed && text.parse::<std::net::Ipv6Addr>().is_ok() => {
            Err(format!("is no host: write `[{text}]`"))
        }
        Err(error) => Err(format!("is no host: {error}")),
        Ok(Host::Ipv6(address)) => Ok(Where::Address(IpAddr::V6(address).to_canonical())),
        Ok(Host::Ipv4(address)) if address.to_string() == text => Ok(Where::Address(IpAddr::V4(address))),
        // Octal to some and decimal to others; one number to some and a name to others.
        Ok(Host::Ipv4(address)) => Err(format!("is an address in an unusual form: write `{address}`")),
        Ok(Host::Domain(name)) if name.ends_with('.') => {
            Err(format!("ends in a dot: write `{}`", name.trim_end_matches('.')))
        }
        Ok(Host::Domain(name)) if name.split('.').any(str::is_empty) => {
            Err("is no host: it has an empty part".to_owned())
        }
        Ok(Host::Domain(name)) if !reads_alike(text, &name) => {
            Err(format!("is a host in a form that some read otherwise: write `{name}`"))
        }
        Ok(Host::Domain(name)) => Ok(Where::Name(name)),
    }
}

/// Whether a name is written as what its normal form says. Characters that are folded into others, and the four that the
/// standards of internationalised names disagree about, are read differently by different readers.
fn reads_alike(written: &str, normal: &str) -> bool {
    if written.is_ascii() {
        return written.eq_ignore_ascii_case(normal);
    }
    let (shown, valid) = idna::domain_to_unicode(normal);
    valid.is_ok()
        && shown == written.to_lowercase()
        && !written.contains(['ß', 'ẞ', 'ς', '\u{200c}', '\u{200d}'])
}
