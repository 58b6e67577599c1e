//! Shows what is wrong with a text, each mistake with its line and the place underlined. What is wrong is found by
//! others; how it looks is `annotate-snippets`' business.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use policy_analysis::{Finding, Severity};
use policy_core::Code;
use policy_json::Diagnostic;

use crate::output;
use crate::printable;

/// How many bytes of a line are looked at before and after the place. Files without line breaks are common, and screens
/// are narrow.
const LINE_PART: usize = 600;

/// How many columns a JSON Pointer may take beside the place.
const POINTER_MAX: usize = 70;

/// Something to say about a place in a text.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    code: &'static str,
    severity: Severity,
    span: Range<usize>,
    message: String,
    /// What stands beside the place.
    label: Option<String>,
    help: Option<String>,
}

impl Note {
    /// A mistake in a policy that stands in a text from byte `base` on.
    pub(crate) fn mistake(diagnostic: &Diagnostic, base: usize) -> Self {
        let Diagnostic { code, pointer, span, message, help, .. } = diagnostic;
        Self {
            code: code.name(),
            severity: Severity::Error,
            span: span.start.saturating_add(base)..span.end.saturating_add(base),
            message: printable::text(message),
            label: label(pointer),
            help: help.as_deref().map(printable::text),
        }
    }

    /// What a call ended at.
    pub(crate) fn ended(code: Code, waits: bool, pointer: &str, span: Range<usize>) -> Self {
        let (severity, message) = if waits {
            (Severity::Warning, "the call waits here")
        } else {
            (Severity::Error, "the call is denied here")
        };
        let message = message.to_owned();
        Self { code: code.name(), severity, span, message, label: label(pointer), help: None }
    }

    /// Something that is permitted, and probably not meant.
    pub(crate) fn finding(finding: &Finding) -> Self {
        let Finding { code, severity, pointer, span, message, help, .. } = finding;
        Self {
            code: code.name(),
            severity: *severity,
            span: span.clone(),
            message: printable::text(message),
            label: label(pointer),
            help: help.as_deref().map(printable::text),
        }
    }
}

/// A pointer as it stands beside its place.
fn label(pointer: &str) -> Option<String> {
    (!pointer.is_empty()).then(|| printable::cut(&printable::text(pointer), POINTER_MAX))
}

/// Shows notes on one text, in the order of the text. `file` is fit to be shown.
pub(crate) fn render(file: &str, text: &[u8], mut notes: Vec<Note>) -> String {
    notes.sort_by_key(|note| note.span.start);
    let renderer = Renderer::styled().term_width(output::terminal_width().unwrap_or(120).max(60));
    let mut place = Place { offset: 0, line: 1, column: 1 };
    let mut shown = String::new();
    for note in notes {
        place.advance(text, note.span.start);
        shown.push_str(&renderer.render(&[group(file, text, &note, &place)]));
        shown.push_str("\n\n");
    }
    shown
}

fn group<'n>(file: &'n str, text: &[u8], note: &'n Note, place: &Place) -> Group<'n> {
    let level = match note.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&note.message).id(note.code);
    let part = line_part(text, &note.span);
    let annotation = AnnotationKind::Primary.span(part.span).label(note.label.as_deref());
    let snippet = Snippet::source(part.text).line_start(place.line).annotation(annotation);
    let group = if part.is_from_start {
        title.element(snippet.path(file))
    } else {
        // The column cannot be worked out from the part alone.
        title.element(Origin::path(file).line(place.line).char_column(place.column)).element(snippet)
    };
    match &note.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// A line, or a part of it.
struct LinePart {
    text: String,
    /// What is to be underlined in it.
    span: Range<usize>,
    is_from_start: bool,
}

/// The line that a span begins in, or the part of it around the span. Bytes that are no text are replaced.
fn line_part(text: &[u8], span: &Range<usize>) -> LinePart {
    let start = span.start.min(text.len());
    let earliest = start.saturating_sub(LINE_PART);
    let before = text.get(earliest..start).unwrap_or_default();
    let after = text.get(start..start.saturating_add(LINE_PART).min(text.len())).unwrap_or_default();
    let is_from_start = earliest == 0 || before.contains(&b'\n');
    let before = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let after = after.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let (marked, rest) = after.split_at(span.end.saturating_sub(start).min(after.len()));
    // The renderer replaces what a terminal would obey, but for the control characters beyond ASCII.
    let shown = |bytes| {
        String::from_utf8_lossy(bytes)
            .replace(|character| matches!(character, '\u{80}'..='\u{9f}'), "\u{fffd}")
    };
    let [before, marked, rest] = [before, marked, rest].map(shown);
    let span = before.len()..before.len().saturating_add(marked.len());
    LinePart { text: format!("{before}{marked}{rest}"), span, is_from_start }
}

/// A place in a text; goes forward only, so that many of them cost one pass.
struct Place {
    offset: usize,
    line: usize,
    /// In characters.
    column: usize,
}

impl Place {
    fn advance(&mut self, text: &[u8], to: usize) {
        for byte in text.get(self.offset..to.min(text.len())).unwrap_or_default() {
            match byte {
                b'\n' => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                // The later bytes of a character.
                0x80..=0xBF => {}
                _ => self.column = self.column.saturating_add(1),
            }
        }
        self.offset = self.offset.max(to.min(text.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &[u8], span: Range<usize>) -> String {
        let (message, label, help) = ("look".to_owned(), None, None);
        let note = Note { code: "code", severity: Severity::Warning, span, message, label, help };
        anstream::adapter::strip_str(&render("f.json", text, vec![note])).to_string()
    }

    #[test]
    fn the_line_is_shown_and_the_place_underlined() {
        let shown = plain("{\n  \"ä\": 12,\n  \"b\": 2\n}".as_bytes(), 10..12);
        assert!(shown.contains("f.json:2:8"), "{shown}");
        assert!(shown.contains("\"ä\": 12,"), "{shown}");
        assert!(shown.contains("^^") && !shown.contains("^^^"), "{shown}");
    }

    #[test]
    fn any_place_in_any_bytes_can_be_shown() {
        let texts: [&[u8]; 6] =
            [b"", b"\n", b"\r\n\r\n", b"\xff\xfe\x00\x1b[31m", "\u{202e}a\u{9b}".as_bytes(), &[b'['; 9_000]];
        for text in texts {
            for start in 0..=text.len().min(40) {
                for length in [0, 1, 3, 8_000] {
                    let shown = plain(text, start..start + length);
                    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{shown:?}");
                    assert!(shown.len() < 2_000, "{}", shown.len());
                }
            }
        }
    }
}
