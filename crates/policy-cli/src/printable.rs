//! Makes text that others wrote fit to be shown: no control characters, no invisible ones, no endless names. How wide
//! text is, where it is cut and where it is broken is decided here too.

use std::path::Path;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns of a name are shown in a message.
const NAME_MAX: usize = 80;

/// The text with everything escaped that does not show as itself: control characters, which a terminal would obey, and
/// the invisible and reordering ones of Unicode.
pub(crate) fn text(text: &str) -> String {
    // Quotes and backslashes show as themselves; the standard library would escape them too.
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(['"', '\'', '\\']) {
        let mark = piece.chars().next_back().filter(|last| matches!(last, '"' | '\'' | '\\'));
        let plain = mark.and_then(|mark| piece.strip_suffix(mark)).unwrap_or(piece);
        shown.extend(plain.escape_debug());
        shown.extend(mark);
    }
    shown
}

/// A name as it stands in a message: shown, and cut where it is long.
pub(crate) fn name(name: &str) -> String {
    // Escaping makes text longer, never shorter, so far more than is shown need not be looked at.
    let start = name.char_indices().nth(NAME_MAX.saturating_mul(2)).and_then(|(end, _)| name.get(..end));
    cut(&text(start.unwrap_or(name)), NAME_MAX)
}

/// The name of a file.
pub(crate) fn path(path: &Path) -> String {
    text(&path.to_string_lossy())
}

/// How many columns the text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, cut to so many columns; an ellipsis stands for what is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |character: &char| {
        let wide = character.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

/// The text in lines of at most so many columns, broken between words, and within words that are longer than a line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let wanted = width(&line).saturating_add(1).saturating_add(width(word));
        if !line.is_empty() && wanted > columns {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            if !line.is_empty() && width(&line).saturating_add(wide) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(text("a\u{1b}[31mb\n\u{9b}c"), "a\\u{1b}[31mb\\n\\u{9b}c");
        assert_eq!(text("\u{202e}evil\u{200b}"), "\\u{202e}evil\\u{200b}");
        assert_eq!(text("Tool \"x\" isn't C:\\y"), "Tool \"x\" isn't C:\\y");
        assert_eq!(text("grün 東京 🙂"), "grün 東京 🙂");
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("東京都庁", 6), "東京…");
        assert_eq!(name(&"x".repeat(1_000_000)).chars().count(), NAME_MAX);
    }

    #[test]
    fn wrapping_breaks_between_words_and_in_long_ones() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("東京都", 1), ["東", "京", "都"]);
    }
}
