//! The keys and certificates of each client, and which of them took whose place.
//!
//! In: rows of credentials that have an id. Out: one [`Key`] for each, with its days.
//!
//! Invariants:
//! * only days with records count as days of rest;
//! * a key is newer than another only where the log shows that it appeared: it was
//!   absent from the beginning of the log for longer than it ever rests.

use std::collections::{BTreeMap, BTreeSet};

use super::presented::is_lasting;
use super::{Context, Threshold, Unit};
use crate::format::AuthKind;
use crate::model::{Day, Millis};
use crate::usage::credentials::{CredentialHash, CredentialRow, Which};

/// After which rest a key counts as given up.
pub(super) const RESTED: Threshold = Threshold {
    key: "rested",
    unit: Unit::Days,
    default: 14,
    text: "covered days without use after which a credential counts as given up, if it never rested as long before",
};

/// What was seen of one credential of a client.
pub(super) struct Key<'a> {
    pub(super) hash: CredentialHash,
    /// In order of day, never empty.
    pub(super) rows: Vec<&'a CredentialRow>,
    pub(super) first: Day,
    pub(super) last: Day,
    kinds: BTreeSet<AuthKind>,
    /// Covered days before its first use.
    absent: usize,
    /// Most covered days between two days of use.
    pause: usize,
    /// Covered days since its last use.
    rest: usize,
}

impl Key<'_> {
    /// Days from its first to its last use.
    pub(super) fn age(&self) -> i32 {
        self.last.0 - self.first.0
    }

    /// It is not a token, whose id would change by itself.
    pub(super) fn is_lasting(&self) -> bool {
        is_lasting(&self.rows)
    }

    /// It was given up: not used for so many covered days, and longer than ever before.
    pub(super) fn is_given_up(&self, rested: u64) -> bool {
        self.rest as u64 >= rested && self.rest > self.pause
    }

    /// It appeared when the other one, of the same kind, was known already.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        self.first > other.first
            && self.absent > self.pause
            && !self.kinds.is_disjoint(&other.kinds)
    }

    /// Its first and its last request.
    pub(super) fn span(&self) -> (Millis, Millis) {
        let first = self.rows.iter().map(|row| row.facts.first).min();
        let last = self.rows.iter().map(|row| row.facts.last).max();
        (first.unwrap_or(0), last.unwrap_or(0))
    }

    /// Its requests on and after a day.
    pub(super) fn requests_since(&self, day: Day) -> u64 {
        let rows = self.rows.iter().filter(|row| row.day >= day);
        rows.map(|row| row.facts.count).sum()
    }
}

/// All credentials with an id, by client, in the order in which they appeared.
pub(super) fn keys<'a>(context: &Context<'a>) -> BTreeMap<&'a str, Vec<Key<'a>>> {
    let covered = context.coverage.days.keys();
    let covered: Vec<Day> = covered
        .copied()
        .filter(|day| *day <= context.analysis.window.to)
        .collect();
    let before = |day: Day| covered.partition_point(|date| *date < day);
    let mut all: BTreeMap<&str, Vec<Key<'a>>> = BTreeMap::new();
    for ((client, hash), rows) in context.named_credentials() {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            continue;
        };
        let (first, last) = (first.day, last.day);
        let pauses = rows
            .windows(2)
            .map(|pair| before(pair[1].day).saturating_sub(before(pair[0].day.plus(1))));
        all.entry(client).or_default().push(Key {
            hash,
            first,
            last,
            kinds: rows.iter().map(|row| row.kind).collect(),
            absent: before(first),
            pause: pauses.max().unwrap_or(0),
            rest: covered.len() - before(last.plus(1)),
            rows,
        });
    }
    for keys in all.values_mut() {
        keys.sort_by_key(|key| (key.first, key.hash));
    }
    all
}

/// Clients with more keys or certificates on a day than are kept separate: what one of them did
/// may be under no id.
pub(super) fn crowded<'a>(context: &Context<'a>) -> BTreeSet<&'a str> {
    let rows = context.credential_rows();
    let rows =
        rows.filter(|(_, row)| row.credential == Which::Others && row.kind != AuthKind::Token);
    rows.map(|(client, _)| client).collect()
}
