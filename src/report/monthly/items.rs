//! What a report leaves open, under ids that stay the same from month to month.
//!
//! An id is a hash of client, scope (or what else the item is about) and rule.
//! Neither counts nor dates go into it, so that the same fact has the same id
//! next month.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::finding::Finding;
use crate::model::{Level, Verdict};
use crate::report::View;
use crate::report::model::level;
use crate::report::pseudonym::Pseudonyms;

/// Hex digits of an id: 80 bits, enough for billions of items.
const DIGITS: usize = 20;

/// A recommendation or a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "item")]
pub struct Item {
    /// The client; empty when the item is about none.
    pub client: String,
    /// The scope, or what else it is about.
    pub subject: String,
    /// The rule of a finding, or the kind of a recommendation: `unused`, `redundant`, `broad`.
    pub rule: String,
    /// The level of a recommendation, or the severity of a finding.
    pub level: String,
    /// It recommends a change of the policy.
    pub recommendation: bool,
}

impl Item {
    /// The stable id.
    pub fn id(&self) -> String {
        id(&self.client, &self.subject, &self.rule)
    }

    /// The item of one finding.
    pub(super) fn of_finding(finding: &Finding) -> Self {
        Self {
            client: finding.client.clone(),
            subject: match finding.subject.as_str() {
                "" => without_counts(&finding.message),
                subject => subject.to_owned(),
            },
            rule: finding.rule.to_owned(),
            level: finding.severity.name().to_owned(),
            recommendation: false,
        }
    }

    pub(super) fn renamed(mut self, key: &Pseudonyms) -> Self {
        if !self.client.is_empty() {
            self.client = key.client(&self.client);
        }
        self.subject = if self.recommendation {
            key.scope(&self.subject)
        } else {
            key.subject(&self.subject)
        };
        self
    }
}

/// Hash of client, scope and rule.
pub(crate) fn id(client: &str, subject: &str, rule: &str) -> String {
    let mut hash = blake3::Hasher::new_derive_key("scopetrim report item id v1");
    for part in [client, subject, rule] {
        // Lengths in front, so that no two triples run together.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut hex = hash.finalize().to_hex().to_string();
    hex.truncate(DIGITS);
    hex
}

/// Every item that this report leaves open, by id.
pub(super) fn of_view(view: &View<'_>) -> BTreeMap<String, Item> {
    let clients = view.analysis.clients.iter();
    let terms = clients.flat_map(|client| client.terms.iter().map(move |term| (client, term)));
    let recommended = terms.filter_map(|(client, term)| {
        let open = matches!(term.verdict, Verdict::Remove | Verdict::Narrow);
        // Of several ways to hold it the last one says how safe it is.
        let (kind, via) = (term.kind?, term.vias.last()?);
        open.then(|| Item {
            client: client.id.to_string(),
            subject: term.term.to_string(),
            rule: kind.name().to_owned(),
            level: level(view, term, via).map_or("", Level::name).to_owned(),
            recommendation: true,
        })
    });
    let found = view.outcomes.findings.iter().map(Item::of_finding);
    let items = recommended.chain(found);
    items.map(|item| (item.id(), item)).collect()
}

/// A sentence with each number as `#`, because next month it counts something else.
pub(super) fn without_counts(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    for word in sentence.split_inclusive(' ') {
        // `/v1/orders` is a name, `12` and `12.5` are counts.
        let bare = word.trim_end_matches([' ', ',', ':', ';']);
        let count = bare.starts_with(|c: char| c.is_ascii_digit())
            && bare
                .chars()
                .all(|c| c.is_ascii_digit() || c == '.' || c == '%');
        if count {
            text.push('#');
            text.push_str(&word[bare.len()..]);
        } else {
            text.push_str(word);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_client_scope_and_rule_and_on_where_each_ends() {
        let first = id("billing", "orders:write", "unused");
        assert_eq!(first.len(), DIGITS);
        assert_eq!(first, id("billing", "orders:write", "unused"));
        assert_ne!(first, id("billingo", "rders:write", "unused"));
        assert_ne!(first, id("billing", "orders:write", "redundant"));
    }

    #[test]
    fn a_sentence_without_its_counts_stays_the_same_when_only_they_change() {
        let text = |count: u32| without_counts(&format!("{count} requests to GET /v1/x passed"));
        assert_eq!(text(3), text(4711));
        assert_ne!(text(3), without_counts("3 requests to GET /v2/x passed"));
    }
}
