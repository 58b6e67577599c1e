//! Exact numbers, against arithmetic that is slow and plain: digits written out in full, and whole numbers of 128 bits.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod hostile_data;
mod random;

use std::cmp::Ordering;
use std::fs;

use policy_core::arguments::Caps;
use policy_core::{Amount, AmountError, Decimal, EXPONENT_MAX, NUMBER_TEXT_MAX};
use policy_json::Parsed;
use proptest::prelude::*;
use random::cases;

/// A number in parts: sign, digits before and after the point, exponent.
#[derive(Clone, Debug)]
struct Parts {
    negative: bool,
    integer: String,
    fraction: String,
    exponent: i32,
}

impl Parts {
    /// As JSON, in one of the ways there are.
    fn text(&self, style: u8) -> String {
        let sign = if self.negative { "-" } else { "" };
        let point = if self.fraction.is_empty() { "" } else { "." };
        let letter = if style & 1 == 0 { 'e' } else { 'E' };
        let exponent = match (self.exponent, style & 2) {
            (0, 0) => String::new(),
            (exponent, 0) => format!("{letter}{exponent}"),
            (exponent, _) => format!("{letter}{exponent:+03}"),
        };
        format!("{sign}{}{point}{}{exponent}", self.integer, self.fraction)
    }

    /// Every digit from the 128th before the point to the 128th after it.
    fn written_out(&self) -> String {
        const PLACES: usize = 128;
        let digits = format!("{}{}", self.integer, self.fraction);
        let before = i32::try_from(PLACES - self.integer.len()).unwrap() - self.exponent;
        let before = usize::try_from(before).unwrap();
        format!("{}{digits}{}", "0".repeat(before), "0".repeat(2 * PLACES - before - digits.len()))
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.written_out(), other.written_out());
        let is_negative =
            |parts: &Self, digits: &str| parts.negative && digits.bytes().any(|digit| digit != b'0');
        match (is_negative(self, &ours), is_negative(other, &theirs)) {
            (false, false) => ours.cmp(&theirs),
            (true, true) => theirs.cmp(&ours),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let integer = prop_oneof![Just("0".to_owned()), "[1-9][0-9]{0,3}", "[1-9]0{0,20}", "[1-9][0-9]{16,24}"];
    let fraction = prop_oneof![Just(String::new()), "[0-9]{1,3}", "0{0,20}[0-9]", "[0-9]{15,30}"];
    let exponent = prop_oneof![Just(0), -3..4_i32, -60..61_i32];
    (any::<bool>(), integer, fraction, exponent).prop_map(|(negative, integer, fraction, exponent)| Parts {
        negative,
        integer,
        fraction,
        exponent,
    })
}

/// The same value in other parts: the point moved, noughts added.
fn rewritten(parts: &Parts, shift: usize, noughts: usize) -> Parts {
    let digits = format!("{}{}{}", parts.integer, parts.fraction, "0".repeat(noughts));
    let shift = shift % digits.len();
    // Leading noughts are none of JSON's; the first digit that is not one stays before the point.
    let leading = digits.bytes().take_while(|digit| *digit == b'0').count().min(digits.len() - 1);
    let digits = &digits[leading..];
    let integer = if digits.starts_with('0') { 1 } else { 1 + shift % digits.len() };
    let point =
        i32::try_from(parts.integer.len()).unwrap() - i32::try_from(leading).unwrap() + parts.exponent;
    Parts {
        negative: parts.negative,
        integer: digits[..integer].to_owned(),
        fraction: digits[integer..].to_owned(),
        exponent: point - i32::try_from(integer).unwrap(),
    }
}

fn decimal(text: &str) -> Decimal<'_> {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
}

