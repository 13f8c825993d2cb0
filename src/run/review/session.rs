//! The state of a review: decisions, cursor, filter, what is being typed.
//!
//! In: items, and what is decided about them. Out: what is shown, and what is accepted. No terminal
//! and no file is known here.
//!
//! Invariants:
//! * the cursor is on an item that the filter shows, if there is any item;
//! * what is deferred has a reason and a day after the data, what is rejected has a reason.

use super::items::Item;
use crate::model::{Day, Level};
use crate::report::review::{Choice, Decision};

/// Far beyond any review.
const MOST_DAYS: i32 = 36_500;

/// What keys mean at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are commands.
    Browse,
    /// The list of keys is shown.
    Help,
    /// They are a reason.
    Reason {
        /// Deferred or rejected.
        choice: Choice,
        /// What was typed so far.
        text: String,
    },
    /// They are a day.
    Until {
        /// Why it waits.
        reason: String,
        /// What was typed so far.
        text: String,
    },
}

/// Who decides, when, and about which data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Who, where that was stated.
    pub by: Option<String>,
    /// When, where that was stated.
    pub on: Option<String>,
    /// Last day of the analysis.
    pub as_of: Day,
}

/// The state of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// What is decided about.
    pub items: Vec<Item>,
    /// For each item what was decided.
    pub decisions: Vec<Option<Decision>>,
    /// For each item what was decided on other evidence.
    pub earlier: Vec<Option<Decision>>,
    /// The item that is shown.
    pub cursor: usize,
    /// Only items of this level are shown.
    pub filter: Option<Level>,
    /// First line of the item that is shown.
    pub scroll: usize,
    /// Lines that a page is scrolled by.
    pub page: usize,
    /// What keys mean.
    pub mode: Mode,
    /// What is worth saying about the last key.
    pub notice: Option<String>,
    /// The reason that was given last.
    pub(super) last_reason: String,
    /// Who decides, when, and about which data.
    pub(super) stamp: Stamp,
}

/// How many items there are of each decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Accepted.
    pub accepted: usize,
    /// Deferred.
    pub deferred: usize,
    /// Rejected.
    pub rejected: usize,
    /// Skipped.
    pub skipped: usize,
    /// Not looked at.
    pub unseen: usize,
}

impl Session {
    /// A review of these items with what is decided already; it begins at the first item that
    /// nobody has looked at.
    pub(crate) fn new(
        items: Vec<Item>,
        decisions: Vec<Option<Decision>>,
        earlier: Vec<Option<Decision>>,
        stamp: Stamp,
    ) -> Self {
        let mut session = Self {
            items,
            decisions,
            earlier,
            cursor: 0,
            filter: None,
            scroll: 0,
            page: 10,
            mode: Mode::Browse,
            notice: None,
            last_reason: String::new(),
            stamp,
        };
        session.decisions.resize(session.items.len(), None);
        session.earlier.resize(session.items.len(), None);
        let skipped = |at: &usize| session.choice(*at) == Some(Choice::Skip);
        let all = 0..session.items.len();
        let unseen = all.clone().find(|at| session.choice(*at).is_none());
        session.cursor = unseen.or_else(|| all.clone().find(skipped)).unwrap_or(0);
        session
    }

    /// What was chosen for an item.
    pub(crate) fn choice(&self, at: usize) -> Option<Choice> {
        let decision = self.decisions.get(at)?;
        decision.as_ref().map(|decision| decision.choice)
    }

    /// The item that is shown.
    pub(crate) fn item(&self) -> Option<&Item> {
        self.items.get(self.cursor)
    }

    /// The items that the filter shows.
    pub(crate) fn visible(&self) -> Vec<usize> {
        let shown = |at: &usize| {
            let level = self.items.get(*at).map(|item| item.level);
            self.filter.is_none_or(|filter| level == Some(filter))
        };
        (0..self.items.len()).filter(shown).collect()
    }

    /// How far the review is.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for at in 0..self.items.len() {
            *match self.choice(at) {
                Some(Choice::Accept) => &mut counts.accepted,
                Some(Choice::Defer) => &mut counts.deferred,
                Some(Choice::Reject) => &mut counts.rejected,
                Some(Choice::Skip) => &mut counts.skipped,
                None => &mut counts.unseen,
            } += 1;
        }
        counts
    }

    /// A day as it is typed: a date, or days after the data (`90d`).
    pub(crate) fn day(&self, text: &str) -> Result<Day, String> {
        let text = text.trim();
        let count = text.strip_suffix(['d', 'D']).unwrap_or(text);
        let days = count.parse::<i32>().ok();
        let days = days.filter(|days| (0..=MOST_DAYS).contains(days));
        let day = days
            .map(|days| self.stamp.as_of.plus(days))
            .or_else(|| Day::parse(text))
            .ok_or_else(|| {
                format!("`{text}` is not a date: write 2027-01-31, or 90d for days after the data")
            })?;
        if day <= self.stamp.as_of {
            return Err(format!(
                "{day} is not after the data, which ends on {}",
                self.stamp.as_of
            ));
        }
        Ok(day)
    }

    /// Notes a decision about an item; what is missing of it is said.
    pub(crate) fn decide(
        &mut self,
        at: usize,
        choice: Choice,
        reason: Option<&str>,
        until: Option<Day>,
    ) -> Result<(), String> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let stays = matches!(choice, Choice::Defer | Choice::Reject);
        if stays && reason.is_none() {
            return Err(format!(
                "a reason is needed: what is {} stays",
                choice.done()
            ));
        }
        match (choice, until) {
            (Choice::Defer, None) => return Err("a day is needed: until when it waits".to_owned()),
            (Choice::Defer, Some(day)) => drop(self.day(&day.to_string())?),
            (_, Some(_)) => return Err(format!("`{}` has no day", choice.name())),
            (_, None) => {}
        }
        let decision = Decision {
            choice,
            reason: reason.map(str::to_owned),
            until,
            by: self.stamp.by.clone(),
            on: self.stamp.on.clone(),
            as_of: Some(self.stamp.as_of.to_string()),
        };
        if let Some(own) = self.decisions.get_mut(at) {
            *own = Some(decision);
        }
        Ok(())
    }
}
