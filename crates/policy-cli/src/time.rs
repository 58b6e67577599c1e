//! RFC 3339 in, RFC 3339 out.

use jiff::fmt::temporal::DateTimeParser;
use policy_core::Timestamp;

/// Reads a point in time such as `2026-01-01T10:30:00Z`.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let wrong = || "is no RFC 3339 time such as `2026-01-01T10:30:00Z`".to_owned();
    // The parser takes more than RFC 3339: a name of a time zone in brackets, shorter forms, a space for the `T`.
    let bytes = text.as_bytes();
    let shape = bytes.is_ascii()
        && matches!(bytes.get(10), Some(b'T' | b't'))
        && matches!(bytes.get(16), Some(b':'))
        && !bytes.contains(&b'[')
        && !bytes.contains(&b',');
    let parsed = shape.then(|| PARSER.parse_timestamp(text).ok()).flatten().ok_or_else(wrong)?;
    let millis = parsed.as_nanosecond().div_euclid(1_000_000);
    let millis = u64::try_from(millis).map_err(|_| "is before 1970, where time begins here".to_owned())?;
    Ok(Timestamp::from_millis(millis))
}

/// The same for an argument of the command.
pub(crate) fn parse_argument(text: &str) -> Result<Timestamp, String> {
    parse(text).map_err(|error| format!("it {error}"))
}

/// The day of a time, `2026-01-01`, and its time of day, `10:30:00` or `10:30:00.250`; both in UTC.
pub(crate) fn show(time: Timestamp) -> (String, String) {
    let millis = i64::try_from(time.as_millis()).ok();
    let Some(known) = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok()) else {
        return (String::new(), format!("{} ms", time.as_millis()));
    };
    let text = known.to_string();
    match text.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, of_day)) => (day.to_owned(), of_day.to_owned()),
        None => (String::new(), text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_is_read_and_nothing_else() {
        let millis = |text| parse(text).map(Timestamp::as_millis).ok();
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2026-01-01T10:30:00.2509Z"), Some(1_767_263_400_250));
        assert_eq!(millis("2026-01-01T12:30:00+02:00"), Some(1_767_263_400_000));
        assert_eq!(millis("2026-01-01t10:30:00z"), Some(1_767_263_400_000));
        for wrong in [
            "",
            "now",
            "2026-01-01",
            "2026-01-01T10:30Z",
            "2026-01-01T10:30:00",
            "2026-01-01 10:30:00Z",
            "2026-01-01T10:30:00+02:00[Europe/Berlin]",
            "2026-01-01T10:30:00,5Z",
            "2026-02-30T10:30:00Z",
            "20260101T103000Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        let show = |text| show(parse(text).unwrap());
        assert_eq!(show("2026-01-01T00:30:00+02:00"), ("2025-12-31".to_owned(), "22:30:00".to_owned()));
        assert_eq!(show("2026-01-01T10:30:00.25Z").1, "10:30:00.25");
    }
}
