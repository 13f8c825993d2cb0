//! The minimal sets of several windows, and what each longer one adds.

use std::collections::BTreeSet;

use super::{Analysis, ClientAnalysis};
use crate::model::{ClientName, Millis, Term, Window};

/// A term that a longer window needs and a shorter one did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The term.
    pub term: Term,
    /// Operations it serves that only the longer window needed; when there is
    /// none, the operations for which the longer window's set relies on it.
    pub operations: Vec<usize>,
    /// Last request for them in the longer window.
    pub last: Option<Millis>,
}

/// One client under one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWindow {
    /// The client.
    pub id: ClientName,
    /// The exact minimum of this window.
    pub minimal: BTreeSet<Term>,
    /// Whether the search proved it.
    pub proven: bool,
    /// What the next shorter window did not need; empty for the shortest.
    pub adds: Vec<Added>,
    /// What only the next shorter window kept: another set is the optimum here.
    pub drops: BTreeSet<Term>,
}

/// All clients under one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The days.
    pub window: Window,
    /// Clients in the order of the analysis.
    pub clients: Vec<ClientWindow>,
}

/// Compares each window with the next shorter one; `all` starts with the shortest.
pub fn compare(all: &[&Analysis]) -> Vec<Compared> {
    let mut found: Vec<Compared> = Vec::with_capacity(all.len());
    for (index, analysis) in all.iter().enumerate() {
        let shorter = index.checked_sub(1).and_then(|before| all.get(before));
        let clients = analysis.clients.iter().map(|client| {
            let before = shorter
                .and_then(|shorter| shorter.clients.iter().find(|other| other.id == client.id));
            ClientWindow {
                id: client.id.clone(),
                minimal: client.minimal.clone(),
                proven: client.minimal_proven,
                adds: before.map_or_else(Vec::new, |before| added(client, before)),
                drops: before.map_or_else(BTreeSet::new, |before| {
                    before
                        .minimal
                        .difference(&client.minimal)
                        .cloned()
                        .collect()
                }),
            }
        });
        found.push(Compared {
            window: analysis.window,
            clients: clients.collect(),
        });
    }
    found
}

fn added(client: &ClientAnalysis, before: &ClientAnalysis) -> Vec<Added> {
    let known: BTreeSet<usize> = before
        .needed
        .iter()
        .map(|served| served.operation)
        .collect();
    let new = client.minimal.difference(&before.minimal);
    new.map(|term| {
        let found = client.terms.iter().find(|found| found.term == *term);
        let (serves, witness) = found.map_or((&[][..], &[][..]), |found| {
            (&found.serves[..], &found.witness[..])
        });
        let mut operations: Vec<usize> = serves
            .iter()
            .copied()
            .filter(|op| !known.contains(op))
            .collect();
        if operations.is_empty() {
            operations = witness.to_vec();
        }
        let last = client
            .needed
            .iter()
            .filter(|served| operations.contains(&served.operation))
            .map(|served| served.last)
            .max();
        Added {
            term: term.clone(),
            operations,
            last,
        }
    })
    .collect()
}
