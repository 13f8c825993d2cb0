//! The findings of a study: from what was read to what a reviewer should see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::client_usage;
use super::from_ledger::{self, advised};
use super::observed_days::outside;
use super::pipeline::{LoadedUsage, Routes};
use super::settings::Settings;
use crate::analysis::Analysis;
use crate::analysis::blast::{self, Blast};
use crate::analysis::category::categories;
use crate::analysis::minimum::Universe;
use crate::finding::{self, Context, Outcomes};
use crate::model::{ClientName, Policy, Semantics};
use crate::usage::ClientUse;
use crate::usage::ledger::Ledger;

/// Findings, and what falls together.
pub struct Audit {
    /// What each rule found.
    pub outcomes: Outcomes,
    /// What one owner's credentials open together.
    pub blast: Vec<Blast>,
}

/// What each client did, or what others did.
type Usage = BTreeMap<ClientName, ClientUse>;

/// What the rules look at.
pub(crate) struct Judged<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) routes: &'a Routes,
    pub(crate) policy: &'a Policy,
    pub(crate) read: &'a LoadedUsage,
    pub(crate) analysis: &'a Analysis,
    pub(crate) semantics: &'a Semantics,
    pub(crate) weights: &'a [u64],
    pub(crate) universe: &'a Universe,
    /// Of the policy's clients.
    pub(crate) usage: &'a Usage,
    /// Of names that no policy file has.
    pub(crate) former: &'a Usage,
    /// Names in the log that differ from one of the policy only in case or whitespace.
    pub(crate) alike: &'a BTreeMap<ClientName, BTreeSet<String>>,
}

/// Applies every rule to what was read and analysed.
pub(crate) fn audit(judged: &Judged<'_>) -> anyhow::Result<Audit> {
    let Judged {
        settings,
        routes,
        policy,
        read,
        analysis,
        universe,
        ..
    } = *judged;
    let mut withdrawn = Vec::new();
    if let Some(dir) = &settings.ledger {
        withdrawn = Ledger::consistent(Path::new(dir), Ledger::withdrawn)
            .map_err(|error| advised(&error))?;
        // What was recorded after the window is not known yet.
        withdrawn.retain(|withdrawn| withdrawn.gone <= analysis.window.to.plus(1));
    }
    let outside = outside(settings, &read.coverage, analysis.window.to);
    let nobody = client_usage::nobody(read, analysis.window, outside);
    let categories = categories(&routes.catalog, &settings.categories);
    let context = Context {
        analysis,
        policy,
        catalog: &routes.catalog,
        routes: routes.matcher.routes(),
        universe,
        semantics: judged.semantics,
        weights: judged.weights,
        categories: &categories,
        usage: judged.usage,
        coverage: &read.coverage,
        exceptions: &settings.exceptions,
        credentials: &read.collected.credentials,
        withdrawn: &withdrawn,
        others: judged.former,
        nobody: &nobody,
        alike: judged.alike,
        unplaced: &read.collected.usage.unplaced,
        sources: &read.facts,
    };
    let mut outcomes = finding::evaluate(&context, &settings.findings);
    if let Some(dir) = settings.ledger.as_ref().filter(|_| read.ids_left_out) {
        let days = from_ledger::Days::new(dir, settings, routes, policy);
        finding::attach_samples(&mut outcomes.findings, |day| days.of(day))?;
    } else {
        finding::attach_samples(&mut outcomes.findings, |_| {
            Ok::<_, anyhow::Error>(&read.collected.usage)
        })?;
    }
    Ok(Audit {
        outcomes,
        blast: blast::by_owner(policy, analysis, universe),
    })
}
