//! What the past says about a removal.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::{self, Basis};
use crate::model::words::rounded_up;
use crate::report::evidence::sentence;

/// What grants that looked like this one at an earlier date did in the 90 days that followed.
/// Shares are rounded up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "evidence")]
pub struct Evidence {
    /// Distinct grants that looked like this.
    pub similar: u32,
    /// Clients that held them.
    pub clients: u32,
    /// Of these grants, used again within 90 days of a date at which they looked like this.
    pub reused: u32,
    /// Cases that the bound rests on: grants of one client count together, and coarser groups,
    /// shorter silences and published histories lend some; rounded down.
    #[schemars(range(min = 0))]
    pub effective: f64,
    /// Probability of use within 90 days, with the factor.
    #[schemars(range(min = 0, max = 1))]
    pub p: f64,
    /// Its one-sided 95 % bound.
    #[schemars(range(min = 0, max = 1))]
    pub upper: f64,
    /// What they had in common, in words.
    pub stratum: String,
    /// How much more often than others this client and this scope come back; 1 where they do not.
    #[schemars(range(min = 1))]
    pub factor: f64,
    /// Covered days since the last use, that day left out, or since the grant.
    pub idle_days: u32,
    /// Covered days since the grant, or since the log begins.
    pub age_days: u32,
    /// Covered days in all data: with records, or without any being expected.
    pub covered_days: u32,
    /// Days from the first record to as-of.
    pub log_days: u32,
    /// The same in one sentence.
    pub sentence: String,
}

impl Evidence {
    pub(super) fn of(basis: &Basis, evidence: &analysis::Evidence) -> Self {
        let (odds, state) = (&evidence.odds, &evidence.state);
        Self {
            similar: odds.similar,
            clients: odds.clients,
            reused: odds.reused,
            // Rounded down, for fewer of them prove less.
            effective: (odds.effective * 10.0).floor() / 10.0,
            p: rounded_up(odds.p, 6),
            upper: rounded_up(odds.upper, 6),
            stratum: odds.stratum.words(),
            factor: rounded_up(odds.factor, 3),
            idle_days: state.idle,
            age_days: state.age,
            covered_days: basis.covered,
            log_days: basis.days,
            sentence: sentence(basis, evidence),
        }
    }
}
