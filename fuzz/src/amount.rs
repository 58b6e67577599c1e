//! What an amount is in millionths, worked out the slow way: the digits are written out with the point moved. The engine
//! is checked against it, so it shares nothing with the engine's own.

/// The millionths of a number's text: the text must be JSON's. `None` where it is no amount.
pub(crate) fn micros(text: &str) -> Option<u64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    if negative {
        return None;
    }
    // The number is `significant` times ten to the power of `shift`.
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let exponent: i64 = exponent.parse().ok()?;
    let shift = exponent - i64::try_from(fraction.len()).ok()? + i64::try_from(trailing).ok()?;
    let zeros = usize::try_from(shift.checked_add(6)?).ok()?;
    // No more than twenty digits fit.
    let fits = zeros <= 20 && significant.len() <= 20;
    if fits { format!("{significant}{}", "0".repeat(zeros)).parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_exact() {
        for (text, expected) in [
            ("1", Some(1_000_000)),
            ("1.0", Some(1_000_000)),
            ("10e-1", Some(1_000_000)),
            ("0.1E+1", Some(1_000_000)),
            ("1e-6", Some(1)),
            ("1e-7", None),
            ("0.0000010", Some(1)),
            ("-0.0e5", Some(0)),
            ("-1", None),
            ("18446744073709.551615", Some(u64::MAX)),
            ("18446744073709.551616", None),
            ("1e9999", None),
            ("0e9999", Some(0)),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
