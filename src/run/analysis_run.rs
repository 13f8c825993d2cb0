//! From settings to the analysed policy: what most subcommands share.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Settings;
use super::audience_check;
use super::audit::{Audit, Judged, audit};
use super::client_join::check_joined;
use super::client_usage;
use super::git_history::Versions;
use super::grant_age::history;
use super::grant_snapshots;
use super::input_diagnostics::{input_views, missing_in_lines, wrong_clocks};
use super::names::{alike, few_match, only_in_log, unknown_scopes, unmet};
use super::observed_days::{outside, window};
use super::pipeline::{LoadedUsage, Routes};
use super::policy::{policy_and_names, semantics};
use super::read_usage;
use super::routes;
use super::undated_grants;
use super::window_comparison::compared;
use crate::analysis::backtest::{Backtest, GrantsOf, backtest, backtest_as_held, origins};
use crate::analysis::landmark::LONGEST;
use crate::analysis::minimum::Universe;
use crate::analysis::{
    self, Action, Analysis, Compared, Inputs, Prepared, actions, demand, weight,
};
use crate::grants::history::History;
use crate::model::words::plural;
use crate::model::{ClientName, Day, Level, Policy, Semantics, Warning, Window};
use crate::report::{InputView, View, possible};
use crate::usage::credentials::CredentialTable;
use crate::usage::{Blind, ClientUse, Coverage, PossibleNeeds, UsageTable};

/// Everything that was read and found; renderers show its [`view`](Self::view).
pub struct AnalysisRun {
    /// What was asked for.
    pub settings: Settings,
    /// The operations of the API.
    pub routes: Routes,
    /// The policy files.
    pub policy: Policy,
    /// The logs or the ledger, as counted.
    pub read: LoadedUsage,
    /// Since when grants are held.
    pub history: History,
    /// Requests whose client, operation or outcome is not certain.
    pub possible: PossibleNeeds,
    /// What of a client's use cannot be seen.
    pub blind: BTreeMap<ClientName, Blind>,
    /// The verdict of each grant, with what decided it.
    pub analysis: Analysis,
    /// What the advice of past months would have denied, where that was asked.
    pub backtest: Option<Backtest>,
    /// Minimal sets of each window of a list, the shortest first.
    pub compared: Vec<Compared>,
    /// What each client of the policy did, up to as-of.
    pub usage: BTreeMap<ClientName, ClientUse>,
    /// What callers did that no policy file names.
    pub former: BTreeMap<ClientName, ClientUse>,
    /// The edits that the verdicts ask for.
    pub actions: Vec<Action>,
    /// The enforcer's rule: what a held term opens.
    pub semantics: Semantics,
    /// The risk weight of each operation.
    pub weights: Vec<u64>,
    /// The catalogue as numbers.
    pub universe: Universe,
    /// What became of each input.
    pub inputs: Vec<InputView>,
    /// What a reviewer should know, sorted.
    pub warnings: Vec<Warning>,
    /// What is worth saying about the data, one sentence each.
    pub notes: Vec<String>,
    /// Callers that no policy file names, most requests first.
    pub only_in_log: Vec<(String, u64)>,
    /// Clients of the policy without a single request in the log.
    pub never_seen: Vec<ClientName>,
    /// Removals up to this level go into the diff.
    pub level: Level,
    /// The findings.
    pub audit: Audit,
}

impl AnalysisRun {
    /// Lets go of the tables that nothing shown is made from: the largest part of what is in memory.
    pub fn forget_usage(&mut self) {
        self.usage.clear();
        self.former.clear();
        self.read.collected.usage = UsageTable::default();
        self.read.collected.credentials = CredentialTable::default();
    }

    /// The data that renderers show.
    pub fn view(&self) -> View<'_> {
        View {
            analysis: &self.analysis,
            compared: &self.compared,
            policy: &self.policy,
            catalog: &self.routes.catalog,
            routes: self.routes.matcher.routes(),
            coverage: &self.read.coverage,
            inputs: &self.inputs,
            actions: &self.actions,
            level: self.level,
            warnings: &self.warnings,
            only_in_log: &self.only_in_log,
            unused_names: &self.never_seen,
            incomplete: &self.read.incomplete,
            usage_notes: &self.notes,
            backtest: self.backtest.as_ref(),
            outcomes: &self.audit.outcomes,
            blast: &self.audit.blast,
        }
    }
}

