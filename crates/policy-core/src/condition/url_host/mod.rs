//! `url_host_in`: whether a URL goes to one of a few hosts.
//!
//! This file has the hosts that a policy lists and how they are compared; `target` reads the URL, and refuses what could be read
//! in two ways. What names resolve to is not looked at.

mod target;

use std::net::IpAddr;

use self::target::{SCHEMES, Target, Where, is_web, read_host, split_port, target};
use super::error::each_string;
use super::{ConditionError, Outcome, Sense};
use crate::arguments::Json;
use crate::value::Value;

/// The hosts that a policy lists.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Box<[Entry]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// `http` and `https` where there is none.
    scheme: Option<&'static str>,
    host: Wanted,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Name(Box<str>),
    /// Names that end so, and are longer; with the dot.
    Below(Box<str>),
    Address(IpAddr),
}

impl Hosts {
    pub(super) fn compile(value: &Value) -> Result<Self, ConditionError> {
        let wanted = "a list of hosts, such as `[\"example.com\", \"*.example.org\"]`";
        each_string(value, wanted, "a host, such as `\"example.com\"`", entry).map(Self)
    }

    /// Whether an entry names a scheme other than `http` and `https`.
    pub(super) fn has_other_schemes(&self) -> bool {
        self.0.iter().any(|entry| entry.scheme.is_some_and(|scheme| !is_web(scheme)))
    }

    pub(super) fn judge(&self, argument: Json<'_>, sense: Sense) -> Outcome {
        let Some(text) = argument.as_str() else { return Outcome::Mismatch };
        let Some(target) = target(text) else { return Outcome::Refused };
        let is_known =
            is_web(target.scheme) || self.0.iter().any(|entry| entry.scheme == Some(target.scheme));
        if !is_known {
            return Outcome::Refused;
        }
        Outcome::from(self.0.iter().any(|entry| entry.takes(&target, sense)))
    }
}

impl Entry {
    fn takes(&self, target: &Target, sense: Sense) -> bool {
        let scheme = self.scheme.map_or_else(|| is_web(target.scheme), |scheme| scheme == target.scheme);
        let port = match (self.port, sense) {
            (Some(port), _) => port == target.port,
            (None, Sense::Permits) => target.is_own_port,
            (None, Sense::Forbids) => true,
        };
        scheme && port && self.host.is(&target.host)
    }
}

impl Wanted {
    fn is(&self, host: &Where) -> bool {
        match (self, host) {
            (Self::Name(wanted), Where::Name(name)) => **wanted == **name,
            (Self::Below(suffix), Where::Name(name)) => {
                name.len() > suffix.len() && name.ends_with(&**suffix)
            }
            (Self::Address(wanted), Where::Address(address)) => wanted == address,
            _ => false,
        }
    }
}

