//! The screen of a review.
//!
//! In: a page of lines. Out: cells of a terminal.
//!
//! Invariants:
//! * what is drawn was escaped, and is escaped again here: no control character becomes a cell;
//! * what is cut is marked, and what is further down is said;
//! * a screen of fewer than 60 columns or 20 rows says so and shows nothing else.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::model::Level;
use crate::report::escape::{self, columns as width_of};

/// The smallest screen.
pub(crate) const LEAST: (u16, u16) = (60, 20);
/// Columns from which days and diff stand beside the facts.
const TWO: usize = 124;
/// Columns of days and diff there.
const SIDE: usize = 60;
/// Columns of the facts there, for the eye's sake.
const MAIN: usize = 110;
/// Rows that are no part of the body: head, progress, state, keys.
const FRAME: usize = 5;

/// What matters less.
const DIM: Style = Style::new().add_modifier(Modifier::DIM);

/// The keys, shortest first where there is little room.
const KEYS: &str =
    "a accept  d defer  r reject  s skip  b back  n next client  l level  u undo  ? help  q quit";
const FEW_KEYS: &str = "a accept d defer r reject s skip b back n next ? help q quit";

/// What `?` shows.
pub(crate) const HELP: &str = "\
Each page is a proposed removal, with its evidence.

  a        accept: it goes into the plan
  d        defer: stays until a day; asks why and the day
  r        reject: it stays; asks why
  s        skip: it stays open, and comes again at the end
  u        undo: takes the decision about this one back
  b, left  back to the one before
  right    on to the next one without a decision
  n        on to the next client or role
  l        level: all, only safe, only likely, only review
  j, k     a line down, a line up; the arrow keys as well
  space    a page down; Page Up, Page Down, Home, End
  q        end; Ctrl-C as well

While something is typed: Enter ends it, Escape leaves it,
Ctrl-U empties it, the arrow up brings the last reason.

Every decision is on disk before the next page is shown.
Every other key goes back to the removal.";

/// What is shown about one removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// Where it is, and why it can go.
    pub brief: Vec<String>,
    /// Its days and its diff: beside the rest where there is room, else between it.
    pub drawn: Vec<String>,
    /// Every other fact.
    pub facts: Vec<String>,
}

impl Body {
    /// Lines without anything beside them.
    pub(crate) fn of(facts: Vec<String>) -> Self {
        Self {
            facts,
            ..Self::default()
        }
    }

    /// The lines below each other, and those beside them; drawn ones are marked.
    fn arranged(&self, width: usize) -> (Vec<(&str, bool)>, Vec<&str>) {
        let beside = columns(width).1.is_some();
        let drawn = if beside { &[][..] } else { &self.drawn };
        let mut main = Vec::new();
        for (lines, is_drawn) in [
            (&self.brief[..], false),
            (drawn, true),
            (&self.facts, false),
        ] {
            if !main.is_empty() && !lines.is_empty() {
                main.push(("", false));
            }
            main.extend(lines.iter().map(|line| (line.as_str(), is_drawn)));
        }
        let side = self.drawn.iter().filter(|_| beside);
        (main, side.map(String::as_str).collect())
    }
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// What it is.
    pub label: &'static str,
    /// What was typed.
    pub text: String,
}

/// Everything that is on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// `3 of 41`.
    pub count: String,
    /// Whose, and what.
    pub what: String,
    /// How safe it is.
    pub level: Option<Level>,
    /// How far the review is.
    pub progress: String,
    /// The removal.
    pub body: Body,
    /// Lines of the body that are further up.
    pub scroll: usize,
    /// What was decided about it, or what is worth saying.
    pub state: String,
    /// What is being typed.
    pub prompt: Option<Prompt>,
}

/// Columns of the facts, and of what stands beside them where there is room.
pub(crate) fn columns(width: usize) -> (usize, Option<usize>) {
    if width < TWO {
        return (width, None);
    }
    ((width - SIDE - 3).min(MAIN), Some(SIDE))
}

impl Page {
    /// Rows of the body.
    pub(crate) fn room(height: usize) -> usize {
        height.saturating_sub(FRAME)
    }

    /// Lines of the body.
    pub(crate) fn lines(&self, width: usize) -> usize {
        let (main, side) = self.body.arranged(width);
        main.len().max(side.len())
    }
}

