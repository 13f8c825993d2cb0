//! F21: a switch that makes every other grant meaningless.

use std::collections::BTreeSet;

use crate::finding::rule::{nist, pci, soc2};
use crate::finding::shared::{needs_grants, terms};
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::words::{either, plural};

pub(super) struct MeaninglessGrants;

static DOC: Doc = Doc {
    number: "F21",
    id: "meaningless-grants",
    title: "A switch makes the other grants meaningless",
    what: "A client holds a term that stands for everything: `*`, `*:*`, `fullScopeAllowed` and the like, or one that by the enforcer's rule opens the whole API. A switch that is on at the identity provider alone shows in the tokens: F22.",
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

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let scopes = context.catalog.required_scopes();
        let all: BTreeSet<usize> = (0..context.catalog.operations.len())
            .filter(|op| context.universe.is_restricted(*op))
            .collect();
        terms(context, (&DOC, settings), |client, term| {
            let named = EVERYTHING.contains(&term.term.as_str().to_ascii_lowercase().as_str());
            let opens = context.universe.opens([&term.term]);
            // One plain scope may be all that a small API has; that is no switch.
            let pattern = context.semantics.expand(&term.term, &scopes).len() > 1;
            let whole = pattern && !all.is_empty() && opens == all;
            if !named && !whole {
                return None;
            }
            let others = client.granted.len() - 1;
            let unclear = if named && opens.is_empty() {
                " (by the configured scope rule it opens nothing; check what the enforcer makes of it)"
            } else {
                ""
            };
            let others = match others {
                0 => "it is the only grant".to_owned(),
                others => format!(
                    "its {} {} nothing",
                    plural(others, "other grant"),
                    either(others, "means", "mean")
                ),
            };
            Some(format!(
                "`{}` stands for everything; {others}{unclear}",
                term.term
            ))
        })
    }
}