/// A host as a policy lists it.
fn entry(text: &str) -> Result<Entry, String> {
    let (scheme, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) => {
            let known = SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme));
            let known = known.ok_or_else(|| {
                format!(
                    "has a scheme that cannot be listed: those that can are {}",
                    SCHEMES.map(|known| format!("`{known}`")).join(", ")
                )
            })?;
            (Some(known), rest)
        }
    };
    if rest.contains('@') {
        return Err("has user info, which no URL may have: write the host alone".to_owned());
    }
    if rest.contains(['/', '?', '#']) {
        return Err("has more than a host: write `host`, `host:port` or `scheme://host:port`".to_owned());
    }
    // An address without its brackets looks like a host and a port.
    if rest.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err(format!("is no host: write `[{rest}]`"));
    }
    let (host, port) = split_port(rest)
        .ok_or_else(|| "has no port after its colon: 0 to 65535, without leading zeros".to_owned())?;
    let host = match host.strip_prefix("*.") {
        Some(parent) => match read_host(parent)? {
            Where::Name(name) => Wanted::Below(format!(".{name}").into()),
            Where::Address(_) => return Err("is no host: an address has nothing below it".to_owned()),
        },
        None if host.contains('*') => {
            return Err(
                "has a star that is no first part: `*.example.com` is every name below `example.com`"
                    .to_owned(),
            );
        }
        None => match read_host(host)? {
            Where::Name(name) => Wanted::Name(name.into()),
            Where::Address(address) => Wanted::Address(address),
        },
    };
    Ok(Entry { scheme, host, port })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// `None` where the URL is refused.
    fn judged(entries: &[&str], url: &str, sense: Sense) -> Option<bool> {
        let hosts = Hosts(
            entries.iter().map(|text| entry(text).unwrap_or_else(|fault| panic!("{text} {fault}"))).collect(),
        );
        let target = target(url)?;
        let is_known =
            is_web(target.scheme) || hosts.0.iter().any(|entry| entry.scheme == Some(target.scheme));
        is_known.then(|| hosts.0.iter().any(|entry| entry.takes(&target, sense)))
    }

    /// The outcome in both senses, where it is the same.
    fn both(entries: &[&str], url: &str) -> Option<bool> {
        let [permits, forbids] = [Sense::Permits, Sense::Forbids].map(|sense| judged(entries, url, sense));
        assert_eq!(permits, forbids, "{url}");
        permits
    }

    #[test]
    fn hosts_are_compared_whole_and_in_their_normal_form() {
        let entries = ["example.com", "*.example.org", "192.0.2.1", "[2001:db8::1]", "bücher.example"];
        for (url, expected) in [
            ("https://example.com", true),
            ("http://example.com/", true),
            ("HTTPS://EXAMPLE.COM/A?b#c", true),
            ("https://example.com:443/", true),
            ("http://example.com:80", true),
            ("https://example.com?x=1", true),
            ("https://example.com#x", true),
            ("https://example.com/@evil.com", true),
            ("https://example.com/?q=a@evil.com#b@evil.com", true),
            ("https://example.com/é", true),
            ("https://a.example.org/", true),
            ("https://a.b.example.org/", true),
            ("http://192.0.2.1/", true),
            ("http://[2001:db8::1]/", true),
            ("http://[2001:DB8:0:0::1]:80/", true),
            ("http://[::ffff:192.0.2.1]/", true),
            ("http://[::ffff:c000:201]/", true),
            ("https://bücher.example/", true),
            ("https://BÜCHER.example/", true),
            ("https://xn--bcher-kva.example/", true),
            ("https://example.org/", false),
            ("https://aexample.org/", false),
            ("https://example.com.evil.com/", false),
            ("https://evil.com/example.com", false),
            ("https://evil.com/?https://example.com/", false),
            ("https://evil.com#https://example.com/", false),
            ("https://evil-example.com/", false),
            ("https://www.example.com/", false),
            ("https://exampl\u{435}.com/", false),
            ("https://\u{435}xample.com/", false),
            ("http://192.0.2.10/", false),
            ("http://localhost/", false),
        ] {
            assert_eq!(both(&entries, url), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for url in [
            "",
            "example.com",
            "//example.com/",
            "/x",
            "http:/example.com/",
            "http:example.com",
            "http:///example.com/",
            "https:\\\\example.com",
            "http://",
            "http://?",
            "http://#",
            "http://:80/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "file://example.com/x",
            "gopher://example.com/",
            "ftp://example.com/",
            "ws://example.com/",
            "ssh://example.com/",
            "about:blank",
            "blob:https://example.com/x",
            "view-source:https://example.com/",
            "http://user@example.com/",
            "http://user:pw@example.com/",
            "http://@example.com/",
            "http://:@example.com/",
            "http://example.com@evil.com/",
            "http://evil.com\\@example.com/",
            "http://example.com\\@evil.com/",
            "http://example.com\\.evil.com/",
            "http://example.com%2f@evil.com/",
            "http://example.com?@evil.com/",
            "http://example.com#@evil.com/",
            "http://example.com;@evil.com/",
            "http://example.com:80@evil.com/",
            "http://example.com:@evil.com/",
            " http://example.com/",
            "http://example.com/ ",
            "\thttp://example.com/",
            "http://exam\tple.com/",
            "http://example.com/\n",
            "ht\ntp://example.com/",
            "http://example.com/a b",
            "http://example.com/\0",
            "http://example.com\u{3000}/",
            "http://example.com/\u{a0}",
            "http://example.com./",
            "http://example.com../",
            "http://.example.com/",
            "http://a..example.com/",
            "http://example.com:/",
            "http://example.com:0080/",
            "http://example.com:+80/",
            "http://example.com:65536/",
            "http://example.com:80:80/",
            "http://example.com:x/",
            "http://example.com:８０/",
            "http://ex%61mple.com/",
            "http://example.com%00/",
            "http://example.com%2eevil.com/",
            "http://example%E3%80%82com/",
            "http://ｅｘａｍｐｌｅ.com/",
            "http://example。com/",
            "http://example．com/",
            "http://exa\u{ad}mple.com/",
            "http://exa\u{200b}mple.com/",
            "http://ⓔxample.com/",
            "http://faß.example/",
            "http://a\u{200d}b.example/",
            "http://bu\u{308}cher.example/",
            "http://xn--/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.01/",
            "http://127.0.0.1./",
            "http://1.2.3.4.5/",
            "http://256.0.0.1/",
            "http://１２７.0.0.1/",
            "http://①②⑦.0.0.1/",
            "http://[::1",
            "http://::1/",
            "http://[::1]x/",
            "http://[fe80::1%25eth0]/",
            "http://[fe80::1%eth0]/",
            "http://[example.com]/",
            "http://[v1.x]/",
            "http://[::1]:80x/",
            "http://exa;mple.com/",
            "http://exa,mple.com/",
            "http://exa$mple.com/",
            "http://*/",
            "http://example.com|evil.com/",
            "http://example.com`evil.com/",
            "http://<example.com>/",
        ] {
            for entries in [&["example.com", "127.0.0.1", "[::1]"][..], &["*.com", "*.example"], &[]] {
                assert_eq!(both(entries, url), None, "{url:?}");
            }
        }
    }

    #[test]
    fn a_host_without_a_port_is_its_own_port_where_it_permits_and_any_where_it_forbids() {
        for (entry, url, permits, forbids) in [
            ("example.com", "http://example.com:8080/", false, true),
            ("example.com", "http://example.com:443/", false, true),
            ("example.com", "https://example.com:80/", false, true),
            ("https://example.com", "https://example.com:8443/", false, true),
            ("[::1]", "http://[::1]:6379/", false, true),
            ("*.example.com", "http://a.example.com:8080/", false, true),
        ] {
            assert_eq!(judged(&[entry], url, Sense::Permits), Some(permits), "{entry} {url}");
            assert_eq!(judged(&[entry], url, Sense::Forbids), Some(forbids), "{entry} {url}");
        }
        for (entry, url, expected) in [
            ("example.com:8080", "http://example.com:8080/", true),
            ("example.com:8080", "https://example.com:8080/", true),
            ("example.com:8080", "http://example.com/", false),
            ("example.com:80", "http://example.com/", true),
            ("example.com:80", "https://example.com/", false),
            ("https://example.com", "https://example.com/", true),
            ("https://example.com", "http://example.com/", false),
            ("https://example.com", "http://example.com:443/", false),
            ("https://example.com:8443", "https://example.com:8443/", true),
            ("ftp://example.com", "ftp://example.com/x", true),
            ("ftp://example.com", "ftp://other.example/x", false),
            ("ftp://example.com", "http://example.com/x", false),
            ("wss://example.com", "wss://example.com:443/x", true),
            ("[::1]:80", "http://[::1]/", true),
            ("[::ffff:192.0.2.1]", "http://192.0.2.1/", true),
        ] {
            assert_eq!(both(&[entry], url), Some(expected), "{entry} {url}");
        }
    }

    #[test]
    fn entries_are_hosts_and_say_how_they_are_written() {
        assert_eq!(entry("EXAMPLE.com"), entry("example.com"));
        assert_eq!(entry("bücher.example"), entry("xn--bcher-kva.example"));
        assert_eq!(entry("HTTP://example.com:80"), entry("http://example.com:80"));
        for (text, hint) in [
            ("", "is no host"),
            ("*", "star"),
            ("*.", "is no host"),
            ("*example.com", "star"),
            ("a.*.com", "star"),
            ("*.*.com", "is no host"),
            ("*.192.0.2.1", "nothing below"),
            ("*.[::1]", "nothing below"),
            (".example.com", "empty part"),
            ("example.com.", "write `example.com`"),
            ("a..b", "empty part"),
            ("https://example.com/", "more than a host"),
            ("https://example.com/x", "more than a host"),
            ("example.com/x", "more than a host"),
            ("example.com?x", "more than a host"),
            ("user@example.com", "user info"),
            ("https://user:pw@example.com", "user info"),
            ("example.com:", "port"),
            ("example.com:080", "port"),
            ("example.com:65536", "port"),
            ("example.com:http", "port"),
            ("::1", "write `[::1]`"),
            ("2001:db8::1", "write `[2001:db8::1]`"),
            ("[::1", "is no host"),
            ("0x7f.1", "write `127.0.0.1`"),
            ("2130706433", "write `127.0.0.1`"),
            ("192.0.2.256", "is no host"),
            ("ex ample.com", "is no host"),
            ("ex%61mple.com", "is no host"),
            ("gopher://example.com", "`ftp`"),
            ("file://x", "`ftp`"),
            ("//example.com", "more than a host"),
            ("http:example.com", "port"),
            ("ｅｘａｍｐｌｅ.com", "write `example.com`"),
            ("faß.de", "write `xn--fa-hia.de`"),
        ] {
            let fault = entry(text).unwrap_err();
            assert!(fault.contains(hint), "{text}: {fault}");
        }
    }

    fn host() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => "(http|https|HTTP|ftp|file|x)(:|:/|://|:///|:\\\\\\\\)(a@|a:b@|@)?(example\\.com|EXAMPLE\\.COM|evil\\.com|a\\.example\\.com|127\\.0\\.0\\.1|0x7f\\.1|\\[::1\\]|e%78ample\\.com|example\\.com\\.)(:80|:8080|:|:080)?([/?#;\\\\@\t .%](evil\\.com|example\\.com|@|/)?){0,3}",
            1 => "\\PC{0,24}",
            1 => any::<String>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

        #[test]
        fn a_url_is_judged_by_the_very_host_that_the_parser_sees(url in host()) {
            let entries = ["example.com", "*.example.com", "127.0.0.1", "ftp://[::1]"];
            for sense in [Sense::Permits, Sense::Forbids] {
                let Some(holds) = judged(&entries, &url, sense) else { continue };
                let parsed = Url::parse(&url).unwrap();
                let seen = parsed.host_str().unwrap();
                let is_web = matches!(parsed.scheme(), "http" | "https");
                let listed = is_web && (seen == "example.com" || seen.ends_with(".example.com") || seen == "127.0.0.1")
                    || parsed.scheme() == "ftp" && seen == "[::1]";
                let port = sense == Sense::Forbids || parsed.port().is_none();
                prop_assert_eq!(holds, listed && port, "{}", url);
                prop_assert!(parsed.username().is_empty() && parsed.password().is_none());
            }
        }

        #[test]
        fn any_string_is_read(text in any::<String>()) {
            let _ = entry(&text);
            let _ = target(&text);
            let _ = target(&format!("http://{text}"));
            let _ = entry(&format!("*.{text}:1"));
        }
    }
}
