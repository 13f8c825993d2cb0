//! The typed contract: `scopetrim.report/1`.
//!
//! In: a [`View`]. Out: what `analyze --json` and `report --output json` write, as types that
//! borrow from the analysis. Every renderer reads these types or the analysis itself, and
//! nothing reads the finished JSON. `docs/report.schema.json` is made from them.
//!
//! Invariants:
//! * keys have a fixed order and lists are sorted: equal inputs give equal bytes;
//! * no clock, no secret;
//! * clients are made one at a time while they are written: the report of a large fleet is
//!   never in memory as a whole.

mod advice;
mod backtest;
mod client;
mod demand;
mod evidence;
mod finding;
mod fleet;
mod input;
mod month;
mod possible;
mod scalars;
mod schema;
mod term;
mod term_view;
mod windows;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::View;
use crate::analysis::ClientAnalysis;
use crate::analysis::blast::Blast;
use crate::model::{Day, Level};

pub use advice::Advice;
pub use backtest::{
    Backtest, DeniedOperation, LevelTally, Origin, PooledLevel, Scores, SuspendedPooled,
    SuspendedTally,
};
pub use client::{Client, Exposure, NeededOperation, Unmatched, UnmatchedPath};
pub use demand::{Completeness, Denied, IssuedScope, Refusal, Tokens, WayToOpen};
pub use evidence::Evidence;
pub use finding::{Finding, NotEvaluable};
pub use fleet::Fleet;
pub use input::{Coverage, Input, OnlyInLog, Span, Warning};
pub use month::{ClientCredentials, ClosedItem, MonthPart, OpenItem, RestsOn};
pub use possible::{PossibleNeed, PossibleNeeds};
pub use scalars::{Instant, ItemId, OperationName};
pub use schema::schema;
pub(super) use term::level;
pub use term::{TermEntry, Uses};
pub use term_view::TermView;
pub use windows::{AddedTerm, ClientWindow, Window};

/// Name and version of the contract.
pub const SCHEMA: &str = "scopetrim.report/1";

/// What `scopetrim analyze --json` prints and `--out` writes as report.json, and with `month`
/// what `scopetrim report --output json` writes. Keys have a fixed order and lists are sorted:
/// equal inputs give equal bytes.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("$id" = SCHEMA), title = "scopetrim report, version 1")]
pub struct Report<'a> {
    /// Name and version of this contract.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Last day looked at; null without data.
    pub as_of: Option<Day>,
    /// Length of the window in days; 0 without data.
    pub window_days: u32,
    /// First and last day looked at.
    pub window: Span,
    /// What could not be read completely, one sentence each. Not empty: the exit code is 3.
    pub incomplete: &'a [String],
    /// Which days the logs cover.
    pub coverage: Coverage,
    /// Each log input, and what became of its records.
    pub inputs: Vec<Input<'a>>,
    /// The least safe level that goes into the diff.
    pub level: Level,
    /// Minimal sets of the windows of a list (`--window 30d,90d,365d`), the shortest first; absent
    /// with a single window. The verdicts are those of the longest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 2))]
    pub windows: Vec<Window<'a>>,
    /// All clients together.
    pub fleet: Fleet,
    /// Each client of the policy files, by name.
    #[schemars(with = "Vec<Client<'_>>")]
    pub clients: Clients<'a>,
    /// Clients of the log that no policy file names.
    pub only_in_log: Vec<OnlyInLog<'a>>,
    /// Requests of the window whose client, operation or outcome is not certain and that hold
    /// removals at review, by cause.
    pub possible_needs: Vec<PossibleNeeds>,
    /// Facts worth a reviewer's time, in the order of the rules (docs/findings.md).
    pub findings: Vec<Finding<'a>>,
    /// Rules that could not be judged, or not of all the data; a rule with several parts that
    /// cannot be judged is named for each.
    pub not_evaluable: Vec<NotEvaluable<'a>>,
    /// Ids of the rules that the configuration turns off.
    pub rules_off: &'a [&'static str],
    /// Owners of two or more clients, the widest first.
    pub blast_radius: &'a [Blast],
    /// What a reviewer should know, from all stages.
    pub warnings: Vec<Warning<'a>>,
    /// What the readers of logs and policies noticed, what each rule of `[[noise]]` left out, and
    /// how many grants each rule of `[[granted]]` dated.
    pub notes: &'a [String],
    /// What the advice of past months would have denied (`scopetrim.backtest/1`, see
    /// docs/backtest.md); null when it was not asked for and nothing is called safe.
    pub backtest: Option<Backtest<'a>>,
    /// What only `scopetrim report --month` adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MonthPart<'_>")]
    pub month: Option<MonthPart<'a>>,
}

impl<'a> Report<'a> {
    /// The report of a result, without the part `month`.
    pub fn of(view: &'a View<'a>) -> Self {
        let window = view.analysis.window;
        let has_data = view.coverage.span().is_some();
        let not_evaluable = view.outcomes.not_evaluable.iter();
        Self {
            schema: SCHEMA,
            as_of: has_data.then_some(window.to),
            window_days: if has_data { window.days() } else { 0 },
            window: Span {
                from: has_data.then_some(window.from),
                to: has_data.then_some(window.to),
            },
            incomplete: view.incomplete,
            coverage: Coverage::of(view),
            inputs: view.inputs.iter().map(Input::of).collect(),
            level: view.level,
            windows: Window::all(view),
            fleet: Fleet::of(&view.analysis.clients),
            clients: Clients {
                view,
                list: &view.analysis.clients,
            },
            only_in_log: view.only_in_log.iter().map(OnlyInLog::of).collect(),
            possible_needs: view
                .analysis
                .possible
                .iter()
                .map(PossibleNeeds::of)
                .collect(),
            findings: view.outcomes.findings.iter().map(Finding::of).collect(),
            not_evaluable: not_evaluable.map(NotEvaluable::of).collect(),
            rules_off: &view.outcomes.disabled,
            blast_radius: view.blast,
            warnings: view.warnings.iter().map(Warning::of).collect(),
            notes: view.usage_notes,
            backtest: view.backtest.map(|found| Backtest::of(found, view.catalog)),
            month: None,
        }
    }
}

/// The clients, each made when it is written.
pub struct Clients<'a> {
    view: &'a View<'a>,
    list: &'a [ClientAnalysis],
}

impl<'a> Clients<'a> {
    /// The clients that are still to be written; afterwards there are none.
    pub(super) fn take(&mut self) -> &'a [ClientAnalysis] {
        std::mem::take(&mut self.list)
    }
}

impl Serialize for Clients<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list.iter().map(|client| Client::of(self.view, client)))
    }
}
