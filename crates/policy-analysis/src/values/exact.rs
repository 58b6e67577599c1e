//! Exact numbers with an order, and as much arithmetic as finding one between two others takes. Never a float.

use std::cmp::Ordering;

use policy_core::{Decimal, NUMBER_TEXT_MAX, Number};

/// A number of a policy or a call, ordered and equal by value.
#[derive(Clone, Debug)]
pub struct Exact(Number);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (Decimal::parse(self.0.text()), Decimal::parse(other.0.text())) {
            (Some(one), Some(other)) => one.cmp(&other),
            // A `Number` always parses; were it not so, unlike texts would still be unlike numbers.
            _ => self.0.text().cmp(other.0.text()),
        }
    }
}

impl Exact {
    /// The number as an ordered one.
    #[must_use]
    pub fn new(number: &Number) -> Self {
        Self(number.clone())
    }

    /// The number as a value holds it.
    #[must_use]
    pub fn number(&self) -> &Number {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Number::parse(text).map(Self)
    }

    pub(crate) fn zero() -> Option<Self> {
        Self::parse("0")
    }

    /// Whether it is no multiple of a millionth, so that no counter could be charged it.
    pub(crate) fn is_fine(&self) -> bool {
        Digits::of(&self.0).is_none_or(|digits| digits.scale > 6)
    }

    /// The sum; `None` where it is too long to write.
    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        Digits::of(&self.0)?.plus(&Digits::of(&other.0)?)?.number()
    }

    /// What lies in the middle between two; `None` where it is too long to write.
    pub(crate) fn middle(&self, other: &Self) -> Option<Self> {
        let mut sum = Digits::of(&self.0)?.plus(&Digits::of(&other.0)?)?;
        sum.digits = times_five(&sum.digits);
        sum.scale = sum.scale.checked_add(1)?;
        sum.number()
    }

    /// The same digits with the point moved: times ten to the power of `places`.
    pub(crate) fn shifted(&self, places: i64) -> Option<Self> {
        let mut digits = Digits::of(&self.0)?;
        digits.scale = digits.scale.checked_sub(places)?;
        digits.number()
    }
}

/// `±digits * 10^-scale`, without zeros in front or behind.
#[derive(Clone, Debug)]
struct Digits {
    negative: bool,
    /// The most significant first; empty is zero.
    digits: Vec<u8>,
    scale: i64,
}

impl Digits {
    fn of(number: &Number) -> Option<Self> {
        let text = number.text();
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = integer.bytes().chain(fraction.bytes()).map(|digit| digit.wrapping_sub(b'0')).collect();
        let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        Some(Self { negative, digits, scale }.trimmed())
    }

    fn trimmed(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
            self.scale = self.scale.saturating_sub(1);
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative = false;
        }
        self
    }

    /// The digits with so many zeros behind that the scale is the one given; `None` where that gets too long.
    fn at_scale(&self, scale: i64) -> Option<Vec<u8>> {
        let zeros = usize::try_from(scale.checked_sub(self.scale)?).ok()?;
        if self.digits.is_empty() {
            return Some(Vec::new());
        }
        if self.digits.len().checked_add(zeros)? > NUMBER_TEXT_MAX {
            return None;
        }
        Some(self.digits.iter().copied().chain(std::iter::repeat_n(0, zeros)).collect())
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (one, two) = (self.at_scale(scale)?, other.at_scale(scale)?);
        let (negative, digits) = if self.negative == other.negative {
            (self.negative, added(&one, &two))
        } else if compared(&one, &two) == Ordering::Less {
            (other.negative, subtracted(&two, &one))
        } else {
            (self.negative, subtracted(&one, &two))
        };
        Some(Self { negative, digits, scale }.trimmed())
    }

    fn number(self) -> Option<Exact> {
        let digits = self.trimmed();
        let mut text = String::new();
        if digits.negative {
            text.push('-');
        }
        let written: String =
            digits.digits.iter().map(|digit| char::from(digit.wrapping_add(b'0'))).collect();
        let length = i64::try_from(written.len()).ok()?;
        let point = length.checked_sub(digits.scale)?;
        match (point, digits.scale) {
            _ if written.is_empty() => text.push('0'),
            (_, ..=0) if point <= 24 => {
                text.push_str(&written);
                (0..digits.scale.unsigned_abs()).for_each(|_| text.push('0'));
            }
            (1.., 1..) => {
                let (integer, fraction) = written.split_at_checked(usize::try_from(point).ok()?)?;
                text.push_str(&format!("{integer}.{fraction}"));
            }
            (-24..=0, 1..) => {
                text.push_str("0.");
                (0..point.unsigned_abs()).for_each(|_| text.push('0'));
                text.push_str(&written);
            }
            _ => text.push_str(&format!("{written}e{}", digits.scale.checked_neg()?)),
        }
        Exact::parse(&text)
    }
}

