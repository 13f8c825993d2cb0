//! The result as data: `scopetrim.report/1`, described by
//! `docs/report.schema.json`. Every other output is a rendering of the same
//! facts.
//!
//! Invariants: keys in fixed order, lists sorted, no clock, no secret.

pub(super) mod demand;
mod fleet;
mod parts;
mod unmatched;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::evidence::EvidenceJson;
use super::finding_json::{AuditJson, audit};
use super::suspend::AdviceJson;
use demand::{CompletenessJson, DeniedJson, TokensJson};
use fleet::{Fleet, fleet};
use unmatched::UnmatchedJson;

use super::possible::{self, HeldJson, ToldJson};
use super::windows::{WindowJson, compared_json};
use super::{InputView, View};
use crate::analysis::{ClientAnalysis, TermAnalysis, WINDOWS};
use crate::grants::history::SinceFrom;
use crate::model::{ClientName, Day, Level, Millis, Place, Term, Via};

/// Name and version of the contract.
pub const SCHEMA: &str = "scopetrim.report/1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    as_of: Option<Day>,
    window_days: u32,
    window: Span,
    incomplete: &'a [String],
    coverage: CoverageJson,
    inputs: Vec<InputJson<'a>>,
    level: Level,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowJson<'a>>,
    fleet: Fleet,
    /// Left empty here, and written by `parts`.
    clients: [(); 0],
    only_in_log: Vec<OnlyInLog<'a>>,
    possible_needs: Vec<ToldJson>,
    #[serde(flatten)]
    audit: AuditJson<'a>,
    warnings: Vec<WarningJson<'a>>,
    notes: &'a [String],
    backtest: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Span {
    from: Option<Day>,
    to: Option<Day>,
}

#[derive(Serialize)]
struct CoverageJson {
    from: Option<Day>,
    to: Option<Day>,
    covered_days: u32,
    missing_days: Vec<Day>,
    gaps: Vec<String>,
}

#[derive(Serialize)]
struct InputJson<'a> {
    path: &'a str,
    digest: Option<String>,
    format: Option<&'static str>,
    bytes: u64,
    records: u64,
    counted: u64,
    skipped: &'a BTreeMap<&'static str, u64>,
    rejected: u64,
    rejected_by_reason: &'a BTreeMap<&'static str, u64>,
    status: &'a str,
}

#[derive(Serialize)]
struct OnlyInLog<'a> {
    name: &'a str,
    requests: u64,
}

#[derive(Serialize)]
struct WarningJson<'a> {
    code: &'a str,
    message: &'a str,
    place: Option<&'a Place>,
}

#[derive(Serialize)]
struct ClientJson<'a> {
    id: &'a str,
    status: &'static str,
    requests: u64,
    last_seen: Option<String>,
    exposure: ExposureJson,
    advice: Option<AdviceJson<'a>>,
    granted: Vec<&'a Term>,
    minimal: Vec<&'a Term>,
    minimal_proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<&'a str>,
    terms: Vec<TermJson<'a>>,
    needed: Vec<OperationJson>,
    unmatched: UnmatchedJson<'a>,
    denied: Vec<DeniedJson<'a>>,
    tokens: TokensJson<'a>,
    completeness: CompletenessJson,
}

#[derive(Serialize)]
struct ExposureJson {
    before: f64,
    after_safe: f64,
    after_likely: f64,
    after_all: f64,
    needed: f64,
    efficiency: Option<f64>,
}

#[derive(Serialize)]
struct TermJson<'a> {
    term: &'a Term,
    via: Option<&'a str>,
    source: Option<&'a Place>,
    verdict: &'static str,
    kind: Option<&'static str>,
    level: Option<&'static str>,
    reasons: Vec<serde_json::Value>,
    granted_since: Option<Day>,
    granted_since_from: Option<&'static str>,
    first_used: Option<String>,
    last_used: Option<String>,
    days_used: usize,
    uses: BTreeMap<u32, u64>,
    longest_gap_days: Option<u32>,
    idle_days: Option<u32>,
    evidence: Option<EvidenceJson>,
    witness: Vec<String>,
    replace_with: &'a [Term],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    held_by: &'a BTreeSet<ClientName>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    goes_with: &'a BTreeSet<Term>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_needs: Vec<HeldJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    strangers: Vec<HeldJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    never_seen_operations: Vec<String>,
}

#[derive(Serialize)]
struct OperationJson {
    operation: String,
    requests: u64,
    proves_use: u64,
    first: String,
    last: String,
}

/// `2026-01-02T12:00:00.117Z`.
pub fn instant(time: Millis) -> String {
    let ms = time.rem_euclid(86_400_000);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        Day::of(time),
        ms % 1_000
    )
}

