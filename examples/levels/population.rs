//! Organisations from a seed: what they grant, and what is used on which day.
//!
//! In: a seed and the facts of a population. Out: the grants and their days of use, before
//! and after the decision.
//!
//! Invariants:
//! * equal seeds give equal organisations, on every machine;
//! * what happens is drawn before anybody decides, and for a whole year after it.
//!
//! How long the log is, and what is said of it, is not known here.

use scopetrim::model::Day;

use crate::rng::Rng;
use crate::world::{Key, Tenant};

/// Days before the decision that are drawn, and days after it.
pub(crate) const BEFORE: i32 = 450;
const AFTER: i32 = 365;
/// Scopes of an organisation.
const SCOPES: usize = 80;

/// How somebody who needs a grant uses it.
#[derive(Clone, Copy, Debug)]
enum Pattern {
    /// On most days, or on most working days.
    Steady,
    /// At about equal distances: days, and their spread.
    Every(f64, f64),
    /// Without a rhythm; the median of the mean distance.
    Now(f64),
    /// In an emergency, for one to three days.
    BreakGlass,
    /// Daily at first, and then less and less.
    Decaying,
}

const WEEKLY: Pattern = Pattern::Every(7.0, 0.0);
const MONTHLY: Pattern = Pattern::Every(30.4, 1.0);
const QUARTERLY: Pattern = Pattern::Every(91.3, 3.0);
const ANNUAL: Pattern = Pattern::Every(365.25, 8.0);
const SPARSE: Pattern = Pattern::Now(14.0);
const RARE: Pattern = Pattern::Now(75.0);

/// A kind of scope: which share of its holders needs it, and how they use it.
struct Kind {
    needed: f64,
    patterns: &'static [(Pattern, f64)],
}

/// Core, reports, administration, once a year, incidents, legacy.
const KINDS: [Kind; 6] = [
    Kind {
        needed: 0.55,
        patterns: &[(Pattern::Steady, 0.8), (WEEKLY, 0.1), (SPARSE, 0.1)],
    },
    Kind {
        needed: 0.35,
        patterns: &[(WEEKLY, 0.2), (MONTHLY, 0.55), (QUARTERLY, 0.25)],
    },
    Kind {
        needed: 0.25,
        patterns: &[(SPARSE, 0.6), (RARE, 0.3), (MONTHLY, 0.1)],
    },
    Kind {
        needed: 0.3,
        patterns: &[(ANNUAL, 0.7), (QUARTERLY, 0.3)],
    },
    Kind {
        needed: 0.45,
        patterns: &[(Pattern::BreakGlass, 0.85), (SPARSE, 0.15)],
    },
    Kind {
        needed: 0.2,
        patterns: &[(Pattern::Decaying, 0.8), (RARE, 0.2)],
    },
];

/// Shares of these kinds among the scopes.
pub(crate) type Mix = [f64; 6];
pub(crate) const BASE: Mix = [0.30, 0.16, 0.20, 0.06, 0.08, 0.20];
/// More of what is used once a year, in incidents, and by hand.
pub(crate) const HARD: Mix = [0.30, 0.16, 0.26, 0.14, 0.16, 0.20];
/// Less of it.
pub(crate) const EASY: Mix = [0.30, 0.16, 0.10, 0.01, 0.01, 0.20];

