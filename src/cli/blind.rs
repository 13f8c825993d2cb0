//! What of a client's use the data cannot show, and the notes about it.

use std::collections::{BTreeMap, BTreeSet};

use super::pipeline::Read;
use crate::model::words::{either, plural};
use crate::model::{ClientName, Warning};
use crate::usage::{Blind, needed_by_concealed};

impl Read {
    /// What cannot be seen of the policy's clients; says which source is the cause.
    pub(super) fn blind(
        &self,
        known: &BTreeSet<ClientName>,
    ) -> (BTreeMap<ClientName, Blind>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let (all, absences) = Blind::of_all(&self.collected.presence, &self.facts, &self.coverage);
        let covered = self.coverage.days.len();
        for own in absences {
            let carried = |name: &&String| known.contains(name.as_str());
            let clients = match own.clients.iter().filter(carried).count() {
                0 => continue,
                1 => "the one client".to_owned(),
                n => format!("the {n} clients"),
            };
            let text = format!(
                "the source `{}` has no data on {} of the {covered} days that have any: {} as missing for {clients} of the policy that it carries",
                own.source,
                own.days.len(),
                either(own.days.len(), "this day counts", "these days count")
            );
            warnings.push(Warning::new("source-missing", text));
        }
        let mut blind: BTreeMap<ClientName, Blind> = all
            .into_iter()
            .filter(|(client, _)| known.contains(client.as_str()))
            .map(|(client, own)| (ClientName::new(&client), own))
            .collect();
        let hidden = blind.values().filter(|own| !own.routes.is_empty()).count();
        if hidden > 0 {
            let text = format!(
                "{} of the policy used operations that an older catalogue did not tell from more specific ones: what opens these is not above review",
                plural(hidden, "client")
            );
            warnings.push(Warning::new("older-catalogue", text));
        }
        let unnamed = needed_by_concealed(&self.collected.usage);
        if !unnamed.is_empty() {
            for client in known {
                let own = blind.entry(client.clone()).or_default();
                own.unnamed.clone_from(&unnamed);
            }
        }
        (blind, warnings)
    }
}
