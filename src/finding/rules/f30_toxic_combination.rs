//! F30: one client holds two rights that belong to two.

use std::collections::BTreeSet;

use crate::analysis::ClientAnalysis;
use crate::finding::rule::{iso, nist, soc2};
use crate::finding::shared::needs_grants;
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Toxic, Unjudged,
};
use crate::model::{Scope, ScopeMatch};

pub(super) struct ToxicCombination;

static DOC: Doc = Doc {
    number: "F30",
    id: "toxic-combination",
    title: "One client holds two rights that belong to two",
    what: "A client holds both scopes of a pair that the configuration names under `[[toxic]]`, through any of its grants; or both halves of a default pair on one resource: `create`, `write`, `request` or `submit` with `approve`, and `create`, `write` or `delete` with `audit`.",
    why: "Who can both ask for a payment and approve it needs no accomplice, and who can change what it is audited by leaves no trace. Duties are separated so that one mistake or one theft is not enough.",
    example: "erp: holds `payments:create` and `payments:approve` (four eyes on payments); both were used",
    guards: "High for pairs of the configuration, low for the default ones, which go by the last word of the scope names and may be meant otherwise: put them on the `allow` list, as `payments:approve payments:create`, in the order of the alphabet. Both sides of a pair may be globs. One scope that fits both sides is not a combination. Used means that the client used an operation that asks for the scope.",
    action: "Give the two rights to two clients; where one of them was never used, take it away.",
    fields: &[
        "policy file",
        "`[[toxic]]` in the configuration, or scopes that fit a default pair",
    ],
    severity: Severity::High,
    thresholds: &[],
    controls: &[nist("AC-5"), iso("A.5.3"), soc2("CC6.3")],
};

/// The last words of scopes of one resource that one client should not hold together.
const DEFAULTS: [(&str, &str); 7] = [
    ("create", "approve"),
    ("write", "approve"),
    ("request", "approve"),
    ("submit", "approve"),
    ("create", "audit"),
    ("write", "audit"),
    ("delete", "audit"),
];

impl Rule for ToxicCombination {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        needs_grants(context)?;
        let scopes = all_scopes(context);
        if settings.toxic.is_empty() && by_default(&scopes).is_empty() {
            return Err(MissingField::new(
                "pairs of scopes that exclude each other (`[[toxic]]` names none, and no two scopes fit a default pair)",
            ));
        }
        Ok(())
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let scopes = all_scopes(context);
        let sides = settings.toxic.iter().flat_map(|pair| [&pair.a, &pair.b]);
        let unknown: BTreeSet<&String> = sides
            .filter(|side| !scopes.iter().any(|scope| fits(side, scope)))
            .collect();
        let said = unknown.into_iter().map(|name| Unjudged {
            missing: format!("a scope that fits `{name}` of `[[toxic]]`"),
            clients: Vec::new(),
        });
        said.collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let scopes = all_scopes(context);
        let defaults = by_default(&scopes);
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let held: BTreeSet<Scope> = client
                .granted
                .iter()
                .flat_map(|term| {
                    let plain = scopes.get(term.as_str()).cloned();
                    context
                        .semantics
                        .expand(term, &scopes)
                        .into_iter()
                        .chain(plain)
                })
                .collect();
            let mut said: BTreeSet<(&Scope, &Scope)> = BTreeSet::new();
            for pair in &settings.toxic {
                let side = |pattern| held.iter().filter(move |scope| fits(pattern, scope));
                for (a, b) in side(&pair.a).flat_map(|a| side(&pair.b).map(move |b| (a, b))) {
                    if a != b && said.insert((a.min(b), a.max(b))) {
                        let toxic = finding(context, settings, client, (a, b), Some(pair));
                        findings.push(toxic);
                    }
                }
            }
            for (a, b) in &defaults {
                if held.contains(*a) && held.contains(*b) && said.insert((a.min(b), a.max(b))) {
                    findings.push(finding(context, settings, client, (a, b), None));
                }
            }
        }
        findings
    }
}

fn finding(
    context: &Context<'_>,
    settings: &RuleSettings,
    client: &ClientAnalysis,
    (a, b): (&Scope, &Scope),
    pair: Option<&Toxic>,
) -> Finding {
    let used = |scope: &Scope| {
        client.needed.iter().any(|served| {
            let requirement = &context.catalog.operations[served.operation].requirement;
            let mut clauses = requirement.clauses().iter();
            served.used > 0 && clauses.any(|clause| clause.contains(scope))
        })
    };
    let how = match (used(a), used(b)) {
        (true, true) => "both were used".to_owned(),
        (false, false) => "neither was used".to_owned(),
        (first, _) => {
            let (was, not) = if first { (a, b) } else { (b, a) };
            format!("`{was}` was used and `{not}` was not")
        }
    };
    let (why, severity) = match pair {
        Some(pair) => (pair.reason.as_str(), Severity::High),
        None => ("a default pair", Severity::Low),
    };
    let message = format!("holds `{a}` and `{b}` ({why}); {how}");
    let both = BTreeSet::from([a.clone(), b.clone()]);
    let gives = client.terms.iter().filter(|term| {
        both.contains(term.term.as_str()) || !context.semantics.expand(&term.term, &both).is_empty()
    });
    let places = gives.flat_map(|term| context.places(term));
    Finding::new(
        &DOC,
        settings,
        client.id.as_str(),
        format!("{} {}", a.min(b), a.max(b)),
        message,
    )
    .graded(settings, severity)
    .at(places)
}

/// Scopes of the API description, and terms of the policy that are not a pattern of them.
fn all_scopes(context: &Context<'_>) -> BTreeSet<Scope> {
    let mut scopes = context.catalog.required_scopes();
    scopes.extend(context.catalog.declared.iter().cloned());
    let clients = context.analysis.clients.iter();
    let terms = clients.flat_map(|client| &client.granted);
    let plain = terms.filter(|term| !term.as_str().contains('*'));
    scopes.extend(plain.map(|term| Scope::new(term.as_str())));
    scopes
}

fn fits(pattern: &str, scope: &Scope) -> bool {
    pattern == scope.as_str() || ScopeMatch::Glob.covers(pattern, scope.as_str())
}

/// Pairs of scopes of one resource whose last words fit a default pair.
fn by_default(scopes: &BTreeSet<Scope>) -> Vec<(&Scope, &Scope)> {
    let split = |scope: &'_ Scope| -> Option<usize> {
        scope
            .as_str()
            .rfind(|letter: char| !letter.is_alphanumeric())
    };
    let mut pairs = Vec::new();
    for a in scopes {
        let Some(at) = split(a) else { continue };
        let (resource, verb) = (&a.as_str()[..=at], &a.as_str()[at + 1..]);
        for (_, other) in DEFAULTS.iter().filter(|pair| pair.0 == verb) {
            if let Some(b) = scopes.get(format!("{resource}{other}").as_str()) {
                pairs.push((a, b));
            }
        }
    }
    pairs
}
