//! Exact decimal numbers, read from JSON number text and never turned into a float.
//! Leaves the JSON grammar around a number to whoever reads it.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// The longest number text that is looked at, in bytes.
pub const NUMBER_TEXT_MAX: usize = 1024;
/// The largest exponent, either way, that is looked at.
pub const EXPONENT_MAX: i32 = 9_999;

/// A view of one JSON number's text that compares by value, exactly: `1`, `1.0` and `10e-1` are equal.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a> {
    pub(crate) negative: bool,
    integer: &'a [u8],
    fraction: &'a [u8],
    exponent: i32,
}

impl<'a> Decimal<'a> {
    /// Reads number text of the grammar of RFC 8259, section 6. `None` when it is not of that grammar, longer than
    /// [`NUMBER_TEXT_MAX`] bytes, or has an exponent beyond [`EXPONENT_MAX`].
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() > NUMBER_TEXT_MAX {
            return None;
        }
        let (negative, rest) = match bytes.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, bytes),
        };
        let (integer, rest) = split_digits(rest);
        let well_formed = matches!(integer, [b'0'] | [b'1'..=b'9', ..]);
        if !well_formed {
            return None;
        }
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', after)) => {
                let (digits, rest) = split_digits(after);
                if digits.is_empty() {
                    return None;
                }
                (digits, rest)
            }
            _ => (&[][..], rest),
        };
        let exponent = match rest.split_first() {
            Some((b'e' | b'E', after)) => read_exponent(after)?,
            None => 0,
            Some(_) => return None,
        };
        Some(Self { negative, integer, fraction, exponent })
    }

    /// The digits from the first that is not zero.
    pub(crate) fn significant(&self) -> impl Iterator<Item = u8> + Clone + 'a {
        let (integer, fraction) = (self.integer, self.fraction);
        integer.iter().chain(fraction).copied().skip_while(|digit| *digit == b'0')
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.significant().next().is_none()
    }

    /// Where the decimal point stands before the significant digits: the value is `0.ddd... * 10^point`.
    pub(crate) fn point(&self) -> i64 {
        let leading = self.integer.iter().chain(self.fraction).take_while(|digit| **digit == b'0').count();
        to_i64(self.integer.len()).saturating_sub(to_i64(leading)).saturating_add(i64::from(self.exponent))
    }

    /// Whether it is a whole number, by value: `1.0` and `10e-1` are.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        // The digits after the last that is not zero do not matter; the others have to stand before the point.
        let digits = self.significant().enumerate().filter(|(_, digit)| *digit != b'0');
        digits.last().is_none_or(|(last, _)| to_i64(last) < self.point())
    }

    /// The whole number that it is; `None` where it is none, or beyond 128 bits.
    #[must_use]
    pub fn as_whole(&self) -> Option<i128> {
        if !self.is_whole() {
            return None;
        }
        let Ok(places) = usize::try_from(self.point()) else { return Some(0) };
        let mut whole: i128 = 0;
        if self.is_zero() {
            return Some(0);
        }
        // Forty digits overflow in any case.
        for digit in self.significant().chain(std::iter::repeat(b'0')).take(places.min(40)) {
            whole = whole.checked_mul(10)?.checked_add(i128::from(digit.wrapping_sub(b'0')))?;
        }
        (places <= 40).then(|| if self.negative { whole.wrapping_neg() } else { whole })
    }

    /// Whether it is a whole multiple of `divisor`, exactly; `None` where the divisor is zero or has more significant
    /// digits than the nineteen that are looked at.
    #[must_use]
    pub fn is_multiple_of(&self, divisor: &Decimal<'_>) -> Option<bool> {
        let (unit, unit_places) = divisor.coefficient()?;
        if unit == 0 {
            return None;
        }
        let digits = self.significant().enumerate().filter(|(_, digit)| *digit != b'0');
        let Some((last, _)) = digits.last() else { return Some(true) };
        // The value is its digits up to the last that is not zero, times ten to this.
        let places = self.point().saturating_sub(to_i64(last)).saturating_sub(1);
        let Ok(mut zeros) = u64::try_from(places.saturating_sub(unit_places)) else {
            // The divisor has a factor of ten more than the value.
            return Some(false);
        };
        let modulus = u128::from(unit);
        let mut rest: u128 = 0;
        for digit in self.significant().take(last.saturating_add(1)) {
            rest = remainder(rest, 10, u128::from(digit.wrapping_sub(b'0')), modulus);
        }
        let mut power: u128 = 10;
        while zeros > 0 {
            if zeros & 1 == 1 {
                rest = remainder(rest, power, 0, modulus);
            }
            power = remainder(power, power, 0, modulus);
            zeros = zeros.wrapping_shr(1);
        }
        Some(rest == 0)
    }

    /// The significant digits as one number, without zeros at the end, and the power of ten they are to be taken times.
    fn coefficient(&self) -> Option<(u64, i64)> {
        let digits = self.significant().enumerate().filter(|(_, digit)| *digit != b'0');
        let Some((last, _)) = digits.last() else { return Some((0, 0)) };
        let mut coefficient: u64 = 0;
        for digit in self.significant().take(last.saturating_add(1)) {
            coefficient = coefficient.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))?;
        }
        Some((coefficient, self.point().saturating_sub(to_i64(last)).saturating_sub(1)))
    }

    fn magnitude_cmp(&self, other: &Decimal<'_>) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let by_point = self.point().cmp(&other.point());
        if by_point != Ordering::Equal {
            return by_point;
        }
        let (mut ours, mut theirs) = (self.significant(), other.significant());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return Ordering::Equal,
                (ours, theirs) => {
                    let by_digit = ours.unwrap_or(b'0').cmp(&theirs.unwrap_or(b'0'));
                    if by_digit != Ordering::Equal {
                        return by_digit;
                    }
                }
            }
        }
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

