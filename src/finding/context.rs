//! What the rules look at.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::category::Category;
use crate::analysis::minimum::Universe;
use crate::analysis::{Analysis, ClientAnalysis, TermAnalysis};
use crate::catalog::matcher::Route;
use crate::model::{Catalog, ClientName, Exception, Outcome, Place, Policy, Semantics};
use crate::usage::credentials::{CredentialHash, CredentialRow, CredentialTable, Which};
use crate::usage::ledger::Withdrawn;
use crate::usage::{ClientUse, Cluster, Coverage, DayUse, SourceFacts};

/// Everything a rule may look at.
pub struct Context<'a> {
    /// Verdicts by client and term.
    pub analysis: &'a Analysis,
    /// The policy files.
    pub policy: &'a Policy,
    /// The operations.
    pub catalog: &'a Catalog,
    /// The routes of the usage rows.
    pub routes: &'a [Route],
    /// The catalogue compiled with the enforcer's rule.
    pub universe: &'a Universe,
    /// What a held term opens.
    pub semantics: &'a Semantics,
    /// Risk weight of each operation.
    pub weights: &'a [u64],
    /// Risk categories of each operation.
    pub categories: &'a [BTreeSet<Category>],
    /// What clients of the policy did, by name.
    pub usage: &'a BTreeMap<ClientName, ClientUse>,
    /// What the logs cover.
    pub coverage: &'a Coverage,
    /// Exceptions of the configuration.
    pub exceptions: &'a [Exception],
    /// Credentials, when they were collected.
    pub credentials: &'a CredentialTable,
    /// Grants that the ledger has seen and that are gone; empty without a ledger.
    pub withdrawn: &'a [Withdrawn],
    /// What named callers did that no policy file names.
    pub others: &'a BTreeMap<ClientName, ClientUse>,
    /// What was done by requests that name no caller.
    pub nobody: &'a ClientUse,
    /// Names in the log that differ from a client's only in case or whitespace.
    pub alike: &'a BTreeMap<ClientName, BTreeSet<String>>,
    /// Requests without an operation for certain, by the index of [`ClientUse::client`].
    pub unplaced: &'a BTreeMap<u32, Vec<Cluster>>,
    /// What became of each source's lines.
    pub sources: &'a [SourceFacts],
}

/// Somebody who was seen in the log, or whom the policy names.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    /// As in the policy, else as in the log; empty for requests that name no caller.
    pub(super) name: &'a str,
    /// What the policy makes of it; `None` where no policy file names it.
    pub(super) client: Option<&'a ClientAnalysis>,
    usage: Option<&'a ClientUse>,
}

impl Caller<'_> {
    /// Stands for requests that name no caller.
    pub(super) fn is_nobody(&self) -> bool {
        self.name.is_empty()
    }

    /// Requests of a day that passed; of those without a caller, the ones with a success.
    pub(super) fn passed(&self, day: &DayUse) -> u64 {
        let passed = if self.is_nobody() {
            Outcome::Unauthenticated
        } else {
            Outcome::Used
        };
        count(day, passed)
    }
}

impl<'a> Context<'a> {
    /// `GET /orders/{id}`.
    pub(super) fn label(&self, route: u32) -> String {
        self.routes
            .get(route as usize)
            .map_or_else(|| "(no operation)".to_owned(), Route::label)
    }

