//! The monthly report as data: what every renderer shows.
//!
//! Texts are as they came: each renderer escapes for its own kind of output.
//! Shares are 0..1, days are UTC.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::month::Month;
use super::past::Cut;
use super::rows::{
    Advice, Changes, Evidence, ExceptionRow, FindingGroup, Human, NotEvaluable, Outcome, RoleRow,
};
use crate::model::{Day, Level, Place, Verdict};
use crate::report::model::PooledLevel;

/// The whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What it is about.
    pub head: Head,
    /// What was incomplete; stated first.
    pub incomplete: Vec<String>,
    /// The conclusion.
    pub verdict: Conclusion,
    /// Four numbers with last month's.
    pub tiles: Vec<Tile>,
    /// Every client, most weight to free first.
    pub clients: Vec<ClientPage>,
    /// Up to 13 months, this one last.
    pub points: Vec<Point>,
    /// What past advice would have denied, at each month end and level; empty without a backtest.
    pub cuts: Vec<Cut>,
    /// The sums over the month ends that are not censored, by level.
    pub pooled: Vec<PooledLevel>,
    /// Each day of the window.
    pub days: Vec<DayCell>,
    /// What can go now, most weight freed first.
    pub advice: Vec<Advice>,
    /// What a person has to decide.
    pub human: Vec<Human>,
    /// Findings by rule, worst first.
    pub findings: Vec<FindingGroup>,
    /// Audits that the data does not allow, or not of everybody.
    pub not_evaluable: Vec<NotEvaluable>,
    /// What became of last month's recommendations.
    pub outcomes: Vec<Outcome>,
    /// Month over month; `None` without an earlier report.
    pub changes: Option<Changes>,
    /// Reviewed "keep this".
    pub exceptions: Vec<ExceptionRow>,
    /// Roles with their members.
    pub roles: Vec<RoleRow>,
    /// What the report rests on.
    pub evidence: Evidence,
    /// The proved diff of the policy files, when it may be shown.
    pub diff: Option<String>,
    /// What proved it.
    pub proof: Option<String>,
}

impl Page {
    /// Rules that were judged for a part of the data only.
    pub fn partly_judged(&self) -> BTreeSet<&str> {
        let partly = self.not_evaluable.iter().filter(|own| own.partly);
        partly.map(|own| own.rule.as_str()).collect()
    }
}

/// What the report is about.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// Who it is for.
    pub organisation: Option<String>,
    /// The month.
    pub month: Month,
    /// `October 2026`.
    pub month_name: String,
    /// First day of the month.
    pub from: Day,
    /// Last day of the month.
    pub to: Day,
    /// First day of the window.
    pub window_from: Day,
    /// Last day of the window.
    pub window_to: Day,
    /// Length of the window.
    pub window_days: u32,
    /// Days of the window with records.
    pub covered_days: u32,
    /// First day of the data.
    pub data_from: Option<Day>,
    /// Last day of the data.
    pub data_until: Option<Day>,
    /// Days of the month with records.
    pub month_covered: u32,
    /// Days of the month.
    pub month_days: u32,
    /// Records of the month, of all clients.
    pub month_requests: u64,
    /// Log formats and how many inputs each has.
    pub gateways: Vec<String>,
    /// Version of the program.
    pub version: String,
    /// Id of this report: a hash of its data.
    pub id: String,
    /// The month it is compared with.
    pub compared_with: Option<Month>,
    /// When it was made, if that was said.
    pub now: Option<String>,
    /// Names are pseudonyms.
    pub pseudonymised: bool,
    /// The least safe level in "do this now".
    pub level: Level,
}

/// The numbers of the verdict line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "conclusion")]
pub struct Conclusion {
    /// Clients that can lose something now.
    pub clients: usize,
    /// Grants that can go now.
    pub removals: usize,
    /// Mean exposure now.
    pub before: f64,
    /// Mean exposure after those removals.
    pub after: f64,
    /// Expected wrong removals, when there is evidence for each of them.
    pub expected: Option<f64>,
    /// The same with upper bounds.
    pub at_most: Option<f64>,
    /// Removals without evidence from the past.
    pub without_evidence: usize,
}

/// One number, and last month's.
#[derive(Clone, Debug, Serialize)]
pub struct Tile {
    /// What it is.
    pub label: &'static str,
    /// The number as text.
    pub value: String,
    /// What stands beside it.
    pub detail: String,
    /// Last month's number as text.
    pub last: Option<String>,
    /// `up`, `down` or `same`.
    pub direction: Option<&'static str>,
    /// The difference as text.
    pub delta: Option<String>,
    /// `better`, `worse` or `unchanged`.
    pub judgement: Option<&'static str>,
}

/// One month of the lines.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "point")]
pub struct Point {
    /// The month.
    pub month: Month,
    /// Mean exposure.
    pub exposure_mean: Option<f64>,
    /// Largest exposure of one client.
    pub exposure_max: Option<f64>,
    /// Share of grants that served nothing in the window.
    pub unused_share: Option<f64>,
    /// Recommendations of the month before that were applied.
    pub applied: Option<u64>,
    /// Findings by rule.
    pub findings: BTreeMap<String, u64>,
}

