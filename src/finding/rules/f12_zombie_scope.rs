//! F12: scopes without an operation, or without a holder.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::rule::{iso, nist};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::words::{either, plural};
use crate::model::{Scope, Term};

pub(super) struct ZombieScope;

static DOC: Doc = Doc {
    number: "F12",
    id: "zombie-scope",
    title: "A scope without an operation or without a holder",
    what: "The API description declares a scope that no operation asks for, or operations ask for a scope that no client holds.",
    why: "Names that mean nothing make every review longer, and one day somebody gives them a meaning that its holders never asked for.",
    example: "`reports:legacy` is declared and opens no operation; 2 clients hold it",
    guards: "A scope that no client of the policy holds is a note; where callers outside the policy use its operations, the message says how many (requests that name no caller count as one). Scopes of the protocol itself (`openid` and the like) are left out. A scope may be ahead of its operations: put planned ones on the `allow` list.",
    action: "Delete the scope, or describe the operation that needs it.",
    fields: &["declared scopes or scopes required by operations"],
    severity: Severity::Low,
    thresholds: &[],
    controls: &[nist("AC-6(7)"), iso("A.5.15")],
};

impl Rule for ZombieScope {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        if context.catalog.declared.is_empty() && context.catalog.required_scopes().is_empty() {
            return Err(MissingField::new(
                "declared or required scopes in the API description",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let required = context.catalog.required_scopes();
        let all: BTreeSet<Scope> = required.union(&context.catalog.declared).cloned().collect();
        let strangers = strangers(context);
        let holders = holders(context, &all);
        let mut findings = Vec::new();
        for scope in &all {
            let protocol = crate::analysis::PROTOCOL_SCOPES.contains(&scope.as_str());
            let holders = holders.get(scope).copied().unwrap_or(0);
            let (severity, text) = if protocol {
                continue;
            } else if !required.contains(scope) {
                let held = format!(
                    "{} {} it",
                    plural(holders, "client"),
                    either(holders, "holds", "hold")
                );
                (
                    Severity::Low,
                    format!("`{scope}` is declared and opens no operation; {held}"),
                )
            } else if holders == 0 {
                let used = strangers.get(scope).map_or(0, BTreeSet::len);
                let text = if used == 0 {
                    format!("`{scope}` is required by operations and held by nobody")
                } else {
                    format!(
                        "`{scope}` is required by operations and held by nobody in the policy; {} outside it {} them",
                        plural(used, "caller"),
                        either(used, "uses", "use")
                    )
                };
                (Severity::Note, text)
            } else {
                continue;
            };
            findings.push(
                Finding::new(&DOC, settings, "", scope.as_str(), text).graded(settings, severity),
            );
        }
        findings
    }
}

/// How many clients hold something that gives each of these scopes.
fn holders(context: &Context<'_>, all: &BTreeSet<Scope>) -> BTreeMap<Scope, usize> {
    // Clients hold the same terms, and what a term gives is the same for each of them.
    let mut gives: BTreeMap<&Term, BTreeSet<Scope>> = BTreeMap::new();
    let mut holders: BTreeMap<Scope, usize> = BTreeMap::new();
    for client in &context.analysis.clients {
        let mut held: BTreeSet<&Scope> = BTreeSet::new();
        for term in &client.granted {
            gives
                .entry(term)
                .or_insert_with(|| context.semantics.expand(term, all));
        }
        held.extend(client.granted.iter().flat_map(|term| &gives[term]));
        for scope in held {
            match holders.get_mut(scope) {
                Some(count) => *count += 1,
                None => drop(holders.insert(scope.clone(), 1)),
            }
        }
    }
    holders
}

/// Callers outside the policy that operations served, by the scopes that these ask for; all
/// requests that name no caller are one.
fn strangers<'a>(context: &Context<'a>) -> BTreeMap<&'a Scope, BTreeSet<&'a str>> {
    let mut all: BTreeMap<&Scope, BTreeSet<&str>> = BTreeMap::new();
    for caller in context.callers().filter(|caller| caller.client.is_none()) {
        for (route, days) in context.used_by(&caller) {
            if days.iter().all(|day| caller.passed(day) == 0) {
                continue;
            }
            for operation in context.operations(route) {
                let requirement = &context.catalog.operations[*operation].requirement;
                if !requirement.is_open() {
                    for scope in requirement.clauses().iter().flatten() {
                        all.entry(scope).or_default().insert(caller.name);
                    }
                }
            }
        }
    }
    all
}
