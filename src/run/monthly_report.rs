//! The report of one month: what was analysed up to its end, sealed for its renderers.
//!
//! With a key, names are replaced before anything is sealed.

use std::collections::BTreeMap;

use super::role_proposal::looks;
use super::{Advised, AnalysisRun, Settings, analyse_with_backtest, prove};
use crate::analysis::backtest::GrantsOf;
use crate::model::words::{either, plural};
use crate::model::{ClientName, Day};
use crate::report::monthly::{
    self, Activity, CredentialLine, Extra, FileRow, History, Month, Previous, Proof, Sealed,
    file_row, seal,
};
use crate::report::possible;
use crate::report::pseudonym::{Masked, Private, Pseudonyms};
use crate::usage::{ClientUse, summarise};

/// Which report is wanted, and what its head says.
pub struct MonthlyReport {
    /// The window ends with the last day of this month.
    pub month: Month,
    /// Reports of earlier months.
    pub previous: Vec<Previous>,
    /// Replaces names by hashes.
    pub key: Option<Pseudonyms>,
    /// Name of the organisation.
    pub organisation: Option<String>,
    /// When the report is made; no clock is read.
    pub now: Option<String>,
    /// How the program was called.
    pub command: String,
    /// The flags with which other commands read the same input.
    pub inputs: String,
    /// The configuration file.
    pub configuration: Option<String>,
}

