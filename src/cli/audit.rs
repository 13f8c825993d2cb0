//! The findings of a study: from what was read to what a reviewer should see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::client_usage;
use super::from_ledger::{self, advised};
use super::pipeline::{LoadedUsage, Routes};
use super::settings::Settings;
use crate::analysis::blast::{self, Blast};
use crate::analysis::category::categories;
use crate::analysis::minimum::Universe;
use crate::analysis::{Analysis, weight};
use crate::finding::{self, Context, Outcomes};
use crate::model::{ClientName, Policy, Semantics};
use crate::usage::ClientUse;
use crate::usage::ledger::Ledger;

/// Findings, and what falls together.
pub(super) struct Audit {
    pub(super) outcomes: Outcomes,
    pub(super) blast: Vec<Blast>,
}

/// What each client did, or what others did.
type Usage = BTreeMap<ClientName, ClientUse>;

/// Applies every rule to what was read and analysed; `usage` is of the policy's clients,
/// `others` of names that no policy file has.
pub(super) fn audit(
    settings: &Settings,
    routes: &Routes,
    policy: &Policy,
    read: &LoadedUsage,
    analysis: &Analysis,
    semantics: &Semantics,
    (usage, others, alike): (&Usage, &Usage, &BTreeMap<ClientName, BTreeSet<String>>),
) -> anyhow::Result<Audit> {
    let mut withdrawn = Vec::new();
    if let Some(dir) = &settings.ledger {
        withdrawn = Ledger::consistent(Path::new(dir), Ledger::withdrawn)
            .map_err(|error| advised(&error))?;
        // What was recorded behind the window is not known yet.
        withdrawn.retain(|own| own.gone <= analysis.window.to.plus(1));
    }
    let nobody = client_usage::nobody(read, analysis.window, settings.as_of);
    let weights = weight::weights(&routes.catalog, &settings.weights);
    let universe = Universe::new(&routes.catalog, semantics, &weights);
    let categories = categories(&routes.catalog, &settings.categories);
    let context = Context {
        analysis,
        policy,
        catalog: &routes.catalog,
        routes: routes.matcher.routes(),
        universe: &universe,
        semantics,
        weights: &weights,
        categories: &categories,
        usage,
        coverage: &read.coverage,
        exceptions: &settings.exceptions,
        credentials: &read.collected.credentials,
        withdrawn: &withdrawn,
        others,
        nobody: &nobody,
        alike,
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
        blast: blast::by_owner(policy, analysis, &universe),
    })
}