/// Reads catalogue, policy and logs, and says which grants can go.
pub fn analyse(settings: Settings) -> anyhow::Result<AnalysisRun> {
    run(settings, None)
}

/// The same, with the advice of past months replayed in any case, on the grants of today
/// or of each month end.
pub fn analyse_with_backtest(settings: Settings, grants: GrantsOf) -> anyhow::Result<AnalysisRun> {
    run(settings, Some(grants))
}

const NO_RECORDS: &str = "the logs hold no records: nothing can be said about any grant";

fn run(mut settings: Settings, replayed: Option<GrantsOf>) -> anyhow::Result<AnalysisRun> {
    settings.credentials = true;
    let routes = routes::routes(&settings)?;
    let policy = policy_and_names(&mut settings)?;
    let elsewhere = audience_check::check(&policy)?;
    let mut clients = policy.clients();
    if replayed == Some(GrantsOf::Ledger) {
        clients.extend(grant_snapshots::clients(&settings)?);
    }
    let mut read = read_usage::read_logs(&settings, &routes, bytes(&clients))?;
    let span = read.coverage.span();
    if span.is_none() {
        read.incomplete.push(NO_RECORDS.to_owned());
    }
    let window = window(&settings, &read.coverage)?;
    let history = history(&settings, &policy, window.to)?;
    let grants = replayed.unwrap_or_default();
    let month_ends = origins(&read.coverage, window.to);
    let versions = grant_snapshots::of(grants, &settings, &month_ends, (&policy, &history))?;
    clients.extend(versions.iter().flat_map(|past| past.clients.clone()));
    let (blind, unseen) = read.blind(&settings, &clients);
    let outside = outside(&settings, &read.coverage, window.to);
    let (usage, former) = client_usage::of(clients, &read, window, outside);
    if span.is_some() {
        let joined = check_joined(&policy, &read, !usage.is_empty())?;
        read.incomplete.extend(joined);
    }
    let unmatched = client_usage::unmatched(&policy, &read);
    let semantics = semantics(&settings, &policy, &routes);
    let weights = weight::weights(&routes.catalog, &settings.weights);
    let universe = Universe::new(&routes.catalog, &semantics, &weights);
    let possible = read.possible(&routes);
    let recent = recent(&read.coverage, window, outside.begins);
    let inputs = Inputs {
        catalog: &routes.catalog,
        semantics: &semantics,
        routes: routes.matcher.routes(),
        weights: &weights,
        policy: &policy,
        history: &history,
        usage: &usage,
        former: &former,
        unmatched: &unmatched,
        coverage: &recent,
        possible: &possible,
        blind: &blind,
        exceptions: &settings.exceptions,
    };
    let options = options(&settings, window);
    let prepared = Prepared::new(&inputs, &options, &universe);
    let (mut analysis, backtest) =
        judged(&prepared, &inputs, &options, (replayed, versions.as_ref()));
    let seen = (&read.collected.usage, outside, &read.collected.credentials);
    demand::fill(&mut analysis, &inputs, &universe, &options.protocol, seen);
    let compared = compared(&prepared, &inputs, &options, (&settings.windows, &analysis));
    let actions = actions(&policy, &analysis.clients, settings.narrow);
    let elsewhere = elsewhere.into_iter().chain(unseen).chain(alike(&possible));
    let ages = undated_grants::said(&settings.granted, &history, &policy, &analysis);
    let elsewhere = elsewhere.chain(ages.warnings);
    let found = (&analysis, elsewhere.collect());
    let warnings = warnings(&settings, &routes, &policy, &semantics, &read, found);
    let noise = noise_used(&settings, &read);
    let notes = [&read.notes[..], &history.notes, &noise, &ages.notes].concat();
    let audit = audit(&Judged {
        settings: &settings,
        routes: &routes,
        policy: &policy,
        read: &read,
        analysis: &analysis,
        semantics: &semantics,
        weights: &weights,
        universe: &universe,
        usage: &usage,
        former: &former,
        alike: &possible.alike,
    })?;
    Ok(AnalysisRun {
        only_in_log: only_in_log(&policy, &read),
        never_seen: client_usage::never_seen(&policy, &usage),
        inputs: input_views(&read.facts),
        level: settings.level,
        settings,
        routes,
        policy,
        read,
        history,
        possible,
        blind,
        analysis,
        backtest,
        compared,
        usage,
        former,
        actions,
        semantics,
        weights,
        universe,
        warnings,
        notes,
        audit,
    })
}

