//! A review as a machine of keys.
//!
//! In: keys. Out: what changed in the session. No terminal is known here.
//!
//! Invariants:
//! * only a key that says so has decided something;
//! * what is pasted, or typed into a reason, is no command.

use super::session::{Mode, Session};
use crate::model::words::plural;
use crate::model::{Day, Level};
use crate::report::review::{Choice, Decision};

/// Days for which something is deferred unless another day is typed.
const DEFERRED: i32 = 90;
/// Letters of a reason.
const REASON: usize = 500;
/// The filters, in the order of the key.
const LEVELS: [Level; 4] = [Level::Safe, Level::Likely, Level::Review, Level::Manual];

/// One press, as far as a review knows keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A letter.
    Char(char),
    /// Text that came at once.
    Paste(String),
    /// Ends what is typed.
    Enter,
    /// Leaves what was begun.
    Escape,
    /// Takes back a letter.
    Backspace,
    /// Takes back all of them.
    Clear,
    /// The line above; while typing: the reason before.
    Up,
    /// The line below.
    Down,
    /// The item before.
    Left,
    /// The next item.
    Right,
    /// Lines further up.
    PageUp,
    /// Lines further down.
    PageDown,
    /// The first line.
    Home,
    /// The last line.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that has to be kept.
    Stay,
    /// A decision changed.
    Decided,
    /// The review ends here.
    Quit,
}

