//! The past, counted: how often grants that looked alike were used again.
//!
//! In: what each grant looked like at the landmarks. Out: for each stratum a probability
//! and the number of cases that it rests on, and factors for clients and scopes.
//!
//! Invariants:
//! * grants of one client are no independent cases: n of them count as n / (1 + 0.1 (n - 1)),
//!   Kish's design effect for clusters (Survey Sampling, 1965) with an intra-class
//!   correlation of 0.1; those of one scope likewise with 0.02, and the smaller sum holds;
//! * a stratum without a case has an answer as well: its coarser one's, and in the end the prior's;
//! * sums run over clients and scopes in their order, so that threads change no bit.

use rayon::prelude::*;

use super::History;
use super::estimate::{Counted, estimate};
use super::state::{IDLE, Scene, State};
use super::stratum::{DEPTHS, STRATA, Stratum};
use crate::analysis::share::{OF_A_CLIENT, upper, weight};
use crate::model::Day;

/// Days after a landmark in which a use counts.
pub const HORIZON: i32 = 90;
/// Correlation of the grants of one scope.
const OF_A_SCOPE: f64 = 0.02;
/// Pseudo-events of the factors of clients, and of scopes.
const PSEUDO: [f64; 2] = [3.0, 1.0];
/// Days between two landmarks, in horizons: a use is seen by six landmarks.
const SEEN: f64 = 15.0 / 90.0;

/// What a grant looked like at one landmark, and whether it was used within 90 days.
#[derive(Clone, Copy)]
struct Row {
    landmark: u16,
    stratum: Stratum,
    used: bool,
}

/// What every grant looked like at each landmark at which it was idle.
pub struct Looks {
    rows: Vec<Vec<Row>>,
    by_client: Vec<Vec<usize>>,
    by_scope: Vec<Vec<usize>>,
}

impl Looks {
    /// The past at these landmarks, in order of time; at most 65,535 of them.
    pub fn new(history: &History, landmarks: &[Day]) -> Self {
        let scene = Scene::new(history, landmarks);
        let look = |grant| {
            let found = scene.states(grant).zip(landmarks).zip(0_u16..);
            let rows = found.filter_map(|((found, date), landmark)| {
                let (state, used) = found.filter(|(state, _)| state.idle >= IDLE)?;
                // Silence that was not seen is no example of silence.
                let blind = !used && history.is_blind(grant.client, *date, date.plus(HORIZON));
                (!blind).then(|| Row {
                    landmark,
                    stratum: Stratum::of(&state),
                    used,
                })
            });
            rows.collect()
        };
        let mut looks = Self {
            rows: history.grants.par_iter().map(look).collect(),
            by_client: vec![Vec::new(); history.clients.len()],
            by_scope: vec![Vec::new(); history.scopes],
        };
        for (index, grant) in history.grants.iter().enumerate() {
            looks.by_client[grant.client].push(index);
            looks.by_scope[grant.scope].push(index);
        }
        looks
    }

    /// A grant's rows of the first `landmarks` landmarks.
    fn rows(&self, grant: usize, landmarks: usize) -> impl Iterator<Item = &Row> {
        let rows = self.rows[grant].iter();
        rows.take_while(move |row| usize::from(row.landmark) < landmarks)
    }
}

/// One stratum of the past, as it was counted.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    /// Distinct grants, those of them used again, and their clients.
    cases: [u32; 3],
    /// The same grants, those of one client counted together.
    weighted: f64,
    /// Probability, and the number of cases it rests on.
    estimate: (f64, f64),
}

/// Rates of re-use in this organisation's own past.
#[derive(Clone, Debug)]
pub struct Model {
    cells: Vec<Own>,
    /// By client.
    clients: Vec<f64>,
    /// By scope: for grants used before, and for those never used.
    scopes: Vec<[f64; 2]>,
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
    /// Distinct grants that looked like this at a landmark.
    pub similar: u32,
    /// Of these, used again within 90 days after one.
    pub reused: u32,
    /// Clients that held them.
    pub clients: u32,
    /// The same grants as independent cases: those of one client count together.
    pub own: f64,
    /// Cases the bound rests on: the own ones, and those borrowed from coarser strata, shorter
    /// silences and the prior.
    pub effective: f64,
    /// How much more often than others this client and this scope come back; 1 or more.
    pub factor: f64,
}

