//! The minimal sets of several windows.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Instant, OperationName};
use crate::analysis::{self, Added, Compared};
use crate::model::{Day, Term};
use crate::report::View;

/// One window; it ends at as-of.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "window")]
pub struct Window<'a> {
    /// Length in days.
    #[schemars(range(min = 1))]
    pub days: u32,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Days that have records.
    pub covered_days: u32,
    /// Each client of the policy files, by name.
    pub clients: Vec<ClientWindow<'a>>,
}

impl<'a> Window<'a> {
    /// Every window, the shortest first.
    pub(super) fn all(view: &View<'a>) -> Vec<Self> {
        let of = |compared: &'a Compared| Self {
            days: compared.window.days(),
            from: compared.window.from,
            to: compared.window.to,
            covered_days: view.coverage.covered(compared.window),
            clients: compared
                .clients
                .iter()
                .map(|client| ClientWindow::of(view, client))
                .collect(),
        };
        view.compared.iter().map(of).collect()
    }
}

/// One client under this window.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "client_window")]
pub struct ClientWindow<'a> {
    /// Name in the policy file.
    pub id: &'a str,
    /// The exact smallest set of this window.
    pub minimal: &'a BTreeSet<Term>,
    /// Whether the search proved it.
    pub minimal_proven: bool,
    /// What the next shorter window did not need; empty for the shortest.
    pub adds: Vec<AddedTerm<'a>>,
    /// What only the next shorter window kept: another set is the optimum here.
    pub drops: &'a BTreeSet<Term>,
}

impl<'a> ClientWindow<'a> {
    fn of(view: &View<'a>, client: &'a analysis::ClientWindow) -> Self {
        let adds = client.adds.iter();
        Self {
            id: client.id.as_str(),
            minimal: &client.minimal,
            minimal_proven: client.proven,
            adds: adds.map(|added| AddedTerm::of(view, added)).collect(),
            drops: &client.drops,
        }
    }
}

/// One term that a longer window adds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "added_term")]
pub struct AddedTerm<'a> {
    /// The term.
    pub term: &'a Term,
    /// Operations it serves that only this window needed.
    pub operations: Vec<OperationName<'a>>,
    /// Last request for them in this window.
    pub last_used: Option<Instant>,
}

impl<'a> AddedTerm<'a> {
    fn of(view: &View<'a>, added: &'a Added) -> Self {
        let known = &view.catalog.operations;
        let operations = added.operations.iter();
        Self {
            term: &added.term,
            operations: operations
                .filter_map(|number| known.get(*number).map(OperationName))
                .collect(),
            last_used: added.last.map(Instant),
        }
    }
}
