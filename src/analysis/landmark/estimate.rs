//! From counts to a probability for each stratum, from coarse to fine.
//!
//! A thin stratum is filled up from the next shorter silence, since re-use only becomes
//! rarer with silence, and shrunk towards its coarser stratum, and that one to the prior.
//! The estimate is defined for every stratum, also without any past.

use super::prior;
use super::stratum::{DEPTHS, SILENT, STRATA, Stratum};

/// Cases lent by the prior.
const PRIOR: f64 = 20.0;
/// Cases lent by the coarser stratum, at most.
const PARENT: f64 = 100.0;
/// Cases up to which a stratum is filled from a shorter silence.
const FILL: f64 = 200.0;
/// Pseudo-events of the factor of the whole organisation, and its range.
const ORGANISATION: (f64, [f64; 2]) = (5.0, [0.5, 4.0]);

/// One stratum, counted; weighted by client.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    /// Distinct grants.
    pub(super) cases: f64,
    /// Grants by landmark.
    pub(super) rows: f64,
    /// Of these, used again.
    pub(super) used: f64,
}

impl Counted {
    fn rate(&self) -> f64 {
        self.used / self.rows.max(1e-12)
    }
}

/// Probability of each stratum of the finest depth, and the number of cases it rests on.
pub(super) fn estimate(counted: &[Vec<Counted>]) -> Vec<(f64, f64)> {
    let organisation = counted.first().map_or(1.0, |all| organisation(all));
    let mut found: Vec<(f64, f64)> = (0..STRATA)
        .map(|number| {
            let prior = Stratum::numbered(number).prior();
            let p = prior * organisation / (1.0 - prior + prior * organisation);
            (p, 0.0)
        })
        .collect();
    for (depth, classes) in counted.iter().enumerate() {
        let filled = filled(depth, classes);
        for (number, (p, total)) in found.iter_mut().enumerate() {
            let (cases, used) = filled[Stratum::numbered(number).at(depth)];
            let lent = match depth {
                0 => PRIOR,
                // What the coarser stratum has in addition to the stratum's own cases.
                _ => (*total - cases).clamp(0.0, PARENT),
            };
            *p = (used + lent * *p) / (cases + lent);
            *total = cases + lent;
        }
    }
    found
}

/// How much more often than the prior says grants are used again here.
fn organisation(counted: &[Counted]) -> f64 {
    let (pseudo, [least, most]) = ORGANISATION;
    let (mut seen, mut due) = (0.0, 0.0);
    for (number, count) in counted.iter().enumerate() {
        seen += count.rate() * count.cases;
        due += prior::of(number % 2 == 1, number / 2) * count.cases;
    }
    ((seen + pseudo) / (due + pseudo)).clamp(least, most)
}

/// Cases and uses of the strata of a depth, the thin ones filled up.
fn filled(depth: usize, counted: &[Counted]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = counted
        .iter()
        .map(|counted| (counted.cases, counted.rate() * counted.cases))
        .collect();
    let rest = DEPTHS[depth] / SILENT;
    let never = never(depth);
    for place in rest..all.len() {
        let (shorter, used) = all[place - rest];
        let (cases, _) = all[place];
        // Mostly these are the same grants at an earlier date: filled up, never added.
        let fill = (FILL.min(shorter) - cases).max(0.0);
        let rate = if shorter > 0.0 {
            used / shorter.max(1e-9)
        } else {
            0.0
        };
        let never = never[place];
        let silent = place / rest;
        let rarer = prior::of(never, silent) / prior::of(never, silent - 1);
        all[place].1 += fill * rate * rarer;
        all[place].0 += fill;
    }
    all
}

/// Which strata of a depth are of grants never used.
fn never(depth: usize) -> Vec<bool> {
    let mut all = vec![false; DEPTHS[depth]];
    for stratum in (0..STRATA).map(Stratum::numbered) {
        all[stratum.at(depth)] = stratum.never();
    }
    all
}
