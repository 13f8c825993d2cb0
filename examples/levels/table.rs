//! What was said, against what came: sums by level.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use scopetrim::analysis::Thresholds;
use scopetrim::model::{Day, Level, Reason};

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
    pub(crate) fn shares(&self) -> [f64; 2] {
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
    /// The rule that needs no program, by days of silence.
    pub(crate) rules: BTreeMap<i32, Sums>,
    /// Removals that have a level below that of their odds, or odds for `review`, by each
    /// reason and the level of the odds.
    held: BTreeMap<(Reason, Level), Held>,
}

/// What one reason holds.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// All of it.
    all: Sums,
    /// Below what the method says, seasons and brakes included.
    by_guards: Sums,
    /// Of these, held by no other reason.
    alone: Sums,
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
        let thresholds = Thresholds::default();
        let mut suspended: BTreeMap<&str, bool> = BTreeMap::new();
        for (key, verdict) in said {
            let again = tenant.comes_back(key, at, 90);
            let later = tenant.comes_back(key, at, 365);
            self.surplus += u64::from(!later);
            if verdict.suspend.is_some_and(|level| level <= Level::Likely) {
                *suspended.entry(&key.0).or_default() |= again;
            }
            let place = match verdict.level {
                Some(Level::Safe) => 0,
                Some(Level::Likely) => 1,
                Some(Level::Review) => 2,
                _ => continue,
            };
            self.found[place] += u64::from(!later);
            let p = verdict.evidence.map(|evidence| evidence.odds.p);
            self.levels[place].add(p, again, later);
            let odds = verdict
                .evidence
                .map(|evidence| thresholds.level(&evidence.odds));
            if let (Some(odds), Some(level)) = (odds, verdict.level) {
                self.hold(verdict, [odds, level], |sums| sums.add(p, again, later));
            }
        }
        self.suspended[0] += suspended.len() as u64;
        self.suspended[1] += suspended.values().filter(|held| **held).count() as u64;
        for silent in [90, 180, 365] {
            let sums = self.rules.entry(silent).or_default();
            *sums = sums.plus(crate::real::rule(tenant, at, silent));
        }
    }

    /// Counts what holds a removal below the level of its odds, or these at `review`.
    fn hold(&mut self, said: &Said, [odds, level]: [Level; 2], add: impl Fn(&mut Sums)) {
        if level <= odds && odds != Level::Review {
            return;
        }
        let facts = [Reason::NeverUsed, Reason::NotUsedInWindow];
        let reasons = said.reasons.iter().filter(|reason| !facts.contains(reason));
        let alone = reasons.clone().count() == 1;
        for reason in reasons {
            let held = self.held.entry((*reason, odds)).or_default();
            add(&mut held.all);
            if level > said.method {
                add(&mut held.by_guards);
                if alone {
                    add(&mut held.alone);
                }
            }
        }
    }

    /// Adds the decisions of another table.
    pub(crate) fn merge(&mut self, other: &Self) {
        for place in 0..3 {
            self.levels[place] = self.levels[place].plus(other.levels[place]);
            self.found[place] += other.found[place];
        }
        self.surplus += other.surplus;
        for place in 0..2 {
            self.suspended[place] += other.suspended[place];
        }
        for (silent, sums) in &other.rules {
            let counts = self.rules.entry(*silent).or_default();
            *counts = counts.plus(*sums);
        }
        for (key, held) in &other.held {
            let sums = self.held.entry(*key).or_default();
            sums.all = sums.all.plus(held.all);
            sums.by_guards = sums.by_guards.plus(held.by_guards);
            sums.alone = sums.alone.plus(held.alone);
        }
    }

    /// Removals of `safe`, and of `safe` and `likely`.
    pub(crate) fn both(&self) -> [Sums; 2] {
        [self.levels[0], self.levels[0].plus(self.levels[1])]
    }

    /// Recall of the same, in percent.
    pub(crate) fn recall(&self) -> [f64; 2] {
        let share = |found: u64| 100.0 * real(found) / real(self.surplus.max(1));
        [share(self.found[0]), share(self.found[0] + self.found[1])]
    }
}

/// What each reason holds below the level of the odds, or at `review`, as Markdown.
pub(crate) fn render_held(tables: &[Table]) -> String {
    let mut text = "| | odds say | reason | held, used again | by guards beyond the method | by it alone | surplus in it |\n|---|---|---|---|---|---|---|\n".to_owned();
    let cell = |sums: Sums| format!("{}, {:.2} %", sums.removals, sums.shares()[0]);
    for table in tables {
        let given = [Level::Safe, Level::Likely].into_iter().zip(table.levels);
        for (level, sums) in given.filter(|(_, sums)| sums.removals > 0) {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {} | `{}` | given | {} | | | |",
                table.name,
                level.name(),
                cell(sums)
            );
        }
        for ((reason, level), held) in &table.held {
            let unused = held.all.removals - held.all.within_a_year;
            let _ = writeln!(
                text,
                "| {} | `{}` | {reason:?} | {} | {} | {} | {:.1} % |",
                table.name,
                level.name(),
                cell(held.all),
                cell(held.by_guards),
                cell(held.alone),
                100.0 * real(unused) / real(table.surplus.max(1)),
            );
        }
    }
    text
}

/// One row for each table, as Markdown.
pub(crate) fn render(tables: &[Table]) -> String {
    let mut text = "| | silent 365 d | `safe`: removals, used again (predicted), recall | `safe` and `likely` | `review` | clients to suspend, came back |\n|---|---|---|---|---|---|\n".to_owned();
    for table in tables {
        let cell = |sums: Sums, found: u64| {
            let [again, predicted] = sums.shares();
            let recall = match table.surplus {
                0 => "no surplus".to_owned(),
                all => format!("{:.1} %", 100.0 * real(found) / real(all)),
            };
            format!("{}, {again:.2} % ({predicted:.2}), {recall}", sums.removals)
        };
        let none = |sums: Sums, text: String| match sums.removals {
            0 => "none".to_owned(),
            _ => text,
        };
        let rule = table.rules.get(&365).copied().unwrap_or_default();
        let [safe, both] = table.both();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {}, {} |",
            table.name,
            none(
                rule,
                format!("{}, {:.2} %", rule.removals, rule.shares()[0])
            ),
            none(safe, cell(safe, table.found[0])),
            none(both, cell(both, table.found[0] + table.found[1])),
            none(table.levels[2], cell(table.levels[2], table.found[2])),
            table.suspended[0],
            table.suspended[1],
        );
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "counts for shares")]
fn real(count: u64) -> f64 {
    count as f64
}
