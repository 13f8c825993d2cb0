//! Ages that the configuration states for grants which nothing else dates.
//!
//! Invariants:
//! * an entry with a date of its own, by the file or by git, keeps it; so does a term that
//!   the ledger or the given table dates;
//! * of several ways to hold a term, and of several rules, the youngest day decides;
//! * an entry that git knows of and cannot date (not committed, or younger than the data) is
//!   not old because the configuration says so;
//! * a statement about a day after as-of says nothing.

use super::{History, SinceFrom, way};
use crate::model::{ClientName, Day, Policy, Stated, Via};

impl History {
    /// Adds what the configuration states.
    pub fn state(&mut self, rules: &[Stated]) {
        self.stated.extend_from_slice(rules);
    }

    /// Since when the client holds a term in all the ways given, where statements fill in
    /// what nothing else dates.
    pub(super) fn by_statement(
        &self,
        policy: &Policy,
        client: &ClientName,
        vias: &[Via],
        as_of: Day,
    ) -> Option<(Day, SinceFrom)> {
        if self.stated.is_empty() {
            return None;
        }
        let entry = |at: (usize, usize)| {
            if let Some(since) = self.entry(policy, at, as_of) {
                return Some(since);
            }
            let in_git = self.fresh.contains(&at)
                || self.lines.contains_key(&at)
                || self.younger.contains_key(&at);
            let file = policy.files.get(at.0).filter(|_| !in_git)?;
            let rules = self.stated.iter();
            let rules = rules.filter(|rule| rule.fits(&file.path, client.as_str()));
            let day = rules.map(|rule| rule.before).max()?;
            (day <= as_of).then_some((day, SinceFrom::Stated))
        };
        let ways: Option<Vec<_>> = vias.iter().map(|via| way(via, entry)).collect();
        ways?.into_iter().max()
    }

    /// The rule, by its number, that gave a grant this day.
    pub fn rule_of(
        &self,
        policy: &Policy,
        client: &ClientName,
        vias: &[Via],
        day: Day,
    ) -> Option<usize> {
        let files = || vias.iter().filter_map(|via| policy.files.get(via.file));
        self.stated.iter().position(|rule| {
            rule.before == day && files().any(|file| rule.fits(&file.path, client.as_str()))
        })
    }
}
