//! What a trimmed policy allows, in a form that every gateway's language can be written from.
//!
//! In: operations, and what each client may do with which of them. Out: a list of rules in the
//! order in which they are tried, the clients of each, and the decision about a request.
//!
//! Invariants:
//! * what no rule allows is refused: an unknown client, a caller without a name, another method,
//!   another spelling of a path;
//! * the first rule that takes a request decides; another case of a literal of that rule is
//!   refused, and never goes on to a rule after it;
//! * [`Model::allows`] is the reference: whatever a target writes allows no request that it
//!   refuses.

mod alphabet;
pub(crate) mod build;
mod pattern;
pub(crate) mod requests;
mod sharing;
#[cfg(test)]
pub(super) mod testing;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use alphabet::Alphabet;
pub(crate) use pattern::{Case, Pattern, Piece, Segment, is_dots};

/// Methods that gateways know; in this order in every output.
pub(crate) const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// All that the policy allows after the removals.
    Granted,
    /// Only what was needed in the window.
    Needed,
}

impl Purpose {
    /// The name used on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Needed => "needed",
        }
    }
}

/// One operation as a gateway sees it, or several that it cannot tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its methods, sorted.
    pub methods: Vec<&'static str>,
    /// Its path.
    pub pattern: Pattern,
    /// How it is called: `GET /v1/orders/{id}`.
    pub label: String,
}

impl Rule {
    /// Whether a request may fit both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let mut methods = self.methods.iter();
        methods.any(|method| other.methods.contains(method))
            && self.pattern.may_share(&other.pattern)
    }
}

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// The first that takes a request decides.
    pub rules: Vec<Rule>,
    /// By name, as the gateway is told it: the rules that allow.
    pub clients: BTreeMap<String, BTreeSet<usize>>,
    /// The rules that allow everybody, also callers without a name.
    pub public: BTreeSet<usize>,
    /// The rules as a list in which the first line that fits decides.
    ///
    /// After those that differ in case alone come the lines that refuse other cases, where a
    /// rule further on could take them.
    pub entries: Vec<Entry>,
    /// How parameters are spelt.
    pub alphabet: Alphabet,
    /// What it was made from: one line each, for the head of a file.
    pub made_from: Vec<String>,
    /// What is left out, one sentence each.
    pub notes: Vec<String>,
}

/// One line of a list in which the first line that fits decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The rule that it is of.
    pub rule: usize,
    /// Whatever fits is refused: it is the rule's path in another case.
    pub refuses: bool,
}

impl Model {
    /// The decision about a request; `path` is what is in front of the query.
    pub(crate) fn allows(&self, client: Option<&str>, method: &str, path: &str) -> bool {
        self.rule(method, path).is_some_and(|rule| {
            let own = client.and_then(|client| self.clients.get(client));
            self.public.contains(&rule) || own.is_some_and(|own| own.contains(&rule))
        })
    }

    /// The rule that decides about a request, where its spelling is the rule's.
    pub(crate) fn rule(&self, method: &str, path: &str) -> Option<usize> {
        let found = self.entries.iter().find(|entry| {
            let rule = &self.rules[entry.rule];
            let case = if entry.refuses {
                Case::Any
            } else {
                Case::Exact
            };
            rule.methods.contains(&method) && rule.pattern.fits(path, &self.alphabet, case)
        })?;
        (!found.refuses).then_some(found.rule)
    }

    /// The lines for these rules.
    fn lines(rules: &[Rule]) -> Vec<Entry> {
        let folded: Vec<Pattern> = rules.iter().map(|rule| rule.pattern.folded()).collect();
        let mut entries = Vec::with_capacity(rules.len());
        let mut at = 0;
        while let Some(first) = folded.get(at) {
            let group = folded[at..]
                .iter()
                .take_while(|other| *other == first)
                .count();
            let own = at..at + group;
            at += group;
            entries.extend(own.clone().map(|rule| Entry {
                rule,
                refuses: false,
            }));
            let hides = |rule: &usize| {
                let rule = &rules[*rule];
                rule.pattern.has_letters() && rules[at..].iter().any(|later| rule.meets(later))
            };
            entries.extend(own.filter(hides).map(|rule| Entry {
                rule,
                refuses: true,
            }));
        }
        entries
    }

    /// The rules before this one that may take a request of it.
    pub(crate) fn before(&self, rule: usize) -> impl Iterator<Item = usize> {
        (0..rule).filter(move |earlier| self.rules[*earlier].meets(&self.rules[rule]))
    }

    /// The regular expression of a rule's whole path, without anchors.
    pub(crate) fn regex(&self, rule: usize) -> String {
        self.rules[rule].pattern.regex(&self.alphabet)
    }

    /// The rules that allow anybody at all.
    pub(crate) fn used(&self) -> BTreeSet<usize> {
        let all = self.clients.values().flatten().chain(&self.public);
        all.copied().collect()
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
