//! What a report leaves open, under ids that stay the same from month to month.
//!
//! An id is a hash of client, scope (or what else the item is about) and rule.
//! Neither counts nor dates go into it, so that the same fact has the same id
//! next month.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

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

    /// Reads it back from `month.items`.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            client: text("client")?,
            subject: text("subject")?,
            rule: text("rule")?,
            level: text("level").unwrap_or_default(),
            recommendation: value["recommendation"].as_bool().unwrap_or(false),
        })
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
pub fn id(client: &str, subject: &str, rule: &str) -> String {
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

/// Every item that a report leaves open, by id.
pub(super) fn of_report(report: &Value) -> BTreeMap<String, Item> {
    let mut items = BTreeMap::new();
    let list = |key: &str| report[key].as_array().into_iter().flatten();
    for client in list("clients") {
        let name = client["id"].as_str().unwrap_or_default();
        for term in client["terms"].as_array().into_iter().flatten() {
            let open = matches!(term["verdict"].as_str(), Some("remove" | "narrow"));
            let (Some(subject), Some(kind), true) =
                (term["term"].as_str(), term["kind"].as_str(), open)
            else {
                continue;
            };
            let item = Item {
                client: name.to_owned(),
                subject: subject.to_owned(),
                rule: kind.to_owned(),
                level: term["level"].as_str().unwrap_or_default().to_owned(),
                recommendation: true,
            };
            items.insert(item.id(), item);
        }
    }
    for finding in list("findings") {
        if let Some(item) = of_finding(finding) {
            items.insert(item.id(), item);
        }
    }
    items
}

/// The item of one finding; `None` when it states no rule.
pub(super) fn of_finding(finding: &Value) -> Option<Item> {
    let text = |key: &str| finding[key].as_str().filter(|text| !text.is_empty());
    let subject = ["subject", "scope", "term", "operation"]
        .into_iter()
        .find_map(text)
        .map_or_else(
            || without_counts(text("message").unwrap_or_default()),
            str::to_owned,
        );
    Some(Item {
        client: text("client").unwrap_or_default().to_owned(),
        subject,
        rule: text("rule")?.to_owned(),
        level: text("severity").unwrap_or("warning").to_owned(),
        recommendation: false,
    })
}

/// A sentence with each number as `#`, because next month it counts something else.
fn without_counts(sentence: &str) -> String {
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
        let own = id("billing", "orders:write", "unused");
        assert_eq!(own.len(), DIGITS);
        assert_eq!(own, id("billing", "orders:write", "unused"));
        assert_ne!(own, id("billingo", "rders:write", "unused"));
        assert_ne!(own, id("billing", "orders:write", "redundant"));
    }

    #[test]
    fn a_finding_keeps_its_id_when_only_its_counts_change() {
        let finding = |count: u32| {
            serde_json::json!({"rule": "used-without-grant", "client": "a",
                "message": format!("{count} requests to GET /v1/x were not refused")})
        };
        let ids = [3, 4711].map(|count| of_finding(&finding(count)).unwrap().id());
        assert_eq!(ids[0], ids[1]);
        let other = serde_json::json!({"rule": "used-without-grant", "client": "a",
            "message": "3 requests to GET /v2/x were not refused"});
        assert_ne!(ids[0], of_finding(&other).unwrap().id());
    }
}