/// Equal values hash alike, however they are written.
impl Hash for Decimal<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        if self.is_zero() {
            return hasher.write_u8(0);
        }
        hasher.write_u8(if self.negative { 2 } else { 1 });
        hasher.write_i64(self.point());
        let digits = self.significant().enumerate().filter(|(_, digit)| *digit != b'0');
        let last = digits.last().map_or(0, |(last, _)| last);
        self.significant().take(last.saturating_add(1)).for_each(|digit| hasher.write_u8(digit));
        hasher.write_u8(0);
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Zero has no sign: -0 equals 0.
        let ours = self.negative && !self.is_zero();
        let theirs = other.negative && !other.is_zero();
        match (ours, theirs) {
            (false, false) => self.magnitude_cmp(other),
            (true, true) => other.magnitude_cmp(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.split_at_checked(digits).unwrap_or((bytes, &[]))
}

fn read_exponent(bytes: &[u8]) -> Option<i32> {
    let (negative, digits) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() {
        return None;
    }
    let mut exponent: i32 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| i32::from(digit.wrapping_sub(b'0')))?;
        exponent = exponent.checked_mul(10)?.checked_add(digit)?;
        if exponent > EXPONENT_MAX {
            return None;
        }
    }
    Some(if negative { exponent.wrapping_neg() } else { exponent })
}

/// `(factor * other + more) mod modulus`. Factors that are below 2^64 cannot overflow.
fn remainder(factor: u128, other: u128, more: u128, modulus: u128) -> u128 {
    let sum = (factor.wrapping_rem(modulus)).wrapping_mul(other.wrapping_rem(modulus)).wrapping_add(more);
    sum.wrapping_rem(modulus)
}

fn to_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal<'_> {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn equal_values_are_equal_however_they_are_written() {
        for other in ["1.0", "1e0", "10e-1", "0.1E+1", "1.000", "100e-2"] {
            assert_eq!(decimal("1"), decimal(other), "{other}");
        }
        assert_eq!(decimal("-0"), decimal("0.000e99"));
        assert_eq!(decimal("120"), decimal("1.2e2"));
    }

    #[test]
    fn order_is_exact_where_floats_are_not() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("18446744073709551615", "18446744073709551616"),
            ("0.1", "0.10000000000000000000000000000001"),
            ("1e399", "1e400"),
            ("-2", "-1.5"),
            ("-1", "0"),
            ("-1", "1e-9999"),
            ("0", "1e-9999"),
            ("99", "1e2"),
        ] {
            assert!(decimal(less) < decimal(more), "{less} < {more}");
            assert!(decimal(more) > decimal(less), "{more} > {less}");
        }
    }

    #[test]
    fn equal_values_hash_alike() {
        use std::hash::BuildHasher;
        let key = std::hash::RandomState::new();
        for (ours, theirs) in
            [("1", "1.0"), ("100e-2", "1"), ("-0", "0e9"), ("120", "1.2e2"), ("0.050", "5e-2")]
        {
            assert_eq!(key.hash_one(decimal(ours)), key.hash_one(decimal(theirs)), "{ours} and {theirs}");
        }
        assert_ne!(key.hash_one(decimal("1")), key.hash_one(decimal("-1")));
        assert_ne!(key.hash_one(decimal("1")), key.hash_one(decimal("10")));
    }

    #[test]
    fn whole_numbers_are_whole_by_value() {
        for (text, whole) in [
            ("0", Some(0)),
            ("-0.0e5", Some(0)),
            ("1.0", Some(1)),
            ("10e-1", Some(1)),
            ("1.5e1", Some(15)),
            ("-120", Some(-120)),
            ("1e20", Some(100_000_000_000_000_000_000)),
            ("0e-9999", Some(0)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("1.5", None),
            ("1e-1", None),
            ("1e9999", None),
        ] {
            assert_eq!(decimal(text).as_whole(), whole, "{text}");
        }
        assert!(decimal("1e9999").is_whole() && decimal("123.450e2").is_whole());
        assert!(!decimal("123.451e2").is_whole() && !decimal("1e-9999").is_whole());
    }

    #[test]
    fn multiples_are_exact() {
        for (value, divisor, multiple) in [
            ("0.3", "0.1", true),
            ("0.30000000000000004", "0.1", false),
            ("4.35", "0.01", true),
            ("1e308", "0.5", true),
            ("1e9999", "7", false),
            ("7e9999", "7", true),
            ("0", "3", true),
            ("-9", "3", true),
            ("10", "4", false),
            ("100", "4", true),
            ("5", "10", false),
            ("0.0075", "0.0001", true),
            ("9007199254740993", "2", false),
            ("9007199254740992", "2", true),
            ("18446744073709551615", "18446744073709551615", true),
            ("1e-9999", "1e-9999", true),
            ("3.6893488147419103230e19", "18446744073709551615", true),
        ] {
            assert_eq!(
                decimal(value).is_multiple_of(&decimal(divisor)),
                Some(multiple),
                "{value} by {divisor}"
            );
        }
        assert_eq!(decimal("1").is_multiple_of(&decimal("0")), None);
    }

    #[test]
    fn text_that_is_no_json_number_is_refused() {
        for text in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1 ", "NaN", "--1", "1e10000", "1.2.3",
            "1e1.5",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text:?}");
        }
        assert!(Decimal::parse(&"1".repeat(NUMBER_TEXT_MAX)).is_some());
        assert!(Decimal::parse(&"1".repeat(NUMBER_TEXT_MAX + 1)).is_none());
    }
}
