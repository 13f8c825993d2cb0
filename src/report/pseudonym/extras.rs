//! Findings, owners and windows under pseudonyms.

use super::Pseudonyms;
use crate::analysis::Compared;
use crate::analysis::blast::Blast;
use crate::finding::{NotEvaluable, Outcomes, named, stable_id};
use crate::model::ClientName;

/// Findings keep the order of the rules, and are sorted by pseudonym within one.
pub(super) fn outcomes(outcomes: &Outcomes, key: &Pseudonyms) -> Outcomes {
    let mut masked = outcomes.clone();
    let mut order: Vec<&'static str> = outcomes.findings.iter().map(|found| found.rule).collect();
    order.dedup();
    for found in masked.findings.iter_mut().chain(&mut masked.allowed) {
        if !found.client.is_empty() {
            found.client = key.client(&found.client);
        }
        found.subject = key.subject(&found.subject);
        found.message = key.finding(&found.message);
        found.samples = found.samples.iter().map(|id| key.request(id)).collect();
        found.places = found.places.iter().map(|place| key.place(place)).collect();
        // The id is a hash without a key: the name could be found by trying.
        found.id = stable_id(found.rule, &found.client, &found.subject);
    }
    masked.findings.sort_by_cached_key(|found| {
        let rule = order.iter().position(|rule| *rule == found.rule);
        (rule, found.client.clone(), found.subject.clone())
    });
    for entry in &mut masked.not_evaluable {
        unjudged(entry, key);
    }
    masked
}

/// The clients by pseudonym, and so the first of them in the text.
fn unjudged(unjudged: &mut NotEvaluable, key: &Pseudonyms) {
    let names = named(&unjudged.clients);
    unjudged.clients = unjudged
        .clients
        .iter()
        .map(|name| key.client(name))
        .collect();
    unjudged.clients.sort();
    unjudged.missing.0 = match unjudged.missing.0.strip_suffix(&names) {
        Some(field) if !names.is_empty() => {
            format!("{}{}", key.finding(field), named(&unjudged.clients))
        }
        _ => key.finding(&unjudged.missing.0),
    };
}

pub(super) fn blast(blasts: &[Blast], key: &Pseudonyms) -> Vec<Blast> {
    let mut masked = blasts.to_vec();
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

pub(super) fn compared(windows: &[Compared], key: &Pseudonyms) -> Vec<Compared> {
    let mut masked = windows.to_vec();
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::finding::MissingField;
    use crate::finding::Unjudged;
    use crate::model::Semantics;
    use crate::report::pseudonym::{Masked, Private};
    use crate::report::testing::sample;

    #[test]
    fn names_of_clients_that_cannot_be_judged_are_hidden_and_their_order_too() {
        let clients: Vec<String> = (0..9).map(|number| format!("till-{number}")).collect();
        let stated = Unjudged::clients("iat of the token", clients.clone(), 12).unwrap();
        let unjudged = |missing: &str| NotEvaluable {
            rule: "old-credential",
            number: "F4",
            missing: MissingField::new(missing),
            partly: true,
            clients: clients.clone(),
        };
        let mut sample = sample();
        sample.outcomes.not_evaluable =
            vec![unjudged(&stated.missing), unjudged("till-3: GET /of/till")];
        let private = Private {
            exceptions: &[],
            stated: &[],
            aliases: &BTreeMap::new(),
            patterns: Vec::new(),
            earlier: Vec::new(),
            files: Vec::new(),
            semantics: &Semantics::default(),
            protocol: &BTreeSet::new(),
        };
        let mut key = Pseudonyms::new(b"correct horse battery staple");
        let masked = Masked::new(&sample.view(), &private, &mut key);
        let found = &masked.view().outcomes.not_evaluable;
        let mut hidden: Vec<String> = clients.iter().map(|name| key.client(name)).collect();
        hidden.sort();
        assert_eq!(found[0].clients, hidden);
        let wanted = format!(
            "iat of the token for 9 of 12 clients: {} and 4 more",
            hidden[..5].join(", ")
        );
        assert_eq!(found[0].missing.0, wanted);
        assert!(
            !found[1].missing.0.contains("till"),
            "{}",
            found[1].missing.0
        );
    }
}
