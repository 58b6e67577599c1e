//! `cidr_in`: whether an IP address is in one of a few networks.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::error::each_string;
use super::{ConditionError, Outcome, Sense};
use crate::arguments::Json;
use crate::value::Value;

/// How many bits of an IPv6 address say that it carries an IPv4 address.
const MAPPED_BITS: u8 = 96;

/// The networks that a policy lists.
#[derive(Clone, Debug)]
pub(super) struct Networks(Box<[IpNet]>);

impl Networks {
    pub(super) fn compile(value: &Value) -> Result<Self, ConditionError> {
        let wanted = "a list of networks, such as `[\"10.0.0.0/8\", \"fd00::/8\"]`";
        each_string(value, wanted, "a network, such as `\"10.0.0.0/8\"`", network).map(Self)
    }

    pub(super) fn judge(&self, argument: Json<'_>, sense: Sense) -> Outcome {
        let Some(text) = argument.as_str() else { return Outcome::Mismatch };
        // The standard library reads addresses strictly: no leading zeros, no missing parts, no other base than the
        // usual, no zones, no blanks.
        let Ok(address) = text.parse::<IpAddr>() else { return Outcome::Refused };
        Outcome::from(self.judge_address(address, sense))
    }

    fn judge_address(&self, address: IpAddr, sense: Sense) -> bool {
        let carried = address.to_canonical();
        // What carries an IPv4 address is that address. Where it is forbidden, as it is written counts too: `::/0`
        // means every address that is written so.
        let as_written = sense == Sense::Forbids && carried != address && self.hold(address);
        as_written || self.hold(carried)
    }

    fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A network as a policy writes it, or a single address. What carries IPv4 addresses is a network of those.
fn network(text: &str) -> Result<IpNet, String> {
    let (address, bits) = match text.split_once('/') {
        None => (text, None),
        Some((address, bits)) => (address, Some(bits)),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(
            "is no network: an IP address, and after a slash how many of its bits count, as `10.0.0.0/8`"
                .to_owned(),
        );
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        None => most,
        Some(bits) => prefix_bits(bits).filter(|bits| *bits <= most).ok_or_else(|| {
            format!("is no network: after the slash comes a number from 0 to {most}, without leading zeros")
        })?,
    };
    let network = IpNet::new(address, bits).map_err(|_| "is no network".to_owned())?;
    if network.trunc() != network {
        return Err(format!(
            "has bits set that its {bits} bits do not reach: write `{}` for the network, `{address}` for the address",
            network.trunc()
        ));
    }
    Ok(carried_network(network).unwrap_or(network))
}

fn prefix_bits(text: &str) -> Option<u8> {
    let is_plain = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    if is_plain { text.parse().ok() } else { None }
}

/// `::ffff:10.0.0.0/104` as the network of IPv4 addresses that it is.
fn carried_network(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(network) = network else { return None };
    let address: Ipv4Addr = network.addr().to_ipv4_mapped()?;
    let bits = network.prefix_len().checked_sub(MAPPED_BITS)?;
    Ipv4Net::new(address, bits).ok().map(IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn networks_are_written_without_bits_that_do_not_count() {
        for text in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "192.0.2.1",
            "192.0.2.1/32",
            "::/0",
            "fd00::/8",
            "::1",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(network(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "10/8",
            "010.0.0.0/8",
            "0xa.0.0.0/8",
            "10.0.0.0 /8",
            " 10.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "fe80::%1/64",
            "[::1]",
            "::1/129",
            "example.com",
            "10.0.0.0-10.0.0.9",
            "*",
        ] {
            assert!(network(text).is_err(), "{text}");
        }
        let fault = network("10.1.2.3/8").unwrap_err();
        assert!(fault.contains("`10.0.0.0/8`") && fault.contains("`10.1.2.3`"), "{fault}");
    }

    #[test]
    fn a_network_of_carried_addresses_is_theirs() {
        assert_eq!(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
        assert_eq!(network("::ffff:0:0/96"), network("0.0.0.0/0"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("::/64"), network("0.0.0.0/0"));
    }

    /// Whether an address is one of 32 bits, and its bits.
    fn bits(address: IpAddr) -> (bool, u128) {
        match address {
            IpAddr::V4(address) => (true, u128::from(u32::from(address))),
            IpAddr::V6(address) => (false, u128::from(address)),
        }
    }

    /// Whether the first so many bits are the same, told by shifting.
    fn begins_alike(one: IpAddr, other: IpAddr, count: u8) -> bool {
        let [(one_is_short, one), (other_is_short, other)] = [bits(one), bits(other)];
        if one_is_short != other_is_short {
            return false;
        }
        let width = if one_is_short { 32 } else { 128_u32 };
        let cut = |bits: u128| bits.checked_shr(width.abs_diff(u32::from(count))).unwrap_or(0);
        cut(one) == cut(other)
    }

    /// An address; half of them near those that networks begin with, and some that carry another.
    fn address() -> impl Strategy<Value = IpAddr> {
        let near = (prop::sample::select(vec![0x0a00_0000_u32, 0x7f00_0000, 0xc000_0200]), any::<u8>());
        let short = prop_oneof![any::<u32>(), near.prop_map(|(base, low)| base | u32::from(low))];
        let long = prop_oneof![
            any::<u128>(),
            any::<u8>().prop_map(|low| (0xfd_u128 << 120) + u128::from(low)),
            any::<u32>().prop_map(|low| 0xffff_0000_0000 + u128::from(low)),
            (0..4_u128),
        ];
        prop_oneof![
            short.prop_map(|bits| IpAddr::V4(bits.into())),
            long.prop_map(|bits| IpAddr::V6(bits.into())),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

        #[test]
        fn an_address_is_in_a_network_exactly_when_it_begins_like_it(
            base in address(), other in prop::option::of(address()), count in 0..=128_u8, flip in any::<u32>(),
        ) {
            let width = if base.is_ipv4() { 32 } else { 128 };
            let count = count.min(width);
            let base = IpNet::new(base, count).unwrap().trunc().addr();
            // An address of its own, or one that differs from the network in one bit.
            let address = other.unwrap_or_else(|| match base {
                IpAddr::V4(base) => IpAddr::V4((u32::from(base) ^ (1 << (flip % 32))).into()),
                IpAddr::V6(base) => IpAddr::V6((u128::from(base) ^ (1 << (flip % 128))).into()),
            });
            let networks = Networks([network(&format!("{base}/{count}")).unwrap()].into());
            // A network all of whose addresses carry others is the network of those.
            let carries = count >= MAPPED_BITS && base.to_canonical() != base;
            let (base, count) = if carries { (base.to_canonical(), count.abs_diff(MAPPED_BITS)) } else { (base, count) };
            let carried = address.to_canonical();
            let narrow = begins_alike(carried, base, count);
            prop_assert_eq!(networks.judge_address(carried, Sense::Permits), narrow);
            prop_assert_eq!(networks.judge_address(address, Sense::Permits), narrow);
            let wide = narrow || carried != address && begins_alike(address, base, count);
            prop_assert_eq!(networks.judge_address(address, Sense::Forbids), wide);
        }

        #[test]
        fn any_string_is_read(text in "[0-9a-f:./%x ]{0,24}|\\PC{0,16}") {
            let _ = network(&text);
        }
    }
}
