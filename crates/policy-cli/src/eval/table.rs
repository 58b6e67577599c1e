//! Decisions for people: a table that grows line by line. Columns become wider when something wider comes along, so that
//! nothing has to be waited for.

use anstyle::{AnsiColor, Color, Style};
use policy_core::{Code, Decision, Effect};

use super::{Decided, Report};
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::printable;
use crate::time;

const PLAIN: Style = Style::new();
const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const ALLOWED: Style = colour(AnsiColor::Green).bold();
const DENIED: Style = colour(AnsiColor::Red).bold();
const WAITING: Style = colour(AnsiColor::Yellow).bold();
const REASON: Style = colour(AnsiColor::Red);
const NOTICE: Style = colour(AnsiColor::Yellow);

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// The columns before the last, which takes what is left of the line.
const COLUMNS: usize = 5;
const TITLES: [&str; COLUMNS] = ["TIME", "GRANT", "TOOL", "EFFECT", "CODE"];

/// How many columns of the terminal a name may take, and a text in the last column.
const CELL_MAX: usize = 36;
const TEXT_MAX: usize = 400;

/// How many columns lie between two cells.
const GAP: usize = 2;

/// The last column stands beside the others only where it can be this wide.
const DETAILS_MIN: usize = 40;

/// How many rows are held back to see how wide the columns must be, where nobody waits for them.
const HELD_MAX: usize = 500;

/// A text and how it looks. The text is fit to be shown.
struct Styled(String, Style);

struct Row {
    /// The day of the call, in UTC; empty for a line that is no call.
    day: String,
    cells: [Styled; COLUMNS],
    details: Vec<Styled>,
}

/// Writes decisions as a table.
pub(super) struct Table {
    output: Output,
    /// The terminal's width.
    screen: Option<usize>,
    widths: [usize; COLUMNS],
    /// Rows held back until the widths are known.
    held: Vec<Row>,
    holds: bool,
    /// The day that was last written.
    day: String,
    begun: bool,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    allowed: u64,
    denied: u64,
    waiting: u64,
    no_calls: u64,
}

impl Table {
    /// A table. Where the calls are all there already, its first rows are held back and measured.
    pub(super) fn new(output: Output, at_rest: bool) -> Self {
        Self {
            output,
            screen: output::terminal_width(),
            widths: TITLES.map(str::len),
            held: Vec::new(),
            holds: at_rest,
            day: String::new(),
            begun: false,
            totals: Totals::default(),
        }
    }

    fn row(&mut self, row: Row) -> Result<(), Failure> {
        self.held.push(row);
        if self.holds && self.held.len() < HELD_MAX { Ok(()) } else { self.release() }
    }

    fn release(&mut self) -> Result<(), Failure> {
        self.holds = false;
        let rows = std::mem::take(&mut self.held);
        for row in &rows {
            for (width, Styled(cell, _)) in self.widths.iter_mut().zip(&row.cells) {
                *width = printable::width(cell).max(*width);
            }
        }
        if !std::mem::replace(&mut self.begun, true) {
            let titles = TITLES.map(|title| Styled(title.to_owned(), STRONG));
            self.write(&titles, &[Styled("DETAILS".to_owned(), STRONG)])?;
        }
        for row in rows {
            if !row.day.is_empty() && row.day != self.day {
                self.output.write(&format!("{FAINT}{} (UTC){FAINT:#}\n", row.day))?;
                self.day = row.day;
            }
            self.write(&row.cells, &row.details)?;
        }
        Ok(())
    }

    fn write(&mut self, cells: &[Styled; COLUMNS], details: &[Styled]) -> Result<(), Failure> {
        let mut text = String::new();
        let mut indent: usize = 0;
        for (Styled(cell, style), width) in cells.iter().zip(self.widths) {
            let fill = width.saturating_sub(printable::width(cell)).saturating_add(GAP);
            text.push_str(&paint(cell, *style));
            text.push_str(&" ".repeat(fill));
            indent = indent.saturating_add(width).saturating_add(GAP);
        }
        let mut room = self.screen.map(|screen| screen.saturating_sub(indent));
        let below = room.is_some_and(|room| room < DETAILS_MIN);
        if below {
            // Beside the other columns there is too little room: the details stand under them.
            let [time, ..] = self.widths;
            indent = time.saturating_add(GAP);
            room = self.screen.map(|screen| screen.saturating_sub(indent).max(DETAILS_MIN));
        }
        for (number, line) in fill_lines(details, room).into_iter().enumerate() {
            if below || number > 0 {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
            }
            text.push_str(&line);
        }
        let lines: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
        self.output.write(&lines)
    }
}

