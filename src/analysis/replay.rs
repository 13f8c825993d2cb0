//! The proof: what was needed, against the policy as it would be.
//!
//! In: the needs of each client, the policy before and after. Out: every
//! observed operation that would be refused, and every operation that would be
//! opened. Both lists have to be empty before a diff is shown.
//!
//! [`proposal`] asks the same of any policy, somebody else's as well.

pub(crate) mod observed;
pub(crate) mod proposal;

use std::collections::BTreeSet;

use super::ClientAnalysis;
use super::minimum::Universe;
use crate::model::{ClientName, Policy, Term};

/// An observed operation that the new policy refuses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Who would be refused.
    pub client: ClientName,
    /// Index of the operation.
    pub operation: usize,
    /// Requests of the window.
    pub count: u64,
}

/// An operation that the new policy opens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Widening {
    /// Who would gain.
    pub client: ClientName,
    /// Index of the operation.
    pub operation: usize,
}

/// The result of a replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Observed and refused afterwards.
    pub lost: Vec<Loss>,
    /// Refused before and open afterwards.
    pub opened: Vec<Widening>,
    /// Operations replayed, over all clients.
    pub operations: u64,
    /// Requests they represent.
    pub requests: u64,
}

/// Replays what was needed against the policy after the change.
pub(crate) fn replay(universe: &Universe, clients: &[ClientAnalysis], after: &Policy) -> Replay {
    let holdings = after.holdings();
    let mut result = Replay::default();
    for client in clients {
        let held: BTreeSet<Term> = holdings
            .get(&client.id)
            .map(|held| held.keys().cloned().collect())
            .unwrap_or_default();
        let open = universe.opens(&held);
        for served in &client.needed {
            result.operations += 1;
            result.requests += served.count;
            if universe.is_restricted(served.operation) && !open.contains(&served.operation) {
                result.lost.push(Loss {
                    client: client.id.clone(),
                    operation: served.operation,
                    count: served.count,
                });
            }
        }
        let before = universe.opens(&client.granted);
        for operation in open.difference(&before) {
            result.opened.push(Widening {
                client: client.id.clone(),
                operation: *operation,
            });
        }
    }
    result
}
