//! What of a client's use the data cannot show, and the notes about it.

use std::collections::{BTreeMap, BTreeSet};

use super::pipeline::LoadedUsage;
use super::settings::Settings;
use crate::model::words::{either, plural};
use crate::model::{ClientName, Warning};
use crate::usage::{Blind, nameless_days};

impl LoadedUsage {
    /// What cannot be seen of the policy's clients; says which source is the cause.
    pub(crate) fn blind(
        &self,
        settings: &Settings,
        known: &BTreeSet<ClientName>,
    ) -> (BTreeMap<ClientName, Blind>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let presence = &self.collected.presence;
        let (all, absences) =
            Blind::of_all(presence, &self.facts, &self.coverage, &settings.calendar);
        let covered = self.coverage.days.len();
        for absence in absences {
            let carried = |name: &&String| known.contains(name.as_str());
            let clients = match absence.clients.iter().filter(carried).count() {
                0 => continue,
                1 => "the one client".to_owned(),
                n => format!("the {n} clients"),
            };
            let text = format!(
                "the source `{}` has no data on {} of the {covered} days that have any: {} as missing for {clients} of the policy that it carries",
                absence.source,
                absence.days.len(),
                either(absence.days.len(), "this day counts", "these days count")
            );
            warnings.push(Warning::new("source-missing", text));
        }
        let mut blind: BTreeMap<ClientName, Blind> = all
            .into_iter()
            .filter(|(client, _)| known.contains(client.as_str()))
            .map(|(client, blind_spots)| (ClientName::new(&client), blind_spots))
            .collect();
        let hidden = blind
            .values()
            .filter(|blind_spots| !blind_spots.routes.is_empty())
            .count();
        if hidden > 0 {
            let text = format!(
                "{} of the policy used operations that an older catalogue did not distinguish from more specific ones: no removal of a scope that opens these is above review",
                plural(hidden, "client")
            );
            warnings.push(Warning::new("older-catalogue", text));
        }
        for (source, days) in nameless_days(&self.facts) {
            let (Some(first), Some(last)) = (days.first(), days.last()) else {
                continue;
            };
            warnings.push(Warning::new(
                "names-lost",
                format!(
                    "no record of `{source}` names a client on {} from {first} to {last}, though it named clients before: {} as missing for the clients that it carries; make the gateway log the client's name again",
                    plural(days.len(), "day"),
                    either(days.len(), "this day counts", "these days count")
                ),
            ));
            for client in self.carried_by(&source, known) {
                let blind_spots = blind.entry(client).or_default();
                blind_spots.days.extend(&days);
            }
        }
        for (client, rate) in self.sampled(settings, known) {
            blind.entry(client).or_default().sampled = Some(rate);
        }
        (blind, warnings)
    }

    /// The lowest rate of the samples that a client may be in: those that carry it, or all
    /// of them for a client that was never seen.
    fn sampled(
        &self,
        settings: &Settings,
        known: &BTreeSet<ClientName>,
    ) -> BTreeMap<ClientName, f64> {
        let mut rates: BTreeMap<ClientName, f64> = BTreeMap::new();
        let presence = &self.collected.presence;
        for source in &self.facts {
            let Some(rate) = settings.logged.sampled.rate_of(&source.shown) else {
                continue;
            };
            let carried = self.carried_by(&source.shown, known);
            let unseen = |client: &&ClientName| !presence.clients.contains_key(client.as_str());
            for client in carried.iter().chain(known.iter().filter(unseen)) {
                let lowest = rates.entry(client.clone()).or_insert(rate);
                *lowest = lowest.min(rate);
            }
        }
        rates.retain(|_, rate| *rate < 1.0);
        rates
    }

    /// The clients that a source carries: all of them where there is one source only.
    fn carried_by(&self, source: &str, known: &BTreeSet<ClientName>) -> BTreeSet<ClientName> {
        let presence = &self.collected.presence;
        let Some(place) = presence.place(source) else {
            return known.clone();
        };
        let carried = |client: &&ClientName| {
            let carriers = presence.clients.get(client.as_str());
            carriers.is_some_and(|places| places.contains(&place))
        };
        known.iter().filter(carried).cloned().collect()
    }
}