/// Analyses up to the end of the month, seals the report, and hands it to `render`: it borrows
/// from the run.
pub fn month<T>(
    mut settings: Settings,
    mut order: MonthlyReport,
    render: impl FnOnce(&AnalysisRun, &Sealed<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let days = order.month.days();
    settings.as_of = Some(days.to);
    let run = analyse_with_backtest(settings, GrantsOf::Today)?;
    if let Some(span) = run.read.coverage.span()
        && run.read.coverage.covered(days) == 0
    {
        return Err(Advised::new(
            format!(
                "the logs hold no record of {}: they cover {} to {}",
                order.month, span.from, span.to
            ),
            "choose a month inside the days of the logs with --month, or add its logs",
        ));
    }
    sealed(&run, &mut order, |report| render(&run, report))
}

fn sealed<T>(
    run: &AnalysisRun,
    order: &mut MonthlyReport,
    render: impl FnOnce(&Sealed<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let earlier = std::mem::take(&mut order.previous);
    let MonthlyReport { month, key, .. } = order;
    let activity = activity(run, *month);
    let credentials = credentials(run);
    let view = run.view();
    let pseudonymised = key.is_some();
    let roles = looks(view.policy, &view.analysis.clients, view.level);
    let mut extra = Extra {
        month: *month,
        organisation: order.organisation.as_deref(),
        now: order.now.as_deref(),
        command: &order.command,
        inputs: Some(&order.inputs),
        configuration: order.configuration.as_deref().map(file_row),
        catalogues: run
            .settings
            .catalogs
            .iter()
            .map(|path| file_row(path))
            .collect(),
        universe: &run.universe,
        exceptions: &run.settings.exceptions,
        activity: &activity,
        credentials: &credentials,
        history: &History::default(),
        proof: None,
        roles: &roles,
        pseudonymised,
    };
    let Some(key) = key else {
        if let Some(hidden) = earlier.iter().find(|report| report.pseudonymised) {
            return Err(Advised::new(
                format!(
                    "`{}` holds pseudonyms, and this report would hold names",
                    hidden.path
                ),
                "give the key of that report with --pseudonymise, or the report with names",
            ));
        }
        let history = History::before(*month, earlier);
        extra.history = &history;
        extra.proof = Some(proof(run)?);
        return render(&seal(&view, &extra)?);
    };
    let settings = &run.settings;
    let patterns = settings
        .needs
        .iter()
        .chain(settings.weights.iter().map(|weight| &weight.matches));
    let named = earlier.iter().filter(|report| !report.pseudonymised);
    let expected = settings.expected_sources.iter();
    let private = Private {
        exceptions: &settings.exceptions,
        stated: &settings.granted,
        aliases: &settings.aliases,
        patterns: patterns.map(String::as_str).collect(),
        earlier: named.flat_map(Previous::clients).collect(),
        files: extra
            .catalogues
            .iter()
            .chain(&extra.configuration)
            .map(|file| &file.path)
            .chain(earlier.iter().map(|report| &report.path))
            .map(String::as_str)
            .chain(expected.map(|own| own.source.as_str()))
            .collect(),
        semantics: &run.semantics,
        protocol: &settings.protocol,
    };
    let masked = Masked::new(&view, &private, key);
    let hidden_activity = key.by_client(&activity);
    let hidden_credentials = key.by_client(&credentials);
    let earlier = earlier
        .into_iter()
        .map(|report| {
            if report.pseudonymised {
                report
            } else {
                report.renamed(key)
            }
        })
        .collect();
    let mut history = History::before(*month, earlier);
    history.notes = history.notes.iter().map(|text| key.text(text)).collect();
    extra.exceptions = &masked.exceptions;
    extra.activity = &hidden_activity;
    extra.credentials = &hidden_credentials;
    extra.history = &history;
    extra.command = "scopetrim report (arguments withheld)";
    extra.inputs = None;
    extra.catalogues = hidden(extra.catalogues, key);
    extra.configuration = hidden(extra.configuration.into_iter().collect(), key).pop();
    let view = masked.view();
    let roles = looks(view.policy, &view.analysis.clients, view.level);
    extra.roles = &roles;
    render(&seal(&view, &extra)?)
}

/// Files under pseudonyms.
fn hidden(rows: Vec<FileRow>, key: &Pseudonyms) -> Vec<FileRow> {
    let hide = |row: FileRow| FileRow {
        path: key.path(&row.path),
        digest: row.digest,
    };
    rows.into_iter().map(hide).collect()
}

/// The diff at the chosen level, with what proves it.
fn proof(run: &AnalysisRun) -> anyhow::Result<Proof> {
    let proved = prove(run)?;
    let mut sentence = format!(
        "{} ({}) {} replayed against the edited files: none refused, none opened.",
        plural(proved.replay.operations, "needed operation"),
        plural(proved.replay.requests, "request"),
        either(proved.replay.operations, "was", "were")
    );
    if !proved.refused.is_empty() {
        let names: Vec<&str> = proved
            .refused
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let names = names.join(", ");
        sentence = format!("{sentence} No diff for {names}: the proof failed.");
    }
    for text in possible::sentences(&run.analysis) {
        sentence = format!("{sentence} {text}.");
    }
    Ok(Proof {
        diff: proved.diff(run),
        as_read: proved.diff_as_read(),
        sentence,
    })
}

/// Requests and refusals of the month itself, by client of the policy.
fn activity(run: &AnalysisRun, month: Month) -> BTreeMap<ClientName, Activity> {
    let table = &run.read.collected.usage;
    let names: BTreeMap<u32, ClientName> = run
        .policy
        .clients()
        .into_iter()
        .filter_map(|name| Some((table.client(name.as_str())?, name)))
        .collect();
    let days = month.days();
    let rows = summarise(table, &names.keys().copied().collect(), Some(days.to));
    let of = |client_use: &ClientUse| {
        let mut activity = Activity::default();
        for route in &client_use.routes {
            for day in route.days.iter().filter(|day| days.contains(Day(day.day))) {
                activity.requests += day.counts.iter().sum::<u64>();
                if day.denied() > 0 {
                    *activity.denied.entry(route.route).or_default() += day.denied();
                }
            }
        }
        activity
    };
    let rows = rows.iter();
    rows.filter_map(|client_use| Some((names.get(&client_use.client)?.clone(), of(client_use))))
        .collect()
}

/// What each client of the policy authenticated with.
fn credentials(run: &AnalysisRun) -> BTreeMap<ClientName, Vec<CredentialLine>> {
    let to = run.analysis.window.to;
    let start = run.read.coverage.span().map_or(to, |span| span.from);
    let table = &run.read.collected.credentials;
    monthly::credentials::credentials(table, &run.policy.clients(), start, to)
}
