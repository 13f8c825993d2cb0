//! The names that sentences are searched for.

use std::collections::{BTreeMap, BTreeSet};

use super::Pseudonyms;
use super::names::Names;
use super::terms::Words;
use crate::model::{Exception, Granted, Scope, Semantics, Stated, Subject};
use crate::report::View;

/// Names that a view does not list, and that its sentences may hold.
pub(crate) struct Private<'a> {
    /// The exceptions of the configuration.
    pub exceptions: &'a [Exception],
    /// The ages that the configuration states.
    pub stated: &'a [Stated],
    /// The aliases: name in the log to name in the policy.
    pub aliases: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    /// Further patterns of the configuration over scopes and operations.
    pub patterns: Vec<&'a str>,
    /// Clients of earlier reports.
    pub earlier: Vec<&'a str>,
    /// Files other than logs and policy, and names of sources.
    pub files: Vec<&'a str>,
    /// What a term opens.
    pub semantics: &'a Semantics,
    /// Scopes of the protocol itself.
    pub protocol: &'a BTreeSet<Scope>,
}

impl Pseudonyms {
    pub(super) fn learn(&mut self, view: &View<'_>, private: &Private<'_>) {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        let mut clients: BTreeSet<String> = view
            .policy
            .clients()
            .iter()
            .map(ToString::to_string)
            .collect();
        clients.extend(view.only_in_log.iter().map(|(name, _)| name.clone()));
        // Rules look at callers outside the policy too.
        let found = view.outcomes.findings.iter().chain(&view.outcomes.allowed);
        clients.extend(found.map(|finding| finding.client.clone()));
        let unjudged = view.outcomes.not_evaluable.iter();
        clients.extend(unjudged.flat_map(|unjudged| unjudged.clients.iter().cloned()));
        clients.remove("");
        clients.extend(
            private
                .exceptions
                .iter()
                .map(|exception| exception.client.clone()),
        );
        clients.extend(private.earlier.iter().map(|name| (*name).to_owned()));
        for name in private
            .aliases
            .iter()
            .flat_map(|(log, policy)| [log, policy])
        {
            clients.insert(String::from_utf8_lossy(name).into_owned());
        }
        self.words = Words::new(view.catalog, private);
        for exception in private.exceptions {
            known.insert(
                exception.place.file.to_string(),
                self.path(&exception.place.file),
            );
            if let Some(owner) = &exception.owner {
                known.insert(owner.clone(), self.hash("owner", owner));
            }
        }
        for (scope, hidden) in self.unknown_scopes(view, private) {
            known.insert(scope, hidden);
        }
        let audiences = view.policy.files.iter().flat_map(|file| &file.entries);
        let audiences = audiences.filter_map(|entry| entry.audience.as_ref());
        for name in audiences.chain(&view.policy.audience) {
            known.insert(name.to_string(), self.audience(name).to_string());
        }
        for file in &view.policy.files {
            known.insert(file.path.to_string(), self.path(&file.path));
            for entry in &file.entries {
                if let Some(owner) = &entry.owner {
                    known.insert(owner.to_string(), self.hash("owner", owner));
                }
                let roles = [
                    match &entry.subject {
                        Subject::Role(role) => Some(role),
                        Subject::Client(_) => None,
                    },
                    match &entry.granted {
                        Granted::Role(role) => Some(role),
                        Granted::Term(_) => None,
                    },
                ];
                for role in roles.into_iter().flatten() {
                    known.insert(role.to_string(), self.hash("role", role.as_str()));
                }
            }
        }
        for file in &private.files {
            known.insert((*file).to_owned(), self.path(file));
        }
        for input in view.inputs {
            known.insert(input.path.to_string(), self.path(&input.path));
        }
        for gap in &view.coverage.gaps {
            known.insert(gap.source.to_string(), self.path(&gap.source));
        }
        for place in view
            .warnings
            .iter()
            .filter_map(|warning| warning.place.as_ref())
        {
            known.insert(place.file.to_string(), self.path(&place.file));
        }
        for client in clients {
            let hidden = self.client(&client);
            known.insert(client, hidden);
        }
        // What matches no operation may hold anything, names included.
        for cluster in view
            .analysis
            .clients
            .iter()
            .flat_map(|client| &client.unmatched)
        {
            known.insert(cluster.path.clone(), self.hash("path", &cluster.path));
        }
        known.remove("*");
        self.known = Names::new(known);
    }
}
