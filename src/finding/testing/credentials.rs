//! The credentials of a case, and what a rule says of parts of the data.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use crate::finding::by_name;
use crate::usage::credentials::{Carried, CredentialRow, CredentialTable, Issued};

impl Case {
    /// What a rule cannot judge although it is evaluable.
    pub(in crate::finding) fn unjudged(&self, rule: &str) -> Vec<String> {
        let rule = by_name(rule).unwrap();
        self.with(|context| {
            let settings = self.settings.of(rule.doc());
            let unjudged = rule.unjudged(context, &settings).into_iter();
            unjudged.map(|unjudged| unjudged.missing).collect()
        })
    }

    /// Sets one threshold.
    pub(in crate::finding) fn set(mut self, rule: &str, key: &'static str, value: u64) -> Self {
        let rule_settings = self.settings.rules.entry(rule.to_owned()).or_default();
        rule_settings.thresholds.insert(key, value);
        self
    }

    /// Puts a pattern on the list of what a rule leaves alone.
    pub(in crate::finding) fn allow(mut self, rule: &str, pattern: &str) -> Self {
        let rule_settings = self.settings.rules.entry(rule.to_owned()).or_default();
        rule_settings.allow.push(pattern.to_owned());
        self
    }

    /// What was shown, as the logs would give it.
    pub(super) fn table(&self) -> CredentialTable {
        let names = self.rows.iter().map(|(name, _)| name);
        let names: BTreeSet<&String> = names
            .chain(self.tokens.iter().map(|(name, ..)| name))
            .collect();
        let clients: Vec<String> = names.into_iter().cloned().collect();
        let number = |name: &String| u32::try_from(clients.binary_search(name).unwrap()).unwrap();
        let mut rows: Vec<CredentialRow> = self
            .rows
            .iter()
            .map(|(name, row)| CredentialRow {
                client: number(name),
                ..row.clone()
            })
            .collect();
        rows.sort_by_key(|row| (row.day, row.client, row.credential, row.kind));
        rows.dedup_by(|next, credential| {
            let key = |row: &CredentialRow| (row.day, row.client, row.credential, row.kind);
            let same = key(next) == key(credential);
            if same {
                credential.facts.merge(&next.facts);
            }
            same
        });
        let mut lifetimes = BTreeMap::new();
        for row in &rows {
            if let Some((_, longest)) = row.facts.lifetime {
                *lifetimes.entry((row.day, row.client, longest)).or_default() += row.facts.count;
            }
        }
        let sets: BTreeSet<&str> = self.tokens.iter().map(|(_, set, _)| *set).collect();
        let sets: Vec<String> = sets.into_iter().map(str::to_owned).collect();
        let mut carried = Vec::new();
        let mut issued: BTreeMap<(u32, String), Issued> = BTreeMap::new();
        for (name, set, token) in &self.tokens {
            let at = sets.iter().position(|known| known == set);
            carried.push(Carried {
                client: number(name),
                set: at.map(|at| u32::try_from(at).unwrap()),
                ..*token
            });
            for scope in set.split(' ').filter(|scope| !scope.is_empty()) {
                let key = (number(name), scope.to_owned());
                let known = issued.entry(key).or_insert(Issued {
                    count: 0,
                    first: token.first,
                    last: token.last,
                });
                known.count += token.count;
            }
        }
        carried.sort_unstable();
        CredentialTable {
            clients,
            rows,
            issued,
            sets,
            carried,
            lifetimes,
        }
    }
}
