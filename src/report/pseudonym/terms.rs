//! Scopes under pseudonyms: those that are not the API's own words.

use std::collections::{BTreeMap, BTreeSet};

use super::{Private, Pseudonyms};
use crate::analysis::ClientAnalysis;
use crate::analysis::demand::Demand;
use crate::model::{Catalog, Granted, Scope, ScopeMatch, Semantics, Term};
use crate::report::View;

/// The scopes of the catalogue and of the protocol, and what covers some of them.
#[derive(Default)]
pub(super) struct Words {
    scopes: BTreeSet<Scope>,
    protocol: BTreeSet<Scope>,
    semantics: Semantics,
    /// Paths of the operations.
    paths: BTreeSet<String>,
}

impl Words {
    pub(super) fn new(catalog: &Catalog, private: &Private<'_>) -> Self {
        let mut scopes = catalog.required_scopes();
        scopes.extend(catalog.declared.iter().cloned());
        Self {
            scopes,
            protocol: private.protocol.clone(),
            semantics: private.semantics.clone(),
            paths: catalog
                .operations
                .iter()
                .map(|operation| operation.path.clone())
                .collect(),
        }
    }

    /// Whether a scope, a term or a pattern says no more than the API's description does.
    fn has(&self, text: &str) -> bool {
        let covered = || {
            let mut scopes = self.scopes.iter();
            scopes.any(|scope| ScopeMatch::Glob.covers(text, scope.as_str()))
        };
        text.is_empty()
            || text == "*"
            || self.scopes.contains(text)
            || self.protocol.contains(text)
            || covered()
            || !self
                .semantics
                .expand(&Term::new(text), &self.scopes)
                .is_empty()
    }
}

impl Pseudonyms {
    /// A scope, or its pseudonym where the catalogue does not know it.
    pub fn scope(&self, name: &str) -> String {
        if self.words.has(name) {
            name.to_owned()
        } else {
            self.hash("scope", name)
        }
    }

    /// A sentence of a finding: apart from the known names, paths that belong to no operation may hold
    /// anything, and the caller that asked for them may be in no list.
    pub(super) fn finding(&self, sentence: &str) -> String {
        let hidden = |word: &str| {
            let bare = word.trim_matches(|c: char| "`'\"(),;:.".contains(c));
            // A lone slash names nobody.
            if bare.len() < 2 || !bare.starts_with('/') || self.words.paths.contains(bare) {
                return word.to_owned();
            }
            word.replacen(bare, &self.hash("path", bare), 1)
        };
        let text = self.text(sentence);
        let words: Vec<String> = text.split(' ').map(hidden).collect();
        words.join(" ")
    }

    /// What a finding is about: an operation, a credential, a scope.
    pub fn subject(&self, subject: &str) -> String {
        let text = self.finding(subject);
        // `tokens` and `api-key` are the program's own words; a scope of a former policy
        // is known from nothing but its form.
        let scope = subject.contains([':', '.', '/', '*', '_'])
            && !subject.contains(char::is_whitespace)
            && !subject.starts_with("cred:");
        if text == subject && scope {
            self.scope(subject)
        } else {
            text
        }
    }

    pub(super) fn term(&self, term: &Term) -> Term {
        Term::new(&self.scope(term.as_str()))
    }

    pub(super) fn term_set(&self, terms: &BTreeSet<Term>) -> BTreeSet<Term> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    pub(super) fn term_list(&self, terms: &[Term]) -> Vec<Term> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    /// The id of a request.
    pub(super) fn request(&self, id: &str) -> String {
        self.hash("request", id)
    }

    /// Scopes that sentences may name and the catalogue does not know, with their pseudonyms.
    pub(super) fn unknown_scopes(
        &self,
        view: &View<'_>,
        private: &Private<'_>,
    ) -> BTreeMap<String, String> {
        let entries = view.policy.files.iter().flat_map(|file| &file.entries);
        let held = entries.filter_map(|entry| match &entry.granted {
            Granted::Term(term) => Some(term.as_str()),
            Granted::Role(_) => None,
        });
        let issued = view.analysis.clients.iter();
        let issued = issued.flat_map(|client| &client.demand.tokens.scopes);
        let excepted = private
            .exceptions
            .iter()
            .map(|exception| exception.term.as_str());
        let operations = &view.catalog.operations;
        let is_operation = |pattern: &str| {
            let named = |label: &str| ScopeMatch::Glob.covers(pattern, label);
            let mut operations = operations.iter();
            operations.any(|operation| {
                named(&operation.label()) || operation.tags.iter().any(|tag| tag == pattern)
            })
        };
        let patterns = private.patterns.iter().copied();
        let patterns = patterns.filter(|pattern| !is_operation(pattern));
        let implied = private.semantics.implies.iter();
        let implied = implied.flat_map(|(scope, scopes)| scopes.iter().chain([scope]));
        held.chain(issued.map(|issued| issued.scope.as_str()))
            .chain(excepted)
            .chain(implied.map(Scope::as_str))
            .chain(patterns)
            .map(|scope| (scope.to_owned(), self.scope(scope)))
            .filter(|(scope, hidden)| scope != hidden)
            .collect()
    }
}

/// The terms of one client.
pub(super) fn hide(client: &mut ClientAnalysis, key: &Pseudonyms) {
    client.granted = key.term_set(&client.granted);
    client.minimal = key.term_set(&client.minimal);
    client.gap = client.gap.as_ref().map(|text| key.text(text));
    if let Some(advice) = &mut client.suspend {
        advice.term = key.term(&advice.term);
    }
    for found in &mut client.terms {
        found.term = key.term(&found.term);
        found.replace_with = key.term_list(&found.replace_with);
        found.goes_with = key.term_set(&found.goes_with);
    }
    client.terms.sort_by(|a, b| a.term.cmp(&b.term));
    demand(&mut client.demand, key);
}

fn demand(demand: &mut Demand, key: &Pseudonyms) {
    for refused in &mut demand.refused {
        refused.terms = key.term_list(&refused.terms);
        let sample = refused.seen.sample.as_deref();
        refused.seen.sample = sample.map(|id| key.request(id));
    }
    for issued in &mut demand.tokens.scopes {
        issued.scope = key.scope(&issued.scope);
    }
    demand.tokens.scopes.sort_by(|a, b| a.scope.cmp(&b.scope));
    if let Ok(terms) = &mut demand.tokens.never_issued {
        *terms = key.term_list(terms);
    }
}