impl Model {
    /// Counts what became of idle grants at the first `landmarks` landmarks.
    pub fn fit(looks: &Looks, landmarks: usize) -> Self {
        let by_client = clusters(looks, &looks.by_client, landmarks, OF_A_CLIENT);
        let by_scope = clusters(looks, &looks.by_scope, landmarks, OF_A_SCOPE);
        let counted: Vec<Vec<Counted>> = by_client
            .depths
            .iter()
            .zip(&by_scope.depths)
            .map(|(client, scope)| {
                let least = client.iter().zip(scope).map(|(client, scope)| Counted {
                    cases: client.cases.min(scope.cases),
                    ..*client
                });
                least.collect()
            })
            .collect();
        let estimates = estimate(&counted);
        let cells = by_client
            .seen
            .into_iter()
            .zip(&estimates)
            .zip(&counted[DEPTHS.len() - 1]);
        let cells: Vec<Own> = cells
            .map(|((cases, estimate), own)| Own {
                cases,
                weighted: own.cases,
                estimate: *estimate,
            })
            .collect();
        let factor = |own: &[usize], never: Option<bool>, pseudo: f64| {
            let rows = own.iter().flat_map(|grant| looks.rows(*grant, landmarks));
            let (mut seen, mut due) = (0.0, 0.0);
            for row in rows.filter(|row| never.is_none_or(|own| own == row.stratum.never())) {
                seen += f64::from(u8::from(row.used)) * SEEN;
                due += cells[row.stratum.number()].estimate.0 * SEEN;
            }
            ((seen + pseudo) / (due + pseudo)).max(1.0)
        };
        let client = |own: &Vec<usize>| factor(own, None, PSEUDO[0]);
        let scope =
            |own: &Vec<usize>| [false, true].map(|never| factor(own, Some(never), PSEUDO[1]));
        Self {
            clients: looks.by_client.par_iter().map(client).collect(),
            scopes: looks.by_scope.par_iter().map(scope).collect(),
            cells,
            landmarks,
        }
    }

    /// Dates that were replayed; 0 when the answer is the prior's alone.
    pub fn landmarks(&self) -> usize {
        self.landmarks
    }

    /// What the past says about a grant of a client and a scope that looks like this now.
    pub fn odds(&self, state: &State, (client, scope): (usize, usize)) -> Odds {
        let stratum = Stratum::of(state);
        let own = &self.cells[stratum.number()];
        let (p, effective) = own.estimate;
        let factor = self.clients[client] * self.scopes[scope][usize::from(state.never())];
        let [similar, reused, clients] = own.cases;
        Odds {
            p: p * factor / (1.0 - p + p * factor),
            upper: (upper(p * effective, effective) * factor).min(1.0),
            stratum,
            similar,
            reused,
            clients,
            own: own.weighted,
            effective,
            factor,
        }
    }
}

/// Sums over clusters.
struct Clusters {
    /// By depth and stratum.
    depths: Vec<Vec<Counted>>,
    /// By stratum of the finest depth: grants, those used again, clusters.
    seen: Vec<[u32; 3]>,
}

/// Counts by clusters of grants: all of one client, or all of one scope.
fn clusters(looks: &Looks, all: &[Vec<usize>], landmarks: usize, correlation: f64) -> Clusters {
    let mut sums = Clusters {
        depths: DEPTHS
            .iter()
            .map(|size| vec![Counted::default(); *size])
            .collect(),
        seen: vec![[0; 3]; STRATA],
    };
    let counted: Vec<Vec<(u16, [u32; 4])>> = all
        .par_iter()
        .map(|own| cluster(looks, own, landmarks))
        .collect();
    let starts: Vec<usize> = DEPTHS
        .iter()
        .scan(0, |sum, size| Some(std::mem::replace(sum, *sum + size)))
        .collect();
    for (place, [cases, again, rows, used]) in counted.into_iter().flatten() {
        let place = usize::from(place);
        let depth = starts.partition_point(|start| *start <= place) - 1;
        let number = place - starts[depth];
        let own = &mut sums.depths[depth][number];
        let weight = weight(cases, correlation);
        own.cases += f64::from(cases) * weight;
        own.rows += f64::from(rows) * weight;
        own.used += f64::from(used) * weight;
        if depth == DEPTHS.len() - 1 {
            let seen = &mut sums.seen[number];
            seen[0] += cases;
            seen[1] += again;
            seen[2] += 1;
        }
    }
    sums
}

/// One cluster: the strata of all depths, one after the other, that its grants were in, each
/// with distinct grants, those used again, rows, and rows used again.
fn cluster(looks: &Looks, grants: &[usize], landmarks: usize) -> Vec<(u16, [u32; 4])> {
    const ALL: usize = DEPTHS[0] + DEPTHS[1] + DEPTHS[2] + DEPTHS[3];
    let mut counts = [[0_u32; 4]; ALL];
    // The last grant that was counted in a stratum, as one, and as one used again.
    let mut last = [[usize::MAX; 2]; ALL];
    for grant in grants {
        for row in looks.rows(*grant, landmarks) {
            let mut start = 0;
            for (depth, size) in DEPTHS.iter().enumerate() {
                let place = start + row.stratum.at(depth);
                start += size;
                let [cases, again, rows, used] = &mut counts[place];
                *rows += 1;
                *used += u32::from(row.used);
                if std::mem::replace(&mut last[place][0], *grant) != *grant {
                    *cases += 1;
                }
                if row.used && std::mem::replace(&mut last[place][1], *grant) != *grant {
                    *again += 1;
                }
            }
        }
    }
    let found = (0_u16..).zip(counts).filter(|(_, counts)| counts[2] > 0);
    found.collect()
}
