//! F21: a switch that makes every other grant meaningless.

use std::collections::BTreeSet;

use crate::finding::rule::{nist, pci, soc2};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::Granted;

pub(super) struct MeaninglessGrants;

static DOC: Doc = Doc {
    number: "F21",
    id: "meaningless-grants",
    title: "A switch makes the other grants meaningless",
    what: "A client holds a term that stands for everything: `*`, `*:*`, `fullScopeAllowed` and the like, or one that by the enforcer's rule opens the whole API.",
    why: "All other lines of this client are decoration, and no removal among them changes what it can do.",
    example: "legacy-cron: `*` stands for everything; its 14 other grants mean nothing",
    guards: "Where the scope rule is `exact`, `*` opens nothing here, but many enforcers read it as everything: it is reported all the same, and the message says so.",
    action: "Replace it by the scopes that the client needs; `clients[].minimal` of the report lists them.",
    fields: &["policy file"],
    severity: Severity::Critical,
    thresholds: &[],
    controls: &[nist("AC-6"), pci("7.2.2"), soc2("CC6.3")],
};

/// Names that stand for everything in some product: Keycloak's switch, and bare patterns.
const EVERYTHING: [&str; 9] = [
    "*",
    "**",
    "*:*",
    "*.*",
    "*/*",
    "fullscopeallowed",
    "full_scope_allowed",
    "full-scope-allowed",
    "full_access",
];

impl Rule for MeaninglessGrants {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>) -> Result<(), MissingField> {
        let entries = context.policy.files.iter().flat_map(|file| &file.entries);
        if entries
            .filter(|own| matches!(own.granted, Granted::Term(_)))
            .count()
            == 0
        {
            return Err(MissingField::new("grants (the policy files list none)"));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let scopes = context.catalog.required_scopes();
        let all: BTreeSet<usize> = (0..context.catalog.operations.len())
            .filter(|op| context.universe.is_restricted(*op))
            .collect();
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            for term in &client.terms {
                let named = EVERYTHING.contains(&term.term.as_str().to_ascii_lowercase().as_str());
                let opens = context.universe.opens([&term.term]);
                // One plain scope may be all that a small API has; that is no switch.
                let pattern = context.semantics.expand(&term.term, &scopes).len() > 1;
                let whole = pattern && !all.is_empty() && opens == all;
                if !named && !whole {
                    continue;
                }
                let others = client.granted.len() - 1;
                let unclear = if named && opens.is_empty() {
                    " (by the configured scope rule it opens nothing; check what the enforcer makes of it)"
                } else {
                    ""
                };
                let message = format!(
                    "`{}` stands for everything; its {others} other grants mean nothing{unclear}",
                    term.term
                );
                findings.push(
                    Finding::new(
                        &DOC,
                        settings,
                        client.id.as_str(),
                        term.term.as_str(),
                        message,
                    )
                    .at(context.places(term)),
                );
            }
        }
        findings
    }
}