/// Shares of the API's risk weight that add up to a client's exposure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Segments {
    /// Operations it needed.
    pub needed: f64,
    /// Goes with safe removals.
    pub safe: f64,
    /// Goes with likely removals.
    pub likely: f64,
    /// Goes with removals that a person has to decide.
    pub review: f64,
    /// Goes only with removals that the owner protects.
    pub protected: f64,
    /// Open beyond need, and no removal takes it away.
    pub beyond: f64,
}

/// One client.
#[derive(Clone, Debug, Serialize)]
pub struct ClientPage {
    /// Its name.
    pub id: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether it is alive.
    pub status: &'static str,
    /// Requests in the window.
    pub requests: u64,
    /// Requests in the month.
    pub month_requests: u64,
    /// Last request.
    pub last_seen: Option<Day>,
    /// Exposure now.
    pub before: f64,
    /// After the removals of the chosen level.
    pub after: f64,
    /// After every removal.
    pub after_all: f64,
    /// Of what it needed.
    pub needed_exposure: f64,
    /// Operations open now.
    pub operations_before: usize,
    /// Operations open after the removals of the chosen level.
    pub operations_after: usize,
    /// Those that these removals close: each must be refused afterwards.
    pub closed: Vec<String>,
    /// What the exposure is made of.
    pub bar: Segments,
    /// Advice to suspend it as a whole.
    pub suspend: Option<SuspendPage>,
    /// The exact minimum.
    pub minimal: Vec<String>,
    /// Nothing smaller exists.
    pub minimal_proven: bool,
    /// How far from proven.
    pub gap: Option<String>,
    /// Each held term.
    pub terms: Vec<TermPage>,
    /// Operations needed.
    pub needed: Vec<NeededRow>,
    /// What it asks for and does not get, and what its tokens carried: a label and a text.
    pub demand: Vec<(String, String)>,
    /// With what it proved who it is, one sentence for each.
    pub credentials: Vec<String>,
    /// Its changed lines of the proved diff.
    pub diff: Vec<String>,
    /// Requests that match no operation.
    pub unmatched: u64,
}

impl ClientPage {
    /// Grants that a removal takes away, at any level.
    pub fn going(&self) -> usize {
        let removed = |term: &&TermPage| term.verdict == Verdict::Remove.name();
        self.terms.iter().filter(removed).count()
    }
}

/// Advice to suspend a silent client.
#[derive(Clone, Debug, Serialize)]
pub struct SuspendPage {
    /// How safe that is.
    pub level: Level,
    /// Grants that it takes out of use.
    pub grants: usize,
    /// The advice and its evidence in one sentence.
    pub sentence: String,
}

/// One term of a client.
#[derive(Clone, Debug, Serialize)]
pub struct TermPage {
    /// Stable id, when something is recommended.
    pub id: Option<String>,
    /// The term.
    pub term: String,
    /// The role it comes through.
    pub via: Vec<String>,
    /// Where it is written.
    pub places: Vec<Place>,
    /// What should happen.
    pub verdict: &'static str,
    /// Why it can go.
    pub kind: Option<&'static str>,
    /// How safe that is.
    pub level: Option<Level>,
    /// The owner protects it.
    pub protected: bool,
    /// Codes of the reasons.
    pub codes: Vec<String>,
    /// The reasons in words.
    pub reasons: Vec<String>,
    /// Since when it is held.
    pub since: Option<Day>,
    /// First use.
    pub first_used: Option<Day>,
    /// Last use.
    pub last_used: Option<Day>,
    /// Days of the window with use.
    pub days_used: usize,
    /// Covered days since the last use.
    pub idle_days: Option<u32>,
    /// Longest silence between two uses.
    pub longest_gap: Option<u32>,
    /// Requests of the window that it could serve.
    pub uses: u64,
    /// Chance that it is used again, and its upper bound, from the past.
    pub p: Option<f64>,
    /// The upper bound.
    pub upper: Option<f64>,
    /// The evidence in one phrase.
    pub evidence: String,
    /// Operations that only it permits in the minimal set.
    pub witness: Vec<String>,
    /// Narrower scopes that would do.
    pub replace_with: Vec<String>,
    /// Runs of days with use: first day of the window is 0, then length.
    pub strip: Vec<(u32, u32)>,
}

/// An operation that was needed.
#[derive(Clone, Debug, Serialize)]
pub struct NeededRow {
    /// Method and path.
    pub operation: String,
    /// Requests.
    pub requests: u64,
    /// First one.
    pub first: Day,
    /// Last one.
    pub last: Day,
}

/// One day of the coverage strip.
#[derive(Clone, Debug, Serialize)]
pub struct DayCell {
    /// The day.
    pub day: Day,
    /// Records on it; 0 is a missing day.
    pub records: u64,
}