/// An organisation of many clients that come and go, each with a few of 80 scopes; the
/// decision falls at the end of `at`.
pub(crate) fn mixed(seed: u64, mix: &Mix, clients: usize, at: Day) -> Tenant {
    let mut dice = Dice::new(seed);
    let scopes: Vec<(usize, f64)> = (0..SCOPES)
        .map(|_| {
            let kind = dice.weighted(mix.iter().copied());
            let needed = KINDS[kind].needed * dice.lognormal(0.0, 0.4);
            (kind, needed.clamp(0.02, 0.95))
        })
        .collect();
    let mut tenant = Tenant::default();
    for client in 0..clients {
        let life = life(&mut dice);
        for scope in dice.some_scopes() {
            let granted = if dice.chance(0.8) {
                life.start
            } else {
                dice.between(life.start.max(0), BEFORE)
            };
            let key: Key = (format!("client-{client:04}"), format!("scope-{scope:02}"));
            let (kind, needed) = scopes[scope];
            if dice.chance(needed) {
                let patterns = KINDS[kind].patterns;
                let pattern = patterns[dice.weighted(patterns.iter().map(|pattern| pattern.1))].0;
                // Granted ahead of its first use.
                let start = granted + whole(dice.exponential(15.0).floor());
                let mut used = days(&mut dice, pattern, start, at);
                used.retain(|day| (start..life.end).contains(day));
                let used = used.into_iter().map(|day| when(at, day)).collect();
                tenant.uses.insert(key.clone(), used);
            }
            tenant.grants.insert(key, when(at, granted));
        }
    }
    tenant
}

/// From when to when a client exists, the first drawn day being 0.
fn life(dice: &mut Dice) -> std::ops::Range<i32> {
    let kind = dice.share();
    let start = if kind < 0.62 {
        -400
    } else if kind < 0.84 {
        dice.between(0, BEFORE - 120)
    } else {
        dice.between(BEFORE - 120, BEFORE)
    };
    let shut_down = dice.chance(0.12) && start < BEFORE - 60;
    let end = if shut_down {
        dice.between(start.max(0) + 30, BEFORE)
    } else {
        BEFORE + whole(dice.exponential(5.0 * 365.0))
    };
    start..end
}

/// The date of a drawn day.
fn when(at: Day, day: i32) -> Day {
    at.plus(day + 1 - BEFORE)
}

/// Days of use of a need that lasts for ever, of those that are drawn.
fn days(dice: &mut Dice, pattern: Pattern, start: i32, at: Day) -> Vec<i32> {
    let all = 0..BEFORE + AFTER;
    match pattern {
        Pattern::Steady => {
            let often = dice.lognormal(1.0, 1.5).min(500.0);
            let on_weekends = if dice.chance(0.5) { 1.0 } else { 0.05 };
            all.filter(|day| {
                let times = if is_weekend(when(at, *day)) {
                    often * on_weekends
                } else {
                    often
                };
                dice.chance(1.0 - (-times).exp())
            })
            .collect()
        }
        Pattern::Every(distance, spread) => {
            let mut days = Vec::new();
            let mut due = dice.share() * distance - distance;
            while due < f64::from(all.end) + distance {
                let day = whole((due + spread * dice.normal()).round());
                // Now and then it fails.
                if all.contains(&day) && dice.chance(0.97) {
                    days.push(day);
                }
                due += distance;
            }
            days.sort_unstable();
            days.dedup();
            days
        }
        Pattern::Now(median) => {
            let chance = 1.0 / dice.lognormal(median.ln(), 0.7).max(2.0);
            all.filter(|_| dice.chance(chance)).collect()
        }
        Pattern::BreakGlass => {
            let chance = 1.0 / (90.0 + 310.0 * dice.share());
            let mut last = 0;
            all.filter(|day| {
                if dice.chance(chance) {
                    last = last.max(day + dice.between(1, 4));
                }
                *day < last
            })
            .collect()
        }
        Pattern::Decaying => {
            let slow = 20.0 + 70.0 * dice.share();
            all.filter(|day| {
                let times = 3.0 * (-f64::from((day - start).max(0)) / slow).exp();
                dice.chance(1.0 - (-times).exp())
            })
            .collect()
        }
    }
}

