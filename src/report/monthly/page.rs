//! The monthly report as data: what every renderer shows.
//!
//! Texts are as they came: each renderer escapes for its own kind of output.
//! Shares are 0..1, days are UTC.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::commands::Commands;
use super::month::Month;
use super::past::Cut;
use super::rows::{
    Advice, Balance, Changes, Evidence, ExceptionRow, FindingGroup, Human, Outcome, RoleRow,
};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::model::{Day, Level, Verdict};
use crate::report::model::{self, NeededOperation, NotEvaluable, PooledLevel, TermView};
use crate::report::{View, demand, suspend};

/// The whole report.
pub struct Page<'a> {
    /// What it is about.
    pub head: Head,
    /// What was incomplete; stated first.
    pub incomplete: &'a [String],
    /// The conclusion.
    pub verdict: Conclusion,
    /// Where all grants stand.
    pub balance: Balance,
    /// What to call next; `None` under pseudonyms.
    pub commands: Option<Commands>,
    /// Four numbers with last month's.
    pub tiles: Vec<Tile>,
    /// Every client, most weight to free first.
    pub clients: Vec<ClientView<'a>>,
    /// Up to 13 months, this one last.
    pub points: Vec<Point>,
    /// What past advice would have denied, at each month end and level; empty without a backtest.
    pub cuts: Vec<Cut>,
    /// The sums over the month ends that are not censored, by level.
    pub pooled: Vec<PooledLevel>,
    /// Each day of the window.
    pub days: Vec<DayCell>,
    /// What can go now, most weight freed first.
    pub advice: Vec<Advice<'a>>,
    /// What a person has to decide.
    pub human: Vec<Human<'a>>,
    /// Findings by rule, worst first.
    pub findings: Vec<FindingGroup>,
    /// Audits that the data does not allow, or not of everybody.
    pub not_evaluable: Vec<NotEvaluable<'a>>,
    /// What became of last month's recommendations.
    pub outcomes: Vec<Outcome>,
    /// Month over month; `None` without an earlier report.
    pub changes: Option<Changes>,
    /// Reviewed "keep this".
    pub exceptions: Vec<ExceptionRow>,
    /// Roles with their members.
    pub roles: Vec<RoleRow>,
    /// What the report rests on.
    pub evidence: Evidence<'a>,
    /// The proved diff of the policy files, when it may be shown.
    pub diff: Option<String>,
    /// What proved it.
    pub proof: Option<String>,
}

impl Page<'_> {
    /// Rules that were judged for a part of the data only.
    pub fn partly_judged(&self) -> BTreeSet<&str> {
        let partly = self.not_evaluable.iter().filter(|own| own.partly);
        partly.map(|own| own.rule).collect()
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
    /// What is shown next to it.
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

/// One client: its analysis, and what the month adds to it.
#[derive(Clone)]
pub struct ClientView<'a> {
    pub(super) view: &'a View<'a>,
    /// What the analysis says of it.
    pub found: &'a ClientAnalysis,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Requests in the month.
    pub month_requests: u64,
    /// Exposure after the removals of the chosen level.
    pub after: f64,
    /// Operations open now.
    pub operations_before: usize,
    /// Operations open after the removals of the chosen level.
    pub operations_after: usize,
    /// Those that these removals close: each must be refused afterwards.
    pub closed: Vec<String>,
    /// What the exposure is made of.
    pub bar: Segments,
    /// With what it proved who it is, one sentence for each.
    pub credentials: Vec<String>,
    /// Its changed lines of the proved diff.
    pub diff: Vec<String>,
}

impl<'a> ClientView<'a> {
    /// Its name.
    pub fn id(&self) -> &'a str {
        self.found.id.as_str()
    }

    /// Each term that it holds.
    pub fn terms(&self) -> impl Iterator<Item = TermView<'a>> + Clone + use<'a> {
        TermView::all(self.view, self.found)
    }

    /// Grants that a removal takes away, at any level.
    pub fn going(&self) -> usize {
        let removed = |term: &&TermAnalysis| term.verdict == Verdict::Remove;
        self.found.terms.iter().filter(removed).count()
    }

    /// Exposure that every removal together takes away.
    pub fn freed(&self) -> f64 {
        self.found.exposure.before - self.found.exposure.after_all
    }

    /// Advice to suspend it as a whole.
    pub fn suspend(&self) -> Option<model::Advice<'a>> {
        model::Advice::of(self.view, self.found)
    }

    /// The same advice in two short sentences.
    pub fn suspend_in_short(&self) -> Option<String> {
        suspend::in_short(self.view, self.found)
    }

    /// Grants that can go now.
    pub fn going_now(&self) -> usize {
        self.terms().filter(TermView::goes_now).count()
    }

    /// Operations that it needed.
    pub fn needed(&self) -> impl Iterator<Item = NeededOperation<'a>> + use<'a> {
        let view = self.view;
        let needed = self.found.needed.iter();
        needed.filter_map(|served| NeededOperation::of(view, served))
    }

    /// What it asks for and does not get, and what its tokens carried: a label, and everything
    /// that is said under it.
    pub fn demand(&self) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = Vec::new();
        for (label, text) in demand::lines(self.view, self.found) {
            match facts.last_mut() {
                // A line without a label belongs to the one before.
                Some((_, said)) if label.is_empty() => {
                    said.push_str("; ");
                    said.push_str(&text);
                }
                _ => facts.push((label.to_owned(), text)),
            }
        }
        facts
    }
}

/// What the page shows of it.
impl Serialize for ClientView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let found = self.found;
        let mut own = serializer.serialize_struct("ClientView", 19)?;
        own.serialize_field("id", &found.id)?;
        own.serialize_field("owner", &self.owner)?;
        own.serialize_field("status", found.status.name())?;
        own.serialize_field("scopes", &found.terms.len())?;
        own.serialize_field("going", &self.going())?;
        own.serialize_field("going_now", &self.going_now())?;
        own.serialize_field("before", &found.exposure.before)?;
        own.serialize_field("after", &self.after)?;
        own.serialize_field("after_all", &found.exposure.after_all)?;
        own.serialize_field("requests", &found.requests)?;
        own.serialize_field("month_requests", &self.month_requests)?;
        own.serialize_field("last_seen", &found.last_seen.map(Day::of))?;
        own.serialize_field("operations_before", &self.operations_before)?;
        own.serialize_field("operations_after", &self.operations_after)?;
        own.serialize_field("minimal_proven", &found.minimal_proven)?;
        own.serialize_field("gap", &found.gap)?;
        own.serialize_field("unmatched", &found.unmatched_requests)?;
        own.serialize_field("suspend", &self.suspend())?;
        own.serialize_field("suspend_in_short", &self.suspend_in_short())?;
        own.end()
    }
}

/// One day of the coverage strip.
#[derive(Clone, Debug, Serialize)]
pub struct DayCell {
    /// The day.
    pub day: Day,
    /// Records on it; 0 is a missing day.
    pub records: u64,
}
