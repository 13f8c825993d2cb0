//! The monthly audit report: one month as data, ready for every renderer.
//!
//! In: a view whose window ends with the month, what happened in the month, and
//! the reports of earlier months. Out: a [`Page`], and the same with the whole
//! contract as JSON.
//!
//! Invariants:
//! * no clock: the time of making is only what the user says it is;
//! * ids, and with them the comparison of months, depend on names and rules
//!   alone, never on counts;
//! * what is not known is said to be not known: it never looks like zero.

mod advice;
mod changes;
mod clients;
mod commands;
mod contract;
pub(crate) mod credentials;
mod evidence;
mod findings;
mod items;
mod month;
mod own_diff;
mod page;
mod past;
mod previous;
pub(super) mod questions;
mod rows;
mod standing;
mod tiles;

#[cfg(test)]
mod changes_tests;

use std::collections::BTreeMap;
use std::path::Path;

use super::View;
use super::model::{NotEvaluable, TermView};
use crate::analysis::minimum::Universe;
use crate::analysis::role_mining::JudgedRole;
use crate::input;
use crate::model::words;
use crate::model::{ClientName, ContentDigest, Exception, Window};

pub(crate) use commands::Commands;
pub use contract::Sealed;
pub(crate) use contract::seal;
pub(crate) use credentials::CredentialLine;
pub(crate) use items::{Item, id};
pub use month::Month;
pub(crate) use page::*;
pub(crate) use past::Cut;
pub(crate) use previous::History;
pub use previous::Previous;
pub(crate) use rows::*;

/// What one client did in the month itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Requests, whatever their outcome.
    pub requests: u64,
    /// Refused requests by route.
    pub denied: BTreeMap<u32, u64>,
}

/// A diff of the policy files, and the sentence about its proof.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The diff with its reasons.
    pub diff: String,
    /// The diff alone, with the paths that the places of the report have.
    pub as_read: String,
    /// One sentence.
    pub sentence: String,
}

/// What a monthly report needs in addition to the view.
pub(crate) struct Extra<'a> {
    /// The month.
    pub month: Month,
    /// Who it is for.
    pub organisation: Option<&'a str>,
    /// When it is made, as the user says.
    pub now: Option<&'a str>,
    /// How the program was called, without what only says where output goes.
    pub command: &'a str,
    /// The flags with which other commands read the same input; `None` under pseudonyms, which no
    /// command knows.
    pub inputs: Option<&'a str>,
    /// The configuration file.
    pub configuration: Option<FileRow>,
    /// The API descriptions.
    pub catalogues: Vec<FileRow>,
    /// The catalogue with its weights.
    pub universe: &'a Universe,
    /// Exceptions of the configuration.
    pub exceptions: &'a [Exception],
    /// What happened in the month, by client.
    pub activity: &'a BTreeMap<ClientName, Activity>,
    /// What each client authenticated with.
    pub credentials: &'a BTreeMap<ClientName, Vec<CredentialLine>>,
    /// Earlier reports.
    pub history: &'a History,
    /// The proved diff, when it may be shown.
    pub proof: Option<Proof>,
    /// What the roles of the policy files look like.
    pub roles: &'a [JudgedRole],
    /// Names are pseudonyms.
    pub pseudonymised: bool,
}

