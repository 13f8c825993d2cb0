//! The findings of a study: from what was read to what a reviewer should see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::pipeline::{Read, Routes};
use super::recall::{self, advised};
use super::settings::Setup;
use super::used;
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
    setup: &Setup,
    routes: &Routes,
    policy: &Policy,
    read: &Read,
    analysis: &Analysis,
    semantics: &Semantics,
    (usage, others, alike): (&Usage, &Usage, &BTreeMap<ClientName, BTreeSet<String>>),
) -> anyhow::Result<Audit> {
    let mut withdrawn = Vec::new();
    if let Some(dir) = &setup.ledger {
        withdrawn = Ledger::consistent(Path::new(dir), Ledger::withdrawn)
            .map_err(|error| advised(&error))?;
        // What was recorded behind the window is not known yet.
        withdrawn.retain(|own| own.gone <= analysis.window.to.plus(1));
    }
    let nobody = used::nobody(read, analysis.window, setup.as_of);
    let weights = weight::weights(&routes.catalog, &setup.weights);
    let universe = Universe::new(&routes.catalog, semantics, &weights);
    let categories = categories(&routes.catalog, &setup.categories);
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
        exceptions: &setup.exceptions,
        credentials: &read.collected.credentials,
        withdrawn: &withdrawn,
        others,
        nobody: &nobody,
        alike,
        unplaced: &read.collected.usage.unplaced,
        sources: &read.facts,
    };
    let mut outcomes = finding::evaluate(&context, &setup.findings);
    if let Some(dir) = setup.ledger.as_ref().filter(|_| read.ids_left_out) {
        let days = recall::Days::new(dir, setup, routes, policy);
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