/// The report as pretty JSON with a line end.
pub fn render(view: &View<'_>) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    write(view, &mut bytes).map_err(serde_json::Error::io)?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// The same, written some clients at a time: the text of two thousand is 128 MB.
pub fn write(view: &View<'_>, mut out: impl Write) -> io::Result<()> {
    parts::write(&report(view), view, &mut out)?;
    out.write_all(b"\n")
}

/// The report as a value: the same keys in the same order.
pub fn value(view: &View<'_>) -> serde_json::Result<serde_json::Value> {
    // The clients are text already: only a reader of JSON makes a value of it.
    serde_json::from_str(&render(view)?)
}

/// What the report says about one client.
pub fn of_client(view: &View<'_>, own: &ClientAnalysis) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(client(view, own))
}

fn report<'a>(view: &'a View<'a>) -> Report<'a> {
    let window = view.analysis.window;
    let span = view.coverage.span();
    let has_data = span.is_some();
    Report {
        schema: SCHEMA,
        as_of: has_data.then_some(window.to),
        window_days: if has_data { window.days() } else { 0 },
        window: Span {
            from: has_data.then_some(window.from),
            to: has_data.then_some(window.to),
        },
        incomplete: view.incomplete,
        coverage: CoverageJson {
            from: span.map(|span| span.from),
            to: span.map(|span| span.to),
            covered_days: view.coverage.covered(window),
            missing_days: if has_data {
                view.coverage.missing(window).into_iter().collect()
            } else {
                Vec::new()
            },
            gaps: view
                .coverage
                .gaps
                .iter()
                .map(|gap| format!("{}: {}", gap.source, gap.reason))
                .collect(),
        },
        inputs: view.inputs.iter().map(input).collect(),
        level: view.level,
        windows: compared_json(view),
        fleet: fleet(&view.analysis.clients),
        clients: [],
        only_in_log: view
            .only_in_log
            .iter()
            .map(|(name, requests)| OnlyInLog {
                name,
                requests: *requests,
            })
            .collect(),
        possible_needs: possible::told(view.analysis),
        audit: audit(view),
        warnings: view
            .warnings
            .iter()
            .map(|warning| WarningJson {
                code: warning.code,
                message: &warning.message,
                place: warning.place.as_ref(),
            })
            .collect(),
        notes: view.usage_notes,
        backtest: view
            .backtest
            .map(|found| super::backtest::value(found, view.catalog)),
    }
}

fn input(view: &InputView) -> InputJson<'_> {
    InputJson {
        path: &view.path,
        digest: view.digest.map(|digest| digest.to_string()),
        format: view.format,
        bytes: view.bytes,
        records: view.records,
        counted: view.counted,
        skipped: &view.skipped,
        rejected: view.rejected.values().sum(),
        rejected_by_reason: &view.rejected,
        status: &view.status,
    }
}

fn client<'a>(view: &'a View<'a>, own: &'a ClientAnalysis) -> ClientJson<'a> {
    let label = |operation: usize| {
        view.catalog
            .operations
            .get(operation)
            .map(crate::model::Operation::label)
            .unwrap_or_default()
    };
    let exposure = own.exposure;
    let efficiency = (exposure.before > 0.0)
        .then(|| (exposure.needed / exposure.before * 10_000.0).round() / 10_000.0);
    let covered = own.covered(view.coverage);
    let terms = own
        .terms
        .iter()
        .flat_map(|found| found.vias.iter().map(move |via| (found, via)))
        .map(|(found, via)| term(view, &covered, found, via))
        .collect();
    ClientJson {
        id: own.id.as_str(),
        status: own.status.name(),
        requests: own.requests,
        last_seen: own.last_seen.map(instant),
        exposure: ExposureJson {
            before: exposure.before,
            after_safe: exposure.after_safe,
            after_likely: exposure.after_likely,
            after_all: exposure.after_all,
            needed: exposure.needed,
            efficiency,
        },
        advice: AdviceJson::of(view, own),
        granted: own.granted.iter().collect(),
        minimal: own.minimal.iter().collect(),
        minimal_proven: own.minimal_proven,
        gap: own.gap.as_deref(),
        terms,
        needed: own
            .needed
            .iter()
            .map(|served| OperationJson {
                operation: label(served.operation),
                requests: served.count,
                proves_use: served.used,
                first: instant(served.first),
                last: instant(served.last),
            })
            .collect(),
        unmatched: UnmatchedJson::of(own),
        denied: own
            .denied
            .iter()
            .map(|denied| DeniedJson::of(view, own, denied))
            .collect(),
        tokens: TokensJson::of(&own.demand.tokens),
        completeness: CompletenessJson::of(&own.seen),
    }
}

fn term<'a>(
    view: &'a View<'a>,
    covered: &BTreeMap<Day, u64>,
    found: &'a TermAnalysis,
    via: &'a Via,
) -> TermJson<'a> {
    let entry = view
        .policy
        .files
        .get(via.file)
        .and_then(|file| file.entries.get(via.entry));
    let label = |operation: &usize| {
        view.catalog
            .operations
            .get(*operation)
            .map(crate::model::Operation::label)
            .unwrap_or_default()
    };
    let window = view.analysis.window;
    TermJson {
        term: &found.term,
        via: via.role.as_ref().map(|(role, _)| role.as_str()),
        source: entry.map(|entry| &entry.place),
        verdict: found.verdict.name(),
        kind: found.kind.map(crate::model::Kind::name),
        level: ways::level(view, found, via).map(Level::name),
        reasons: found
            .reasons
            .iter()
            .filter_map(|reason| serde_json::to_value(reason).ok())
            .collect(),
        granted_since: found.since,
        granted_since_from: found.since_from.map(SinceFrom::name),
        first_used: found.rhythm.first.map(instant),
        last_used: found.rhythm.last.map(instant),
        days_used: found.rhythm.days.len(),
        uses: WINDOWS.into_iter().zip(found.rhythm.uses).collect(),
        longest_gap_days: found.rhythm.longest_gap(),
        idle_days: found.rhythm.idle(covered, window.to),
        evidence: EvidenceJson::of(view, found),
        witness: found.witness.iter().map(label).collect(),
        replace_with: &found.replace_with,
        held_by: &found.held_by,
        goes_with: &found.goes_with,
        possible_needs: found.possible.iter().map(HeldJson::of).collect(),
        strangers: found.strangers.iter().map(HeldJson::of).collect(),
        never_seen_operations: found.unseen.1.iter().map(label).collect(),
    }
}
