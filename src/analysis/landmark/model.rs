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
pub(crate) const HORIZON: i32 = 90;
/// Correlation of the grants of one scope.
const OF_A_SCOPE: f64 = 0.02;
/// Pseudo-events of the factors of clients, and of scopes.
const PSEUDO: [f64; 2] = [3.0, 1.0];
/// Days between two landmarks, in horizons: a use is seen by six landmarks.
const SEEN: f64 = 15.0 / 90.0;

/// Strata of all depths, one depth after the other.
const PLACES: usize = DEPTHS[0] + DEPTHS[1] + DEPTHS[2] + DEPTHS[3];
/// The first place of each depth.
const STARTS: [usize; DEPTHS.len()] = [
    0,
    DEPTHS[0],
    DEPTHS[0] + DEPTHS[1],
    DEPTHS[0] + DEPTHS[1] + DEPTHS[2],
];

/// What a grant looked like at one landmark, and whether it was used within 90 days.
#[derive(Clone, Copy)]
struct Row {
    landmark: u16,
    /// Its place at each depth.
    places: [u16; DEPTHS.len()],
    used: bool,
    /// By depth as bits: no earlier row of the grant is in this place.
    first: u8,
    /// By depth as bits: it is the grant's first row in this place that was used again.
    again: u8,
}

impl Row {
    fn stratum(&self) -> Stratum {
        let [.., place] = self.places;
        Stratum::numbered(usize::from(place) - STARTS[DEPTHS.len() - 1])
    }
}

/// The rows of one grant while they are made: where it was already, and was used again.
#[derive(Default)]
struct Seen {
    places: Vec<u16>,
    again: Vec<u16>,
    /// The places of the row before: mostly those of the next one, too.
    last: Option<[u16; DEPTHS.len()]>,
}

impl Seen {
    fn row(&mut self, landmark: u16, stratum: Stratum, used: bool) -> Row {
        let place = |depth: usize| u16::try_from(STARTS[depth] + stratum.at(depth));
        let places = std::array::from_fn(|depth| place(depth).unwrap_or(u16::MAX));
        let mut row = Row {
            landmark,
            places,
            used,
            first: 0,
            again: 0,
        };
        let last = self.last.replace(places);
        for (depth, place) in places.into_iter().enumerate() {
            let same = last.is_some_and(|last| last[depth] == place);
            row.first |= u8::from(!same && is_new(&mut self.places, place)) << depth;
            row.again |= u8::from(used && is_new(&mut self.again, place)) << depth;
        }
        row
    }
}

/// Adds a place to those that were seen.
fn is_new(seen: &mut Vec<u16>, place: u16) -> bool {
    let new = !seen.contains(&place);
    if new {
        seen.push(place);
    }
    new
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
            let mut seen = Seen::default();
            let rows = found.filter_map(|((found, date), landmark)| {
                let (state, used) = found.filter(|(state, _)| state.idle >= IDLE)?;
                // Silence that was not seen is no example of silence.
                let blind = !used && history.is_blind(grant.client, *date, date.plus(HORIZON));
                (!blind).then(|| seen.row(landmark, Stratum::of(&state), used))
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
pub(crate) struct Model {
    cells: Vec<Own>,
    /// By client.
    clients: Vec<f64>,
    /// By scope: for grants used before, and for those never used.
    scopes: Vec<[f64; 2]>,
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
    pub(crate) fn fit(looks: &Looks, landmarks: usize) -> Self {
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
        // By place of the finest depth.
        let p: Vec<f64> = cells.iter().map(|cell| cell.estimate.0 * SEEN).collect();
        // For grants that were used before, and for those never used: uses seen, and those due.
        let sums = |grants: &[usize], kind: fn(Stratum) -> bool| {
            let mut sums = [[0.0, 0.0]; 2];
            for row in grants
                .iter()
                .flat_map(|grant| looks.rows(*grant, landmarks))
            {
                let stratum = row.stratum();
                let [seen, due] = &mut sums[usize::from(kind(stratum))];
                *seen += f64::from(u8::from(row.used)) * SEEN;
                *due += p[stratum.number()];
            }
            sums
        };
        let factor =
            |[seen, due]: [f64; 2], pseudo| f64::max((seen + pseudo) / (due + pseudo), 1.0);
        let client = |own: &Vec<usize>| factor(sums(own, |_| false)[0], PSEUDO[0]);
        let scope = |own: &Vec<usize>| sums(own, Stratum::never).map(|sum| factor(sum, PSEUDO[1]));
        Self {
            clients: looks.by_client.par_iter().map(client).collect(),
            scopes: looks.by_scope.par_iter().map(scope).collect(),
            cells,
        }
    }

    /// What the past says about a grant of a client and a scope that looks like this now.
    pub(crate) fn odds(&self, state: &State, (client, scope): (usize, usize)) -> Odds {
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
    for (place, [cases, again, rows, used]) in counted.into_iter().flatten() {
        let place = usize::from(place);
        let depth = STARTS.partition_point(|start| *start <= place) - 1;
        let number = place - STARTS[depth];
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
    let mut counts = [[0_u32; 4]; PLACES];
    for row in grants
        .iter()
        .flat_map(|grant| looks.rows(*grant, landmarks))
    {
        for (depth, place) in row.places.into_iter().enumerate() {
            let [cases, again, rows, used] = &mut counts[usize::from(place)];
            *cases += u32::from(row.first >> depth & 1);
            *again += u32::from(row.again >> depth & 1);
            *rows += 1;
            *used += u32::from(row.used);
        }
    }
    let found = (0_u16..).zip(counts).filter(|(_, counts)| counts[2] > 0);
    found.collect()
}
