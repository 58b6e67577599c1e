//! Texts that are equal exactly where values, conditions and groups are: for finding what stands twice without comparing
//! everything with everything.

use std::fmt::Write as _;

use policy_core::{Condition, Group, Value};

/// A text that two values share exactly where they are equal: numbers by value, objects whatever the order of members.
/// Recurses as deep as the value is, which the document's cap bounds.
pub(super) fn value(value: &Value) -> String {
    let mut key = String::new();
    write_value(value, &mut key);
    key
}

/// The same of conditions.
pub(super) fn condition(condition: &Condition) -> String {
    let mut key = String::new();
    text(condition.path().text(), &mut key);
    key.push_str(condition.operator().name());
    key.push(' ');
    let list_is_a_set = {
        let name = condition.operator().name();
        matches!(name, "in" | "not_in" | "path_within" | "url_host_in" | "cidr_in")
    };
    match condition.value() {
        Value::Array(elements) if list_is_a_set => {
            let mut keys: Vec<String> = elements.iter().map(value).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.iter().for_each(|element| key.push_str(element));
        }
        other => write_value(other, &mut key),
    }
    key
}

/// The same of groups: by their conditions, whatever the order, and whatever the texts for people.
pub(super) fn group(group: &Group) -> String {
    let mut keys: Vec<String> = group.conditions.iter().map(condition).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.join("&")
}

fn write_value(value: &Value, key: &mut String) {
    match value {
        Value::Null => key.push('n'),
        Value::Bool(true) => key.push('t'),
        Value::Bool(false) => key.push('f'),
        Value::Number(number) => write_number(number.text(), key),
        Value::String(string) => text(string, key),
        Value::Array(elements) => {
            key.push('[');
            elements.iter().for_each(|element| write_value(element, key));
            key.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name, value)).collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            key.push('{');
            for (name, value) in members {
                text(name, key);
                write_value(value, key);
            }
            key.push('}');
        }
    }
}

/// With its length before it, so that no text can look like the end of itself.
fn text(text: &str, key: &mut String) {
    // Writing to a string does not fail.
    let _written = write!(key, "\"{}:{text}", text.len());
}

/// A number as its sign, its digits without zeros at the ends, and where the point stands before them.
fn write_number(text: &str, key: &mut String) {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [integer, fraction].concat();
    let leading = digits.len().saturating_sub(digits.trim_start_matches('0').len());
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return key.push_str("#0;");
    }
    // The loader has looked at the exponent: it is a small number.
    let exponent: i64 = exponent.parse().unwrap_or_default();
    let whole = i64::try_from(integer.len()).unwrap_or(i64::MAX);
    let leading = i64::try_from(leading).unwrap_or(i64::MAX);
    let point = whole.saturating_sub(leading).saturating_add(exponent);
    let sign = if negative { "-" } else { "" };
    let _written = write!(key, "#{sign}{significant}@{point};");
}

#[cfg(test)]
mod tests {
    use policy_core::Number;
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Value {
        Value::Number(Number::parse(text).unwrap())
    }

    #[test]
    fn equal_numbers_have_equal_keys() {
        for (one, other) in [("1", "10e-1"), ("-0", "0.00e9"), ("120", "1.2E+2"), ("0.05", "5e-2")] {
            assert_eq!(value(&number(one)), value(&number(other)), "{one} {other}");
        }
        assert_ne!(value(&number("1")), value(&number("-1")));
        assert_ne!(value(&number("1")), value(&number("10")));
    }

    #[test]
    fn what_is_nested_does_not_run_together() {
        let string = |text: &str| Value::String(text.into());
        let one = Value::Array(vec![string("a"), string("b")]);
        let other = Value::Array(vec![string("a\"1:b")]);
        assert_ne!(value(&one), value(&other));
        assert_ne!(value(&Value::Array(vec![one.clone()])), value(&one));
    }

    proptest! {
        #[test]
        fn keys_are_equal_exactly_where_numbers_are(
            one in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e-?[0-9])?",
            other in "-?(0|[1-9][0-9]{0,1})(\\.[0-9]{1,2})?(e-?[0-2])?",
        ) {
            let decimal = |text| policy_core::Decimal::parse(text).unwrap();
            prop_assert_eq!(decimal(&one) == decimal(&other), value(&number(&one)) == value(&number(&other)));
        }
    }
}