    /// The operations behind a route.
    pub(super) fn operations(&self, route: u32) -> &'a [usize] {
        self.routes
            .get(route as usize)
            .map_or(&[][..], |route| &route.operations)
    }

    /// Whether what the client holds permits the route.
    pub(super) fn permits(&self, client: &ClientAnalysis, route: u32) -> bool {
        self.operations(route)
            .iter()
            .any(|op| self.universe.permits(&client.granted, *op))
    }

    /// Everybody: the clients of the policy, other names of the log, and nobody.
    pub(super) fn callers(&self) -> impl Iterator<Item = Caller<'a>> {
        let clients = self.analysis.clients.iter().map(|client| Caller {
            name: client.id.as_str(),
            client: Some(client),
            usage: self.usage.get(&client.id),
        });
        let others = self.others.iter().map(|(name, usage)| Caller {
            name: name.as_str(),
            client: None,
            usage: Some(usage),
        });
        let nobody = Caller {
            name: "",
            client: None,
            usage: Some(self.nobody),
        };
        clients.chain(others).chain([nobody])
    }

    /// What a client did in the window, by route.
    pub(super) fn used(&self, client: &ClientAnalysis) -> Vec<(u32, Vec<DayUse>)> {
        self.within(self.usage.get(&client.id))
    }

    /// What a caller did in the window, by route.
    pub(super) fn used_by(&self, caller: &Caller<'_>) -> Vec<(u32, Vec<DayUse>)> {
        self.within(caller.usage)
    }

    /// Paths outside the catalogue that a caller asked for.
    pub(super) fn unplaced_of(&self, caller: &Caller<'_>) -> &'a [Cluster] {
        let clusters = caller
            .usage
            .and_then(|client_use| self.unplaced.get(&client_use.client));
        clusters.map_or(&[][..], Vec::as_slice)
    }

    fn within(&self, usage: Option<&ClientUse>) -> Vec<(u32, Vec<DayUse>)> {
        let window = self.analysis.window;
        let routes = usage.map_or(&[][..], |client_use| &client_use.routes);
        routes
            .iter()
            .map(|route| {
                let days = route.days.since(window.from).until(window.to);
                // Some ten million of them go through here: without growing step by step.
                let mut day_uses = Vec::with_capacity(days.rows());
                day_uses.extend(&days);
                (route.route, day_uses)
            })
            .filter(|(_, days)| !days.is_empty())
            .collect()
    }

    /// Rows of the policy's clients inside the window.
    pub(super) fn credential_rows(&self) -> impl Iterator<Item = (&'a str, &'a CredentialRow)> {
        let window = self.analysis.window;
        let table = self.credentials;
        let known: BTreeSet<&str> = self
            .analysis
            .clients
            .iter()
            .map(|client| client.id.as_str())
            .collect();
        table
            .rows
            .iter()
            .filter(move |row| row.day <= window.to)
            .filter_map(move |row| {
                let name = table.clients.get(row.client as usize)?.as_str();
                known.contains(name).then_some((name, row))
            })
    }

    /// The same, by client and credential, with ids only.
    pub(super) fn named_credentials(
        &self,
    ) -> BTreeMap<(&'a str, CredentialHash), Vec<&'a CredentialRow>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (client, row) in self.credential_rows() {
            if let Which::Named(hash) = row.credential {
                all.entry((client, hash)).or_default().push(row);
            }
        }
        all
    }

    /// The client's analysis.
    pub(super) fn client(&self, name: &str) -> Option<&'a ClientAnalysis> {
        self.analysis
            .clients
            .binary_search_by(|client| client.id.as_str().cmp(name))
            .ok()
            .map(|at| &self.analysis.clients[at])
    }

    /// The lines that give a term.
    pub(super) fn places(&self, term: &TermAnalysis) -> Vec<Place> {
        let entry = |place: (usize, usize)| Some(self.policy.entry(place)?.place.clone());
        term.vias
            .iter()
            .flat_map(|via| {
                let member = via.role.as_ref().and_then(|held| entry(held.place()));
                entry((via.file, via.entry)).into_iter().chain(member)
            })
            .collect()
    }

    /// Days with records up to the end of the window.
    pub(super) fn covered_days(&self) -> u32 {
        let to = self.analysis.window.to;
        u32::try_from(self.coverage.days.range(..=to).count()).unwrap_or(u32::MAX)
    }

    /// Whether the operation belongs to one of the categories.
    pub(super) fn in_category(&self, operation: usize, categories: &[Category]) -> bool {
        self.categories
            .get(operation)
            .is_some_and(|held| categories.iter().any(|category| held.contains(category)))
    }
}

/// Requests of one outcome on a day.
pub(super) fn count(day: &DayUse, outcome: Outcome) -> u64 {
    day.counts[outcome as usize]
}
