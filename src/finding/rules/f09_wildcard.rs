//! F9: patterns that open far more than is used.

use std::collections::BTreeSet;

use crate::finding::rule::{nist, pci};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::{either, plural};
use crate::model::{Scope, ScopeMatch, Term};

pub(super) struct Wildcard;

static DOC: Doc = Doc {
    number: "F9",
    id: "wildcard",
    title: "A wildcard opens far more than is used",
    what: "A term that stands for several scopes opens many operations, and the client used a small part of them.",
    why: "A pattern also grants what will be added tomorrow, without anybody's decision.",
    example: "ops-bot: `orders:*` opens 24 operations, 3 of them were used; these scopes would do: orders:read",
    guards: "Patterns over few operations are left alone (`min_operations`). Some patterns are meant for future operations: put them on the `allow` list. What a pattern means is the enforcer's rule (`--match`); where that is `exact` and a term contains `*`, nobody knows, and the rule is not evaluable.",
    action: "Grant the scopes that are used by name.",
    fields: &[
        "scope rule (`--match`)",
        "scopes required by the operations",
    ],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "min_operations",
            unit: Unit::Count,
            default: 10,
            text: "operations that a pattern must open",
        },
        Threshold {
            key: "max_used",
            unit: Unit::Percent,
            default: 20,
            text: "used share of them below which it is reported",
        },
    ],
    controls: &[nist("AC-6"), pci("7.2.2")],
};

impl Rule for Wildcard {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let unclear = context.semantics.matching == ScopeMatch::Exact
            && context
                .analysis
                .clients
                .iter()
                .flat_map(|client| &client.granted)
                .any(|term| term.as_str().contains('*'));
        if unclear {
            return Err(MissingField::new(
                "what `*` in a term opens (`--match`, or `match:` in the policy file)",
            ));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let scopes = context.catalog.required_scopes();
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let used: BTreeSet<usize> = client
                .needed
                .iter()
                .map(|served| served.operation)
                .collect();
            for term in &client.terms {
                let expanded: BTreeSet<Scope> = context.semantics.expand(&term.term, &scopes);
                let opens = context.universe.opens([&term.term]);
                let in_use = opens.intersection(&used).count();
                let wide = expanded.len() > 1
                    && opens.len() as u64 > settings.threshold(&DOC, "min_operations")
                    && ((in_use * 100) as u64)
                        < opens.len() as u64 * settings.threshold(&DOC, "max_used");
                if !wide {
                    continue;
                }
                let would_do: Vec<&str> = expanded
                    .iter()
                    .filter(|scope| {
                        let opened = context.universe.opens([&Term::new(scope.as_str())]);
                        opened.iter().any(|op| used.contains(op))
                    })
                    .map(Scope::as_str)
                    .collect();
                let instead = if would_do.is_empty() {
                    "it can go".to_owned()
                } else {
                    format!(
                        "{} would do: {}",
                        either(would_do.len(), "this scope", "these scopes"),
                        would_do.join(", ")
                    )
                };
                let message = format!(
                    "`{}` stands for {} and opens {}, {in_use} of them {} used; {instead}",
                    term.term,
                    plural(expanded.len(), "scope"),
                    plural(opens.len(), "operation"),
                    either(in_use, "was", "were")
                );
                findings.push(
                    Finding::new(
                        &DOC,
                        settings,
                        client.id.as_str(),
                        term.term.as_str(),
                        message,
                    )
                    .extent(opens.len())
                    .at(context.places(term)),
                );
            }
        }
        findings
    }
}