proptest! {
    #![proptest_config(cases(2_048))]

    #[test]
    fn numbers_are_in_the_order_of_their_digits(left in parts(), right in parts(), styles in any::<[u8; 2]>()) {
        let (ours, theirs) = (left.text(styles[0]), right.text(styles[1]));
        prop_assert_eq!(decimal(&ours).cmp(&decimal(&theirs)), left.compare(&right), "{} and {}", ours, theirs);
    }

    #[test]
    fn a_number_equals_itself_however_it_is_written(
        number in parts(), style in any::<u8>(), shift in 0..80_usize, noughts in 0..20_usize,
    ) {
        let (text, other) = (number.text(0), rewritten(&number, shift, noughts).text(style));
        prop_assert_eq!(decimal(&text), decimal(&other), "{} and {}", text, other);
    }

    /// One more in the last of its digits, whichever that is, is more.
    #[test]
    fn the_last_digit_counts(number in parts(), digit in 0..9_u8) {
        let with = |digit: u8| Parts { fraction: format!("{}{digit}", number.fraction), ..number.clone() };
        let (less, more) = (with(digit).text(0), with(digit + 1).text(0));
        let expected = if number.negative { Ordering::Greater } else { Ordering::Less };
        prop_assert_eq!(decimal(&less).cmp(&decimal(&more)), expected, "{} and {}", less, more);
    }

    #[test]
    fn the_order_is_total(numbers in prop::collection::vec(parts(), 3)) {
        let texts: Vec<String> = numbers.iter().map(|number| number.text(0)).collect();
        let [a, b, c] = [&texts[0], &texts[1], &texts[2]].map(|text| decimal(text));
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        prop_assert_eq!(a.partial_cmp(&b), Some(a.cmp(&b)));
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            prop_assert_eq!(a.cmp(&c), b.cmp(&c));
        }
    }

    /// Against whole numbers of millionths in 128 bits.
    #[test]
    fn amounts_are_whole_millionths(
        digits in prop_oneof![0..10_000_000_000_u128, 18_446_744_073_709_500_000..18_446_744_073_709_600_000_u128],
        exponent in -18..16_i32,
        negative in any::<bool>(),
    ) {
        let text = format!("{}{digits}e{exponent}", if negative { "-" } else { "" });
        let amount = Amount::from_decimal(decimal(&text));
        let shift = 10_u128.pow((exponent + 6).unsigned_abs());
        let (micros, rest) = match exponent + 6 {
            0.. => (digits.saturating_mul(shift), 0),
            _ => (digits / shift, digits % shift),
        };
        let expected = match (digits, negative, u64::try_from(micros), rest) {
            (0, ..) => Ok(Amount::ZERO),
            (_, true, ..) => Err(AmountError::Negative),
            (_, _, Err(_), _) => Err(AmountError::TooLarge),
            (_, _, Ok(micros), 0) => Ok(Amount::from_micros(micros)),
            _ => Err(AmountError::TooPrecise),
        };
        prop_assert_eq!(amount, expected, "{}", text);
    }

    #[test]
    fn an_amount_that_is_shown_reads_back_the_same(micros in any::<u64>()) {
        let amount = Amount::from_micros(micros);
        prop_assert_eq!(Amount::from_decimal(decimal(&amount.to_string())), Ok(amount));
    }
}

/// Whether RFC 8259 has such a number, told by cutting it up.
fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (mantissa, None),
    };
    digits(integer)
        && (integer == "0" || !integer.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

fn is_within_caps(text: &str) -> bool {
    let exponent = text.split_once(['e', 'E']).map_or("0", |(_, exponent)| exponent);
    let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    text.len() <= NUMBER_TEXT_MAX
        && (exponent.is_empty() || exponent.parse().is_ok_and(|exponent: i32| exponent <= EXPONENT_MAX))
}

/// Numbers that have been hard on other readers, with the bits of the float that each is nearest to.
#[test]
fn hard_numbers_are_read_and_are_in_the_order_of_their_floats() {
    let Some(folder) = hostile_data::folder("number-parsing") else { return };
    for entry in fs::read_dir(folder.join("data")).unwrap() {
        let path = entry.unwrap().path();
        let lines = fs::read_to_string(&path).unwrap();
        let mut numbers: Vec<(f64, &str)> = Vec::new();
        for line in lines.lines() {
            let [_, _, bits, text] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let expected = is_json_number(text) && is_within_caps(text);
            assert_eq!(Decimal::parse(text).is_some(), expected, "{text}");
            assert_eq!(Parsed::parse(text.as_bytes(), Caps::default()).is_ok(), expected, "{text} as JSON");
            if expected {
                numbers.push((f64::from_bits(u64::from_str_radix(bits, 16).unwrap()), text));
            }
        }
        assert!(numbers.len() > 10, "{} holds numbers", path.display());
        numbers.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        // With what comes next, and with what comes much later.
        for apart in [1, 2, 100] {
            for ((less, ours), (more, theirs)) in numbers.iter().zip(numbers.iter().skip(apart)) {
                if less < more {
                    assert!(decimal(ours) < decimal(theirs), "{ours} < {theirs}");
                }
            }
        }
    }
}