/// Draws the page; `colour` is wanted or not.
pub(crate) fn draw(frame: &mut Frame<'_>, page: &Page, colour: bool) {
    let area = frame.area();
    let paint = Paint { colour };
    let buffer = frame.buffer_mut();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("this needs {} columns and {} rows", LEAST.0, LEAST.1);
        line(buffer, (0, 0, area.width), &text, Style::new());
        return;
    }
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    head(buffer, area, page, paint);
    let room = Page::room(height);
    body(buffer, area, page, room, paint);
    let hidden = page.lines(width).saturating_sub(page.scroll + room);
    let below = area.height - 3;
    let rule = if hidden > 0 {
        format!("-- {hidden} more lines: space --")
    } else {
        String::new()
    };
    line(buffer, (0, below, area.width), &rule, DIM);
    let cursor = page
        .prompt
        .as_ref()
        .map(|prompt| typing(buffer, area, prompt));
    if cursor.is_none() {
        let style = Style::new().add_modifier(Modifier::BOLD);
        line(buffer, (0, below + 1, area.width), &page.state, style);
    }
    let keys = match &page.prompt {
        Some(_) if !page.state.is_empty() => page.state.as_str(),
        Some(_) => "Enter goes on, Escape leaves it, Ctrl-U empties it",
        None if width_of(KEYS) <= width => KEYS,
        None => FEW_KEYS,
    };
    line(buffer, (0, below + 2, area.width), keys, DIM);
    if let Some(at) = cursor {
        frame.set_cursor_position(at);
    }
}

/// Whether there are colours, and which.
#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn of(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn level(self, level: Level) -> Style {
        let colour = match level {
            Level::Safe => Color::Green,
            Level::Likely => Color::Yellow,
            Level::Review | Level::Manual => Color::Magenta,
        };
        self.of(colour).add_modifier(Modifier::BOLD)
    }

    /// The style of a line of a diff.
    fn diff(self, text: &str) -> Style {
        match text.as_bytes() {
            [b'-', ..] => self.of(Color::Red),
            [b'+', ..] => self.of(Color::Green),
            [b'@', b'@', ..] => self.of(Color::Cyan),
            _ => Style::new(),
        }
    }
}

fn head(buffer: &mut Buffer, area: Rect, page: &Page, paint: Paint) {
    let level = page.level.map(Level::name).unwrap_or_default();
    let width = usize::from(area.width);
    let room = width.saturating_sub(width_of(level) + 2);
    let left = escape::cut(&format!("{}  {}", page.count, page.what), room);
    let style = Style::new().add_modifier(Modifier::REVERSED);
    buffer.set_style(Rect { height: 1, ..area }, style);
    line(buffer, (0, 0, area.width), &left, style);
    if let Some(level) = page.level {
        let name = level.name();
        let at = u16::try_from(width.saturating_sub(width_of(name) + 1)).unwrap_or(0);
        line(
            buffer,
            (at, 0, area.width),
            name,
            style.patch(paint.level(level)),
        );
    }
    line(buffer, (0, 1, area.width), &page.progress, DIM);
}

fn body(buffer: &mut Buffer, area: Rect, page: &Page, room: usize, paint: Paint) {
    let width = usize::from(area.width);
    let (main, side) = page.body.arranged(width);
    let at = |row: usize| u16::try_from(row + 2).unwrap_or(u16::MAX);
    let shown = |row: &usize| (page.scroll..page.scroll + room).contains(row);
    let wide = columns(width).0;
    let end = u16::try_from(wide).unwrap_or(area.width);
    for (row, (text, is_drawn)) in main.iter().enumerate().filter(|(row, _)| shown(row)) {
        let style = if *is_drawn {
            paint.diff(text)
        } else {
            Style::new()
        };
        line(buffer, (0, at(row - page.scroll), end), text, style);
    }
    let left = u16::try_from(wide + 3).unwrap_or(area.width);
    for (row, text) in side.iter().enumerate().filter(|(row, _)| shown(row)) {
        let place = (left, at(row - page.scroll), area.width);
        line(buffer, place, text, paint.diff(text));
    }
}

/// The line that is typed, of which the end is always seen; gives the place of the cursor.
fn typing(buffer: &mut Buffer, area: Rect, prompt: &Prompt) -> (u16, u16) {
    let row = area.height - 2;
    let style = Style::new().add_modifier(Modifier::BOLD);
    let room = usize::from(area.width).saturating_sub(width_of(prompt.label) + 1);
    let shown = escape::terminal(&prompt.text).into_owned();
    let mut tail = shown.as_str();
    while width_of(tail) > room {
        let mut letters = tail.chars();
        letters.next();
        tail = letters.as_str();
    }
    let text = format!("{}{tail}", prompt.label);
    line(buffer, (0, row, area.width), &text, style);
    let column = width_of(&text).min(usize::from(area.width) - 1);
    (u16::try_from(column).unwrap_or(0), row)
}

/// One line of text from a column to an end.
fn line(buffer: &mut Buffer, (from, row, end): (u16, u16, u16), text: &str, style: Style) {
    let room = usize::from(end.saturating_sub(from));
    if row < buffer.area.height {
        buffer.set_stringn(from, row, escape::cut(text, room), room, style);
    }
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
