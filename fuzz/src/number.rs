//! Numbers as ECMAScript writes them, put together without the engine's own code.

/// `Number::toString` of ECMAScript, of the shortest digits that Rust finds.
pub(crate) fn ecmascript(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    let shortest = format!("{:e}", float.abs());
    let (digits, exponent) = shortest.split_once('e').expect("it has an exponent");
    let digits = nearest_even(float.abs(), digits.replace('.', ""));
    // The value is 0.digits times ten to the point.
    let point = exponent.parse::<i32>().expect("an exponent is a number") + 1;
    let count = i32::try_from(digits.len()).expect("a float has few digits");
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let text = match point {
        1..=21 if count <= point => format!("{digits}{}", zeros(point - count)),
        1..=21 => {
            let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or_default());
            format!("{whole}.{rest}")
        }
        -5..=0 => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if point > 0 { '+' } else { '-' };
            format!("{first}{dot}{rest}e{sign}{}", (point - 1).abs())
        }
    };
    if float < 0.0 { format!("-{text}") } else { text }
}

/// Where two texts of the fewest digits are equally near, ECMAScript takes the one whose last digit is even. Rust does not.
fn nearest_even(float: f64, digits: String) -> String {
    // No float has more digits than that.
    let exact = format!("{float:.800e}").replace('.', "");
    let (exact, _) = exact.split_once('e').expect("it has an exponent");
    let (first, rest) = exact.split_at(digits.len());
    let is_halfway = rest.starts_with('5') && rest.bytes().skip(1).all(|digit| digit == b'0');
    let Some(below) = first.parse::<u64>().ok().filter(|_| is_halfway) else { return digits };
    let even = if below % 2 == 0 { below } else { below + 1 };
    let even = even.to_string();
    if even.len() == digits.len() { even } else { digits }
}
