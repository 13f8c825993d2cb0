//! The past, counted: how often grants that looked alike were used again.
//!
//! Invariants:
//! * only integers are counted, so neither order nor threads matter;
//! * landmarks overlap, so distinct grants are the sample size, never rows.

use rayon::prelude::*;

use super::History;
use super::state::{self, IDLE, State};
use super::stratum::{STRATA, Stratum};
use crate::model::Day;

/// Days after a landmark in which a use counts.
pub const HORIZON: i32 = 90;
/// Distinct grants below which a stratum is thin.
const THIN: u32 = 30;
/// One-sided 95 %.
const Z: f64 = 1.645;

/// One stratum of the past.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Distinct grants.
    grants: u32,
    /// Grants used again: grants by the share of rows that were.
    reused: f64,
    /// Rows per grant.
    weight: f64,
    /// Where the numbers come from.
    source: Stratum,
    /// Rows and re-uses of the newest landmark.
    newest: (u32, u32),
}

impl Cell {
    fn rate(&self) -> f64 {
        (self.reused + 0.5) / (f64::from(self.grants) + 1.0)
    }
}

/// Rates of re-use in this organisation's own past.
#[derive(Clone, Debug)]
pub struct Model {
    cells: Vec<Cell>,
    /// By scope: for grants never used, and for used ones.
    factors: Vec<[f64; 2]>,
    landmarks: usize,
}

/// What the past says about one grant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// Probability of use within 90 days.
    pub p: f64,
    /// Its 95 % upper bound.
    pub upper: f64,
    /// How the grant looks.
    pub stratum: Stratum,
    /// Where the counts come from: `stratum`, or a shorter silence when that is thin.
    pub source: Stratum,
    /// Distinct grants that looked like this.
    pub similar: u32,
    /// Of these, used again within 90 days (weighted by landmark, so not whole).
    pub reused: f64,
    /// How much more often than others this scope comes back.
    pub factor: f64,
    /// Share used again at the newest landmark, when it lies above the pooled bound.
    pub newest: Option<f64>,
}

/// One grant's rows.
struct Rows {
    scope: usize,
    /// Stratum, rows, of these used again.
    cells: Vec<(usize, u32, u32)>,
    newest: Option<(usize, bool)>,
}

impl Model {
    /// Counts what became of idle grants at each landmark; landmarks in order of time.
    pub fn fit(history: &History, landmarks: &[Day]) -> Self {
        let silent: Vec<Vec<bool>> = history
            .clients
            .par_iter()
            .enumerate()
            .map(|(client, days)| state::silences(history.clock_of(client), days, landmarks))
            .collect();
        let rows: Vec<Rows> = history
            .grants
            .par_iter()
            .map(|grant| rows(history, grant, landmarks, &silent[grant.client]))
            .collect();
        let mut grants = [0_u32; STRATA];
        let mut sums = [(0_u64, 0_u64); STRATA];
        let mut newest = [(0_u32, 0_u32); STRATA];
        for row in &rows {
            for (b, all, hits) in &row.cells {
                grants[*b] += 1;
                sums[*b].0 += u64::from(*all);
                sums[*b].1 += u64::from(*hits);
            }
            if let Some((b, hit)) = row.newest {
                newest[b].0 += 1;
                newest[b].1 += u32::from(hit);
            }
        }
        let mut cells: Vec<Cell> = (0..STRATA)
            .map(|b| {
                let weight = (real(sums[b].0) / f64::from(grants[b].max(1))).max(1e-9);
                Cell {
                    grants: grants[b],
                    reused: real(sums[b].1) / weight,
                    weight,
                    source: Stratum(b),
                    newest: newest[b],
                }
            })
            .collect();
        for b in 0..STRATA {
            let Some(shorter) = Stratum(b).shorter().map(|s| cells[s.number()]) else {
                continue;
            };
            if cells[b].grants < THIN && THIN <= shorter.grants {
                cells[b] = Cell {
                    newest: cells[b].newest,
                    ..shorter
                };
            }
        }
        let factors = factors(&cells, &rows, history.scopes);
        Self {
            cells,
            factors,
            landmarks: landmarks.len(),
        }
    }