/// The verdicts, after what past advice of the same kind would have denied.
fn judged(
    prepared: &Prepared<'_>,
    inputs: &Inputs<'_>,
    options: &analysis::Options,
    (replayed, versions): (Option<GrantsOf>, Option<&Versions>),
) -> (Analysis, Option<Backtest>) {
    let mut analysis = prepared.analyse(inputs, options);
    // Nothing may be called safe before past removals of that level were looked at.
    if replayed.is_none() && !calls_any_safe(&analysis) {
        return (analysis, None);
    }
    let found = match versions {
        None => backtest(prepared, inputs, options),
        Some(versions) => {
            let grants = replayed.unwrap_or_default();
            backtest_as_held(prepared, inputs, options, (grants, &versions.held))
        }
    };
    found.apply_brake(&mut analysis);
    (analysis, Some(found))
}

/// What is looked back on: each client's work grows with its days.
fn recent(coverage: &Coverage, window: Window, begins: Option<Day>) -> Cow<'_, Coverage> {
    let first = window.from.min(window.to.plus(-LONGEST));
    coverage.since(begins.map_or(first, |begins| begins.max(first)))
}

/// What a reviewer should know, from all stages.
fn warnings(
    settings: &Settings,
    routes: &Routes,
    policy: &Policy,
    semantics: &Semantics,
    read: &LoadedUsage,
    (analysis, elsewhere): (&Analysis, Vec<Warning>),
) -> Vec<Warning> {
    let mut warnings = routes.warnings.clone();
    warnings.extend(
        policy
            .files
            .iter()
            .flat_map(|file| file.warnings.iter().cloned()),
    );
    warnings.extend(unknown_scopes(policy, routes, semantics, settings));
    warnings.extend(unmet(policy, routes, settings));
    warnings.extend(few_match(&analysis.clients));
    warnings.extend(analysis.warnings.iter().cloned());
    warnings.extend(missing_in_lines(read));
    warnings.extend(possible::warnings(analysis));
    warnings.extend(noise(settings, read, analysis.window));
    let inputs = read.facts.iter().map(|source| source.shown.as_ref());
    let inputs: Vec<&str> = inputs.collect();
    warnings.extend(settings.logged.sampled.warnings(&inputs));
    warnings.extend(settings.log_formats.warnings(&inputs));
    let outside = outside(settings, &read.coverage, analysis.window.to);
    warnings.extend(wrong_clocks(read, settings.reject_share, outside));
    warnings.extend(elsewhere);
    warnings.sort();
    warnings.dedup();
    warnings
}

/// The names as they are in logs.
fn bytes(clients: &BTreeSet<ClientName>) -> BTreeSet<Vec<u8>> {
    let names = clients.iter().map(|name| name.as_str().as_bytes());
    names.map(<[u8]>::to_vec).collect()
}

/// What each rule for noise left out.
fn noise_used(settings: &Settings, read: &LoadedUsage) -> Vec<String> {
    let rules = settings.logged.noise.iter().zip(&read.collected.noise);
    let used = rules.filter(|(_, requests)| **requests > 0);
    used.map(|(rule, requests)| {
        format!(
            "{} left out as noise: {} ({})",
            plural(*requests, "request"),
            rule.label(),
            rule.reason
        )
    })
    .collect()
}

/// Rules for noise that expired or that cover nothing. Of a ledger it is not known which
/// rule covered what: it was counted with the rules of its time.
fn noise(settings: &Settings, read: &LoadedUsage, window: Window) -> Vec<Warning> {
    let rules = settings.logged.noise.iter().zip(&read.collected.noise);
    rules
        .filter_map(|(rule, requests)| rule.warning(window.to, *requests))
        .collect()
}

pub(super) fn options(settings: &Settings, window: Window) -> analysis::Options {
    analysis::Options {
        window,
        hints: settings.hints,
        objective: settings.objective,
        narrow: settings.narrow,
        protocol: settings.protocol.clone(),
        protected: settings.protected.clone(),
        needs: settings.needs.clone(),
        all_operations_logged: settings.logged.all_operations,
        thresholds: settings.thresholds,
        node_budget: 2_000_000,
    }
}

fn calls_any_safe(analysis: &Analysis) -> bool {
    let mut clients = analysis.clients.iter();
    clients.any(|client| {
        let suspend = client.suspend.as_ref().map(|suspension| suspension.level);
        let mut levels = client.terms.iter().map(|term| term.level);
        suspend == Some(Level::Safe) || levels.any(|level| level == Some(Level::Safe))
    })
}
