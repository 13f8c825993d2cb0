//! What was said, against what came: sums by level.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use scopetrim::model::{Day, Level};

use crate::world::{Key, Said, Tenant};

/// Removals of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) removals: u64,
    /// Used within 90 days, and within 365.
    pub(crate) again: u64,
    pub(crate) within_a_year: u64,
    /// Sum of the probabilities.
    predicted: f64,
}

impl Sums {
    pub(crate) fn add(&mut self, p: Option<f64>, again: bool, within_a_year: bool) {
        self.removals += 1;
        self.again += u64::from(again);
        self.within_a_year += u64::from(within_a_year);
        self.predicted += p.unwrap_or(0.0);
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            removals: self.removals + other.removals,
            again: self.again + other.again,
            within_a_year: self.within_a_year + other.within_a_year,
            predicted: self.predicted + other.predicted,
        }
    }

    /// Used again by predicted, both as shares in percent.
    fn shares(&self) -> [f64; 2] {
        let all = real(self.removals.max(1));
        [100.0 * real(self.again) / all, 100.0 * self.predicted / all]
    }
}

/// One history or setting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Safe, likely, review.
    pub(crate) levels: [Sums; 3],
    /// Grants that nobody used in the 365 days that followed.
    surplus: u64,
    /// Of these, called safe, likely, review.
    found: [u64; 3],
    /// Clients to suspend at `safe` or `likely`, and those of them that came back within 90 days.
    suspended: [u64; 2],
    /// What holds removals at `review`.
    pub(crate) rules: BTreeMap<i32, Sums>,
}

impl Table {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Adds one decision.
    pub(crate) fn add(&mut self, tenant: &Tenant, said: &BTreeMap<Key, Said>, at: Day) {
        let mut suspended: BTreeMap<&str, bool> = BTreeMap::new();
        for (key, own) in said {
            let again = tenant.comes_back(key, at, 90);
            let later = tenant.comes_back(key, at, 365);
            self.surplus += u64::from(!later);
            if own.suspend.is_some_and(|level| level <= Level::Likely) {
                *suspended.entry(&key.0).or_default() |= again;
            }
            let place = match own.level {
                Some(Level::Safe) => 0,
                Some(Level::Likely) => 1,
                Some(Level::Review) => 2,
                _ => continue,
            };
            self.found[place] += u64::from(!later);
            let p = own.evidence.map(|own| own.odds.p);
            self.levels[place].add(p, again, later);
        }
        self.suspended[0] += suspended.len() as u64;
        self.suspended[1] += suspended.values().filter(|own| **own).count() as u64;
        for silent in [90, 180, 365] {
            let own = self.rules.entry(silent).or_default();
            *own = own.plus(crate::real::rule(tenant, at, silent));
        }
    }
}

/// One row for each table, as Markdown.
pub(crate) fn render(tables: &[Table]) -> String {
    let mut text = "| | silent 365 d | `safe`: removals, used again (predicted), recall | `safe` and `likely` | `review` | clients to suspend, came back |\n|---|---|---|---|---|---|\n".to_owned();
    for own in tables {
        let recall = |found: u64| 100.0 * real(found) / real(own.surplus.max(1));
        let cell = |sums: Sums, found: u64| {
            let [again, predicted] = sums.shares();
            format!(
                "{}, {again:.2} % ({predicted:.2}), {:.1} %",
                sums.removals,
                recall(found)
            )
        };
        let rule = own.rules.get(&365).copied().unwrap_or_default();
        let both = own.levels[0].plus(own.levels[1]);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {}, {:.2} % | {} | {} | {} | {}, {} |",
            own.name,
            rule.removals,
            rule.shares()[0],
            cell(own.levels[0], own.found[0]),
            cell(both, own.found[0] + own.found[1]),
            cell(own.levels[2], own.found[2]),
            own.suspended[0],
            own.suspended[1],
        );
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "counts for shares")]
fn real(count: u64) -> f64 {
    count as f64
}