/// Everything of the month; `items` are those that it leaves open. The id is given by [`seal`].
fn page<'a>(view: &'a View<'a>, extra: &Extra<'_>, items: &BTreeMap<String, Item>) -> Page<'a> {
    let mut clients = clients::clients(view, extra);
    clients::add_diffs(extra, &mut clients);
    let advice = advice::advice(&clients);
    let human = advice::human(extra, &clients);
    let outcomes = changes::outcomes(view, extra, items);
    let findings = findings::groups(view, extra.history);
    let points = tiles::points(view, extra, &outcomes);
    let verdict = conclusion(&clients);
    let balance = standing::balance(&clients);
    let not_evaluable = view.outcomes.not_evaluable.iter();
    let not_evaluable: Vec<NotEvaluable<'_>> = not_evaluable.map(NotEvaluable::of).collect();
    let changes = {
        let gone = changes::gone(view, &not_evaluable, &outcomes);
        changes::changes(extra.month, extra.history, items, &gone)
    };
    Page {
        head: head(view, extra),
        incomplete: view.incomplete,
        tiles: tiles::tiles(&points, &findings, view.outcomes, &balance),
        balance,
        commands: extra.inputs.map(|inputs| Commands::of(inputs, view)),
        points: points.into_values().collect(),
        cuts: view.backtest.map(past::cuts).unwrap_or_default(),
        pooled: view.backtest.map(past::pooled).unwrap_or_default(),
        days: days(view),
        not_evaluable,
        changes,
        exceptions: evidence::exceptions(view, extra.exceptions),
        roles: evidence::roles(view, extra.roles),
        evidence: evidence::evidence(view, extra),
        diff: extra.proof.as_ref().map(|proof| proof.diff.clone()),
        proof: extra.proof.as_ref().map(|proof| proof.sentence.clone()),
        verdict,
        clients,
        advice,
        human,
        findings,
        outcomes,
    }
}

fn head(view: &View<'_>, extra: &Extra<'_>) -> Head {
    let (window, month) = (view.analysis.window, extra.month.days());
    let span = view.coverage.span();
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    for format in view.inputs.iter().filter_map(|input| input.format) {
        *formats.entry(format).or_default() += 1;
    }
    Head {
        organisation: extra.organisation.map(str::to_owned),
        month: extra.month,
        month_name: extra.month.name(),
        from: month.from,
        to: month.to,
        window_from: window.from,
        window_to: window.to,
        window_days: window.days(),
        covered_days: view.coverage.covered(window),
        data_from: span.map(|span| span.from),
        data_until: span.map(|span| span.to.min(window.to)),
        month_covered: view.coverage.covered(month),
        month_days: month.days(),
        month_requests: requests(view, month),
        gateways: formats
            .into_iter()
            .map(|(format, files)| {
                format!(
                    "{format} ({})",
                    words::plural_grouped(files as u64, "log file")
                )
            })
            .collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        id: String::new(),
        compared_with: extra.history.last().map(|last| last.month),
        now: extra.now.map(str::to_owned),
        pseudonymised: extra.pseudonymised,
        level: view.level,
    }
}

fn requests(view: &View<'_>, window: Window) -> u64 {
    let days = view.coverage.days.range(window.from..=window.to);
    days.map(|(_, count)| count).sum()
}

fn days(view: &View<'_>) -> Vec<DayCell> {
    let window = view.analysis.window;
    (window.from.0..=window.to.0)
        .map(crate::model::Day)
        .map(|day| DayCell {
            day,
            records: view.coverage.days.get(&day).copied().unwrap_or(0),
        })
        .collect()
}

fn conclusion(clients: &[ClientView<'_>]) -> Conclusion {
    let now = |client: &ClientView<'_>| client.terms().any(|term| term.goes_now());
    let terms = clients.iter().flat_map(ClientView::terms);
    let going: Vec<TermView<'_>> = terms.filter(TermView::goes_now).collect();
    let mean = |value: fn(&ClientView<'_>) -> f64| {
        let count = f64::from(u32::try_from(clients.len().max(1)).unwrap_or(u32::MAX));
        clients.iter().map(value).sum::<f64>() / count
    };
    let without_evidence = going.iter().filter(|term| term.p().is_none()).count();
    let known = without_evidence == 0 && !going.is_empty();
    let sum = |values: &mut dyn Iterator<Item = Option<f64>>| known.then(|| values.flatten().sum());
    Conclusion {
        clients: clients.iter().filter(|own| now(own)).count(),
        removals: going.len(),
        before: mean(|client| client.found.exposure.before),
        after: mean(|client| client.after),
        expected: sum(&mut going.iter().map(TermView::p)),
        at_most: sum(&mut going.iter().map(TermView::upper)),
        without_evidence,
    }
}

/// The digest of a file that was read a moment ago; what cannot be read again, like a pipe, has none.
pub(crate) fn file_row(path: &str) -> FileRow {
    let bytes = input::read_regular(Path::new(path), u64::MAX).ok();
    FileRow {
        path: path.to_owned(),
        digest: bytes.map(|bytes| ContentDigest::of(&bytes).to_string()),
    }
}
