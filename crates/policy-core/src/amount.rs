//! What counters count in: exact amounts, a millionth the smallest.

use std::fmt;

use crate::decimal::Decimal;

/// What a counter counts in: millionths, exactly, in 64 bits.
///
/// One call is `Amount::ONE`. The largest whole amount is [`Amount::MAX_WHOLE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// How many millionths one is.
const MICROS: u64 = 1_000_000;

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One call.
    pub const ONE: Self = Self(MICROS);
    /// The largest whole number that an amount can hold: 18,446,744,073,709.
    pub const MAX_WHOLE: u64 = u64::MAX / MICROS;

    /// A whole amount; `None` above [`Amount::MAX_WHOLE`].
    #[must_use]
    pub const fn whole(number: u64) -> Option<Self> {
        match number.checked_mul(MICROS) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// An amount of so many millionths.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The amount in millionths.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// The amount as the nearest float: for people and JSON, never for a decision.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "rounding is the documented meaning")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }

    /// The whole number that this amount is, if it is one.
    #[must_use]
    pub const fn as_whole(self) -> Option<u64> {
        if self.0.is_multiple_of(MICROS) { Some(self.0 / MICROS) } else { None }
    }

    /// A non-negative decimal with at most six fraction digits (by value: `1.50000000` has one).
    ///
    /// # Errors
    /// When the number is negative, has a digit beyond the sixth of its fraction, or does not fit.
    pub fn from_decimal(decimal: Decimal<'_>) -> Result<Self, AmountError> {
        if decimal.is_zero() {
            return Ok(Self::ZERO);
        }
        if decimal.negative {
            return Err(AmountError::Negative);
        }
        // The value in millionths is the significant digits with the point `scale` places in.
        let scale = decimal.point().saturating_add(6);
        let mut micros: u64 = 0;
        let mut place: i64 = 0;
        for digit in decimal.significant() {
            if place < scale {
                micros = micros
                    .checked_mul(10)
                    .and_then(|shifted| shifted.checked_add(u64::from(digit.wrapping_sub(b'0'))))
                    .ok_or(AmountError::TooLarge)?;
            } else if digit != b'0' {
                return Err(AmountError::TooPrecise);
            }
            place = place.saturating_add(1);
        }
        while place < scale {
            // At most 20 rounds: a non-zero number soon overflows.
            micros = micros.checked_mul(10).ok_or(AmountError::TooLarge)?;
            place = place.saturating_add(1);
        }
        Ok(Self(micros))
    }

    /// The sum, unless it does not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micros) => Some(Self(micros)),
            None => None,
        }
    }

    /// The difference, or nothing where there would be less than nothing.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_whole() {
            Some(whole) => write!(formatter, "{whole}"),
            None => {
                let fraction = format!("{:06}", self.0 % MICROS);
                write!(formatter, "{}.{}", self.0 / MICROS, fraction.trim_end_matches('0'))
            }
        }
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_whole() {
            Some(whole) => serializer.serialize_u64(whole),
            None => serializer.serialize_f64(self.as_f64()),
        }
    }
}

/// Why a number is no [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// Less than zero.
    #[error("must not be negative")]
    Negative,
    /// A digit beyond the sixth of the fraction.
    #[error("must have at most six fraction digits")]
    TooPrecise,
    /// More than [`Amount::MAX_WHOLE`].
    #[error("must be at most 18446744073709")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Result<Amount, AmountError> {
        Amount::from_decimal(Decimal::parse(text).unwrap())
    }

    #[test]
    fn amounts_are_exact_to_a_millionth() {
        assert_eq!(amount("0.1"), Ok(Amount::from_micros(100_000)));
        assert_eq!(amount("1e-6"), Ok(Amount::from_micros(1)));
        assert_eq!(amount("1.50000000"), Ok(Amount::from_micros(1_500_000)));
        assert_eq!(amount("1e3"), Ok(Amount::from_micros(1_000_000_000)));
        assert_eq!(amount("-0"), Ok(Amount::ZERO));
        assert_eq!(amount("0.1234567"), Err(AmountError::TooPrecise));
        assert_eq!(amount("1e-7"), Err(AmountError::TooPrecise));
        assert_eq!(amount("1e-9999"), Err(AmountError::TooPrecise));
        assert_eq!(amount("-5"), Err(AmountError::Negative));
        assert_eq!(amount("1e9999"), Err(AmountError::TooLarge));
        assert_eq!(amount("18446744073709.551615"), Ok(Amount::from_micros(u64::MAX)));
        assert_eq!(amount("18446744073709.551616"), Err(AmountError::TooLarge));
    }

    #[test]
    fn amounts_are_shown_without_trailing_zeros() {
        assert_eq!(Amount::from_micros(1_500_000).to_string(), "1.5");
        assert_eq!(Amount::from_micros(1).to_string(), "0.000001");
        assert_eq!(Amount::ONE.to_string(), "1");
    }
}