impl Session {
    /// Takes one key.
    pub(crate) fn press(&mut self, key: Key) -> Effect {
        self.notice = None;
        if key == Key::Interrupt {
            return Effect::Quit;
        }
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => self.command(&key),
            Mode::Help => {
                self.scroll_help(&key);
                Effect::Stay
            }
            Mode::Reason { choice, text } => self.reason(choice, text, key),
            Mode::Until { reason, text } => self.until(reason, text, key),
        }
    }

    fn command(&mut self, key: &Key) -> Effect {
        match key {
            Key::Char('a') => return self.settle(Choice::Accept, None, None),
            Key::Char('s') => return self.skip(),
            Key::Char('u') => return self.take_back(),
            Key::Char('d') => self.ask(Choice::Defer),
            Key::Char('r') => self.ask(Choice::Reject),
            Key::Char('b') | Key::Left => self.step(false),
            Key::Right => self.step(true),
            Key::Char('n') => self.next_holder(),
            Key::Char('l') => self.next_filter(),
            Key::Char('?' | 'h') => {
                self.mode = Mode::Help;
                self.scroll = 0;
            }
            Key::Char('q') => return Effect::Quit,
            Key::Paste(_) => self.notice = Some("pasted text decides nothing".to_owned()),
            key => {
                self.scrolled(key);
            }
        }
        Effect::Stay
    }

    /// Scrolls, if this is a key for that.
    fn scrolled(&mut self, key: &Key) -> bool {
        self.scroll = match key {
            Key::Char('j') | Key::Down => self.scroll.saturating_add(1),
            Key::Char('k') | Key::Up => self.scroll.saturating_sub(1),
            Key::Char(' ') | Key::PageDown => self.scroll.saturating_add(self.page),
            Key::PageUp => self.scroll.saturating_sub(self.page),
            Key::Char('g') | Key::Home => 0,
            Key::Char('G') | Key::End => usize::MAX,
            _ => return false,
        };
        true
    }

    /// Any key that does not scroll leaves the list of keys.
    fn scroll_help(&mut self, key: &Key) {
        if self.scrolled(key) {
            self.mode = Mode::Help;
        } else {
            self.scroll = 0;
        }
    }

    /// Asks why; what was said on other evidence is there to be changed.
    fn ask(&mut self, choice: Choice) {
        if self.items.is_empty() {
            return;
        }
        let before = |all: &[Option<Decision>]| {
            let found = all.get(self.cursor).and_then(Option::as_ref);
            let found = found.filter(|decision| decision.choice == choice);
            found.and_then(|decision| decision.reason.clone())
        };
        let text = before(&self.decisions).or_else(|| before(&self.earlier));
        self.mode = Mode::Reason {
            choice,
            text: text.unwrap_or_default(),
        };
    }

    fn reason(&mut self, choice: Choice, mut text: String, key: Key) -> Effect {
        match key {
            Key::Escape => return Effect::Stay,
            Key::Enter if text.trim().is_empty() => {
                self.notice = Some(format!(
                    "a reason is needed: what is {} stays",
                    choice.done()
                ));
            }
            Key::Enter if choice == Choice::Reject => {
                return self.settle(choice, Some(text), None);
            }
            Key::Enter => {
                let day = self.stamp.as_of.plus(DEFERRED).to_string();
                self.mode = Mode::Until {
                    reason: text,
                    text: day,
                };
                return Effect::Stay;
            }
            Key::Up if text.is_empty() => text.clone_from(&self.last_reason),
            key => typed(&mut text, key),
        }
        self.mode = Mode::Reason { choice, text };
        Effect::Stay
    }

    fn until(&mut self, reason: String, mut text: String, key: Key) -> Effect {
        match key {
            Key::Escape => return Effect::Stay,
            Key::Enter => match self.day(&text) {
                Ok(day) => return self.settle(Choice::Defer, Some(reason), Some(day)),
                Err(why) => self.notice = Some(why),
            },
            key => typed(&mut text, key),
        }
        self.mode = Mode::Until { reason, text };
        Effect::Stay
    }

    /// Decides the item that is shown, and goes on.
    fn settle(&mut self, choice: Choice, reason: Option<String>, until: Option<Day>) -> Effect {
        if self.items.is_empty() {
            return Effect::Stay;
        }
        if let Err(why) = self.decide(self.cursor, choice, reason.as_deref(), until) {
            self.notice = Some(why);
            return Effect::Stay;
        }
        if let Some(reason) = reason {
            self.last_reason = reason;
        }
        self.advance();
        Effect::Decided
    }

    /// Goes on without a decision; one that was made stays.
    fn skip(&mut self) -> Effect {
        if matches!(self.choice(self.cursor), None | Some(Choice::Skip)) {
            return self.settle(Choice::Skip, None, None);
        }
        self.step(true);
        Effect::Stay
    }

    fn take_back(&mut self) -> Effect {
        match self.decisions.get_mut(self.cursor) {
            Some(own @ Some(_)) => {
                *own = None;
                self.notice = Some("taken back: nothing is decided here".to_owned());
                Effect::Decided
            }
            _ => Effect::Stay,
        }
    }

    /// To the next item that nobody has looked at, else to one that was skipped.
    fn advance(&mut self) {
        let visible = self.visible();
        let from = self.cursor;
        let after = visible.iter().filter(|at| **at > from);
        let before = visible.iter().filter(|at| **at < from);
        let mut around = after.chain(before).copied();
        let next = around
            .clone()
            .find(|at| self.choice(*at).is_none())
            .or_else(|| around.find(|at| self.choice(*at) == Some(Choice::Skip)));
        if let Some(next) = next {
            self.go(next);
            return;
        }
        let open = self.counts();
        let left = open.unseen + open.skipped;
        self.notice = Some(match (self.filter, left) {
            (_, 0) => "everything is decided: q ends the review".to_owned(),
            (Some(level), _) => format!(
                "nothing else at level {} is open; {} in all: l shows other levels",
                level.name(),
                plural(left, "open removal")
            ),
            (None, _) => "nothing else is open".to_owned(),
        });
    }

    fn step(&mut self, forward: bool) {
        let visible = self.visible();
        let next = if forward {
            visible.iter().find(|at| **at > self.cursor)
        } else {
            visible.iter().rfind(|at| **at < self.cursor)
        };
        match next {
            Some(next) => self.go(*next),
            None if forward => self.notice = Some("this is the last one".to_owned()),
            None => self.notice = Some("this is the first one".to_owned()),
        }
    }

    /// To the first item of the next client or role, around the end.
    fn next_holder(&mut self) {
        let holder = self.item().map(|item| item.holder.clone());
        let visible = self.visible();
        let other = |at: &&usize| self.items.get(**at).map(|item| &item.holder) != holder.as_ref();
        let mut after = visible.iter().filter(|at| **at > self.cursor);
        let next = after.find(other).or_else(|| visible.iter().find(other));
        match next.copied() {
            Some(next) => self.go(next),
            None => self.notice = Some("there is no other client".to_owned()),
        }
    }

    /// All levels, then each level that has items.
    fn next_filter(&mut self) {
        let has = |level: &Level| self.items.iter().any(|item| item.level == *level);
        let mut later = LEVELS.iter().filter(|level| Some(**level) > self.filter);
        self.filter = later.find(|level| has(level)).copied();
        let visible = self.visible();
        if !visible.contains(&self.cursor) {
            let open = |at: &&usize| self.choice(**at).is_none();
            let first = visible.iter().find(open).or_else(|| visible.first());
            if let Some(first) = first {
                self.go(*first);
            }
        }
    }

    fn go(&mut self, at: usize) {
        self.cursor = at;
        self.scroll = 0;
    }
}

/// One key of a line that is typed.
fn typed(text: &mut String, key: Key) {
    match key {
        Key::Char(letter) if !letter.is_control() => text.push(letter),
        // A line break in it would end the line, and the rest would be commands.
        Key::Paste(pasted) => {
            let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
            text.extend(pasted.trim().chars().map(plain));
        }
        Key::Backspace => drop(text.pop()),
        Key::Clear => text.clear(),
        _ => {}
    }
    if let Some((end, _)) = text.char_indices().nth(REASON) {
        text.truncate(end);
    }
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