    /// Dates that were replayed.
    pub fn landmarks(&self) -> usize {
        self.landmarks
    }

    /// What the past says about a grant that looks like this now.
    pub fn odds(&self, state: &State, scope: usize) -> Odds {
        let stratum = Stratum::of(state);
        let cell = &self.cells[stratum.number()];
        let factor = self.factors[scope][usize::from(!state.never)];
        let bound = wilson(cell.reused, f64::from(cell.grants));
        let (rows, hits) = cell.newest;
        let newest = f64::from(hits) / f64::from(rows.max(1));
        Odds {
            p: with_factor(cell.rate(), factor),
            upper: (bound * factor.max(1.0)).min(1.0),
            stratum,
            source: cell.source,
            similar: cell.grants,
            reused: cell.reused,
            factor,
            newest: (rows > 0 && newest > bound).then_some(newest),
        }
    }
}

impl Odds {
    /// Widened to the newest landmark where that lies above the pooled bound (guard G8).
    #[must_use]
    pub fn widened(self) -> Self {
        let Some(newest) = self.newest else {
            return self;
        };
        Self {
            p: self.p.max(with_factor(newest, self.factor)),
            upper: self.upper.max((newest * self.factor.max(1.0)).min(1.0)),
            ..self
        }
    }
}

fn rows(history: &History, grant: &state::Grant, landmarks: &[Day], silent: &[bool]) -> Rows {
    let mut counts = [(0, 0); STRATA];
    let mut newest = None;
    let clock = history.clock_of(grant.client);
    let found = state::states(clock, grant, landmarks, silent, HORIZON);
    for (found, date) in found.zip(landmarks) {
        newest = None;
        let Some((state, used)) = found.filter(|(state, _)| state.idle >= IDLE) else {
            continue;
        };
        // Silence that was not seen is no example of silence.
        if !used && history.is_blind(grant.client, *date, date.plus(HORIZON)) {
            continue;
        }
        let b = Stratum::of(&state).number();
        counts[b].0 += 1;
        counts[b].1 += u32::from(used);
        newest = Some((b, used));
    }
    let seen = counts.iter().enumerate().filter(|(_, (all, _))| *all > 0);
    Rows {
        scope: grant.scope,
        cells: seen.map(|(b, (all, hits))| (b, *all, *hits)).collect(),
        newest,
    }
}

/// Observed against expected re-uses of each scope, with one pseudo-event.
fn factors(cells: &[Cell], rows: &[Rows], scopes: usize) -> Vec<[f64; 2]> {
    let mut sums = vec![[(0_u64, 0_u64); STRATA]; scopes];
    for row in rows {
        for (b, all, hits) in &row.cells {
            let sum = &mut sums[row.scope][*b];
            sum.0 += u64::from(*all);
            sum.1 += u64::from(*hits);
        }
    }
    let ratio = |sums: &[(u64, u64); STRATA], strata: std::ops::Range<usize>| {
        let (mut observed, mut expected) = (0.0, 0.0);
        for b in strata {
            let (all, hits) = sums[b];
            observed += real(hits) / cells[b].weight;
            expected += cells[b].rate() * real(all) / cells[b].weight;
        }
        (observed + 1.0) / (expected + 1.0)
    };
    sums.iter()
        .map(|sums| [ratio(sums, 0..10), ratio(sums, 10..STRATA)])
        .collect()
}

/// The odds of `p`, times the factor.
fn with_factor(p: f64, factor: f64) -> f64 {
    (p * factor / (1.0 - p + p * factor)).clamp(1e-4, 1.0 - 1e-4)
}

/// Upper end of Wilson's one-sided 95 % interval for `x` of `n`; 1 when there is nothing.
pub fn wilson(x: f64, n: f64) -> f64 {
    if n <= 0.0 {
        return 1.0;
    }
    let (p, a) = (x / n, Z * Z / n);
    let spread = (p * (1.0 - p) / n + a * a / (4.0 * Z * Z)).sqrt();
    ((p + a / 2.0 + Z * spread) / (1.0 + a)).min(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn real(count: u64) -> f64 {
    count as f64
}