/// The digits as if they had the same number of places, the least significant first.
fn paired<'a>(one: &'a [u8], two: &'a [u8]) -> impl Iterator<Item = (u8, u8)> + 'a {
    let places = one.len().max(two.len());
    let reversed =
        move |digits: &'a [u8]| digits.iter().rev().copied().chain(std::iter::repeat(0)).take(places);
    reversed(one).zip(reversed(two))
}

fn compared(one: &[u8], two: &[u8]) -> Ordering {
    paired(one, two).fold(Ordering::Equal, |so_far, (one, two)| match one.cmp(&two) {
        Ordering::Equal => so_far,
        ordering => ordering,
    })
}

fn added(one: &[u8], two: &[u8]) -> Vec<u8> {
    let mut carry = 0_u8;
    let mut sum = Vec::new();
    for (one, two) in paired(one, two) {
        let digit = one.saturating_add(two).saturating_add(carry);
        carry = u8::from(digit >= 10);
        sum.push(if digit >= 10 { digit.saturating_sub(10) } else { digit });
    }
    sum.push(carry);
    sum.reverse();
    sum
}

/// The difference, where the first is not the smaller.
fn subtracted(one: &[u8], two: &[u8]) -> Vec<u8> {
    let mut borrow = 0_u8;
    let mut difference = Vec::new();
    for (one, two) in paired(one, two) {
        let take = two.saturating_add(borrow);
        borrow = u8::from(one < take);
        difference.push(if one < take { one.saturating_add(10) } else { one }.saturating_sub(take));
    }
    difference.reverse();
    difference
}

fn times_five(digits: &[u8]) -> Vec<u8> {
    let mut carry = 0_u8;
    let mut product = Vec::new();
    for digit in digits.iter().rev() {
        let value = digit.saturating_mul(5).saturating_add(carry);
        product.push(value.checked_rem(10).unwrap_or(0));
        carry = value.checked_div(10).unwrap_or(0);
    }
    product.push(carry);
    product.reverse();
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).unwrap()
    }

    fn text(number: Option<Exact>) -> String {
        number.unwrap().0.text().to_owned()
    }

    #[test]
    fn sums_and_middles_are_exact() {
        assert_eq!(text(exact("10000").plus(&exact("1"))), "10001");
        assert_eq!(text(exact("0.1").plus(&exact("0.2"))), "0.3");
        assert_eq!(text(exact("1").plus(&exact("-1"))), "0");
        assert_eq!(text(exact("1").plus(&exact("-1.5"))), "-0.5");
        assert_eq!(text(exact("9007199254740992").middle(&exact("9007199254740993"))), "9007199254740992.5");
        assert_eq!(text(exact("0").middle(&exact("1e-7"))), "0.00000005");
        assert_eq!(text(exact("-3").middle(&exact("1"))), "-1");
        assert_eq!(text(exact("1e300").shifted(2)), "1e302");
        assert_eq!(text(exact("999").plus(&exact("1"))), "1000");
        assert!(exact("1e9999").plus(&exact("1")).is_none());
    }

    #[test]
    fn a_millionth_is_what_counters_can_be_charged() {
        assert!(!exact("1.500000000").is_fine());
        assert!(!exact("1e-6").is_fine());
        assert!(exact("1e-7").is_fine());
        assert!(exact("0.1234567").is_fine());
        assert!(!exact("-0.0e9").is_fine());
    }
}