/// Texts side by side, in as many lines as they need. Each that does not fit beside those before it begins a line.
fn fill_lines(texts: &[Styled], room: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0_usize);
    for Styled(text, style) in texts {
        let parts = match room {
            Some(room) => printable::wrap(text, room),
            None => vec![text.clone()],
        };
        for (number, part) in parts.iter().enumerate() {
            let wide = printable::width(part);
            let beside = used.saturating_add(GAP).saturating_add(wide);
            if used > 0 && number == 0 && room.is_none_or(|room| beside <= room) {
                line.push_str(&" ".repeat(GAP));
                used = beside;
            } else {
                if used > 0 {
                    lines.push(std::mem::take(&mut line));
                }
                used = wide;
            }
            line.push_str(&paint(part, *style));
        }
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

impl Report for Table {
    fn decided(&mut self, decided: &Decided<'_>) -> Result<(), Failure> {
        let Decided { call, at, decision, listed } = decided;
        let total = match decision.effect() {
            Effect::Allow => &mut self.totals.allowed,
            Effect::RequireApproval => &mut self.totals.waiting,
            _ => &mut self.totals.denied,
        };
        *total = total.saturating_add(1);
        let (day, time) = time::show(*at);
        let (effect, code) = match decision.effect() {
            Effect::Allow => (ALLOWED, String::new()),
            // Its code says the same as its effect.
            Effect::RequireApproval => (WAITING, String::new()),
            _ => (DENIED, decision.code().name().to_owned()),
        };
        let cells = [
            Styled(time, FAINT),
            Styled(cell(call.identity.grant()), PLAIN),
            Styled(cell(&call.tool), STRONG),
            Styled(decision.effect().name().to_owned(), effect),
            Styled(code, REASON),
        ];
        let mut details = details(decision);
        if !listed {
            details.push(Styled("not on the server's list".to_owned(), NOTICE));
        }
        self.row(Row { day, cells, details })
    }

    fn no_call(&mut self, line: u64, error: &str) -> Result<(), Failure> {
        self.totals.no_calls = self.totals.no_calls.saturating_add(1);
        let empty = || Styled(String::new(), PLAIN);
        let cells = [
            empty(),
            empty(),
            empty(),
            Styled("error".to_owned(), NOTICE.bold()),
            Styled(format!("line {line}"), NOTICE),
        ];
        let details = vec![Styled(printable::text(error), PLAIN)];
        self.row(Row { day: String::new(), cells, details })
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.release()?;
        let Totals { allowed, denied, waiting, no_calls } = self.totals;
        let mut totals = format!("{allowed} allowed, {denied} denied");
        if waiting > 0 {
            totals.push_str(&format!(", {waiting} waiting for approval"));
        }
        match no_calls {
            0 => {}
            1 => totals.push_str(", 1 line is no call"),
            more => totals.push_str(&format!(", {more} lines are no calls")),
        }
        self.output.write(&format!("{FAINT}{totals}{FAINT:#}\n"))
    }

    fn is_closed(&self) -> bool {
        self.output.is_closed()
    }
}

/// What there is to say beside effect and code.
fn details(decision: &Decision) -> Vec<Styled> {
    let mut details = Vec::new();
    let message = decision.message();
    if !message.is_empty() {
        details.push(Styled(printable::cut(&printable::text(&message), TEXT_MAX), PLAIN));
    }
    if let Some(approver) = decision.approved_by() {
        details.push(Styled(format!("approved by {}", cell(approver)), NOTICE));
    }
    let style = if decision.code() == Code::LimitExceeded { PLAIN } else { FAINT };
    for limit in decision.limits() {
        let counter = cell(limit.counter());
        details.push(Styled(format!("{counter} {}/{}", limit.used(), limit.max()), style));
    }
    for shadowed in decision.shadowed() {
        let rule = printable::cut(&printable::text(&shadowed.rule()), TEXT_MAX);
        details.push(Styled(format!("shadow: {} {rule}", shadowed.code().name()), NOTICE));
    }
    details
}

/// A name that somebody else chose, as it stands in a cell.
fn cell(name: &str) -> String {
    printable::cut(&printable::name(name), CELL_MAX)
}

fn paint(text: &str, style: Style) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}
