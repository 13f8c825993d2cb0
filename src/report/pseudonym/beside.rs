//! Findings, owners and windows under pseudonyms.

use super::Pseudonyms;
use crate::analysis::Compared;
use crate::analysis::blast::Blast;
use crate::finding::{Outcomes, stable_id};
use crate::model::ClientName;

/// Findings keep the order of the rules, and are sorted by pseudonym within one.
pub(super) fn outcomes(own: &Outcomes, key: &Pseudonyms) -> Outcomes {
    let mut masked = own.clone();
    let mut order: Vec<&'static str> = own.findings.iter().map(|found| found.rule).collect();
    order.dedup();
    for found in &mut masked.findings {
        if !found.client.is_empty() {
            found.client = key.client(&found.client);
        }
        found.subject = key.subject(&found.subject);
        found.message = key.text(&found.message);
        found.samples = found.samples.iter().map(|id| key.request(id)).collect();
        found.places = found.places.iter().map(|place| key.place(place)).collect();
        // The id is a hash without a key: the name could be found by trying.
        found.id = stable_id(found.rule, &found.client, &found.subject);
    }
    masked.findings.sort_by_cached_key(|found| {
        let rule = order.iter().position(|rule| *rule == found.rule);
        (rule, found.client.clone(), found.subject.clone())
    });
    masked
}

pub(super) fn blast(own: &[Blast], key: &Pseudonyms) -> Vec<Blast> {
    let mut masked = own.to_vec();
    for owner in &mut masked {
        owner.owner = key.hash("owner", &owner.owner);
        owner.clients = owner.clients.iter().map(|name| key.client(name)).collect();
        owner.clients.sort();
    }
    masked.sort_by(|a, b| {
        b.exposure
            .total_cmp(&a.exposure)
            .then_with(|| a.owner.cmp(&b.owner))
    });
    masked
}

pub(super) fn compared(own: &[Compared], key: &Pseudonyms) -> Vec<Compared> {
    let mut masked = own.to_vec();
    for window in &mut masked {
        for client in &mut window.clients {
            client.id = ClientName::new(&key.client(client.id.as_str()));
            client.minimal = key.term_set(&client.minimal);
            client.drops = key.term_set(&client.drops);
            for added in &mut client.adds {
                added.term = key.term(&added.term);
            }
        }
        window.clients.sort_by(|a, b| a.id.cmp(&b.id));
    }
    masked
}
