//! Blast radius: what falls together when one owner or one credential falls.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::Analysis;
use super::minimum::Universe;
use crate::model::{ClientName, Policy, Subject, Term};

/// What the clients of one owner can do together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "owner")]
pub struct Blast {
    /// The owner, as the policy names it.
    pub owner: String,
    /// Its clients, sorted.
    pub clients: Vec<String>,
    /// Exposure (0..1) of everything they hold together.
    #[schemars(range(min = 0, max = 1))]
    pub exposure: f64,
}

/// Exposure (0..1) of several clients' terms together. Scopes of different clients
/// do not combine within one request, so this is the union of what each opens.
pub(crate) fn joint_exposure<'t>(
    universe: &Universe,
    held: impl IntoIterator<Item = &'t BTreeSet<Term>>,
) -> f64 {
    let opens: BTreeSet<usize> = held
        .into_iter()
        .flat_map(|terms| universe.opens(terms))
        .collect();
    universe.share(opens)
}

/// The owners of two or more clients, the widest first.
pub(crate) fn by_owner(policy: &Policy, analysis: &Analysis, universe: &Universe) -> Vec<Blast> {
    let mut owners: BTreeMap<&str, BTreeSet<&ClientName>> = BTreeMap::new();
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        if let (Subject::Client(client), Some(owner)) = (&entry.subject, &entry.owner) {
            owners.entry(owner).or_default().insert(client);
        }
    }
    let mut all: Vec<Blast> = owners
        .into_iter()
        .filter(|(_, clients)| clients.len() > 1)
        .map(|(owner, clients)| {
            let held = analysis
                .clients
                .iter()
                .filter(|client| clients.contains(&client.id))
                .map(|client| &client.granted);
            Blast {
                owner: owner.to_owned(),
                exposure: joint_exposure(universe, held),
                clients: clients.iter().map(ToString::to_string).collect(),
            }
        })
        .collect();
    all.sort_by(|a, b| {
        b.exposure
            .total_cmp(&a.exposure)
            .then_with(|| a.owner.cmp(&b.owner))
    });
    all
}