/// Twelve apps with four scopes each that go live on random days, and tokens that hold
/// scopes which nobody ever uses.
pub(crate) fn god_tokens(seed: u64, tokens: usize, scopes: usize, days: i32, at: Day) -> Tenant {
    let mut dice = Dice::new(seed);
    let mut tenant = Tenant::default();
    let first = at.plus(1 - days);
    let daily = |from: i32| (from..days + AFTER).map(|day| first.plus(day)).collect();
    for app in 0..12 {
        let name = format!("app-{app:02}");
        for core in ["core-0", "core-1"] {
            tenant.uses.insert((name.clone(), core.into()), daily(0));
        }
        for n in 0..4 {
            let live = dice.between(60, 900);
            let key = (name.clone(), format!("{name}-feature-{n}"));
            tenant.uses.insert(key, daily(live));
        }
    }
    for token in 0..tokens {
        let name = format!("token-{token}");
        let key = (name.clone(), "core-0".to_owned());
        tenant.uses.insert(key, daily(0));
        let wide = (0..scopes).map(|n| (name.clone(), format!("wide-{n:03}")));
        tenant
            .grants
            .extend(wide.map(|key| (key, first.plus(-500))));
    }
    let used: Vec<Key> = tenant.uses.keys().cloned().collect();
    let used = used.into_iter().map(|key| (key, first.plus(-500)));
    tenant.grants.extend(used);
    tenant
}

/// A hundred clients with two scopes that all of them use from September to November, two
/// that nobody uses, and four that are used on two days of five.
pub(crate) fn season(seed: u64, days: i32, at: Day) -> Tenant {
    let mut dice = Dice::new(seed);
    let mut tenant = Tenant::default();
    let span = 1 - days..=AFTER;
    for client in 0..100 {
        let chances = [("core", 4, 0.4), ("season", 2, 0.2), ("dead", 2, 0.0)];
        for (kind, many, chance) in chances {
            for number in 0..many {
                let key: Key = (format!("client-{client:03}"), format!("{kind}-{number}"));
                let used = span
                    .clone()
                    .map(|day| at.plus(day))
                    .filter(|day| (kind != "season" || is_autumn(*day)) && dice.chance(chance));
                tenant.uses.insert(key.clone(), used.collect());
                tenant.grants.insert(key, at.plus(-959));
            }
        }
    }
    tenant
}

/// September to November.
fn is_autumn(day: Day) -> bool {
    let text = day.to_string();
    let month = text.get(5..7);
    month.is_some_and(|month| ["09", "10", "11"].contains(&month))
}

/// Saturday or Sunday.
pub(crate) fn is_weekend(day: Day) -> bool {
    // The first day of the count was a Thursday.
    (day.0 + 3).rem_euclid(7) >= 5
}

/// The first days of outages that take four days each, so that a share of all is missing.
pub(crate) fn outages(seed: u64, share: f64, at: Day) -> Vec<Day> {
    let mut dice = Dice::new(seed);
    let days = (0..BEFORE).filter(|_| dice.chance(share / 4.0));
    days.map(|day| when(at, day)).collect()
}

/// Draws from distributions.
struct Dice(Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    /// From 0 to below 1.
    fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.0.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// From `low` to below `high`.
    fn between(&mut self, low: i32, high: i32) -> i32 {
        let wide = u64::try_from(high - low).unwrap_or(0);
        low + i32::try_from(self.0.below(wide)).unwrap_or(0)
    }

    /// A place in a list of weights.
    fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.share() * weights.clone().sum::<f64>();
        let last = weights.clone().count().saturating_sub(1);
        let passed = weights.take(last).take_while(|weight| {
            left -= weight;
            left >= 0.0
        });
        passed.count()
    }

    /// Three to fifteen different scopes.
    fn some_scopes(&mut self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..SCOPES).collect();
        let many = usize::try_from(self.between(3, 16)).unwrap_or(0);
        for place in 0..many {
            let rest = u64::try_from(SCOPES - place).unwrap_or(0);
            let other = place + usize::try_from(self.0.below(rest)).unwrap_or(0);
            all.swap(place, other);
        }
        all.truncate(many);
        all
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }

    /// Mean 0, spread 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let far = self.exponential(2.0).sqrt();
        far * (std::f64::consts::TAU * self.share()).cos()
    }

    fn lognormal(&mut self, mean: f64, spread: f64) -> f64 {
        (mean + spread * self.normal()).exp()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "days of a few years")]
fn whole(days: f64) -> i32 {
    days as i32
}
