//! F21: a switch that makes every other grant meaningless.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::rule::{nist, pci, soc2};
use crate::finding::shared::{needs_grants, terms};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::{Day, Millis, Scope};

pub(super) struct MeaninglessGrants;

static DOC: Doc = Doc {
    number: "F21",
    id: "meaningless-grants",
    title: "A switch makes the other grants meaningless",
    what: "A client holds a term that stands for everything: `*`, `*:*`, `fullScopeAllowed` and the like, or one that by the enforcer's rule opens the whole API. Or its tokens carry scopes that no line grants, as they do when such a switch is on at the identity provider.",
    why: "All other lines of this client are decoration, and no removal among them changes what it can do.",
    example: "legacy-cron: `*` stands for everything; its 14 other grants mean nothing",
    guards: "Where the scope rule is `exact`, `*` opens nothing here, but many enforcers read it as everything: it is reported all the same, and the message says so. In tokens only scopes that some operation asks for count; a grant that the ledger saw may live on in tokens until the record without it.",
    action: "Replace it by the scopes that the client needs; `clients[].minimal` of the report lists them.",
    fields: &["policy file", "scopes of the token (for what is issued)"],
    severity: Severity::Critical,
    thresholds: &[Threshold {
        key: "min_requests",
        unit: Unit::Count,
        default: 5,
        text: "requests with tokens that carry such a scope",
    }],
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
        needs_grants(context)
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let scopes = context.catalog.required_scopes();
        let all: BTreeSet<usize> = (0..context.catalog.operations.len())
            .filter(|op| context.universe.is_restricted(*op))
            .collect();
        let mut findings = terms(context, (&DOC, settings), |client, term| {
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
            Some(format!(
                "`{}` stands for everything; its {others} other grants mean nothing{unclear}",
                term.term
            ))
        });
        findings.extend(beyond(context, settings, &scopes));
        findings
    }
}

/// Clients whose tokens carry what no line grants: what the policy file says is not
/// what is issued.
fn beyond(
    context: &Context<'_>,
    settings: &RuleSettings,
    scopes: &BTreeSet<Scope>,
) -> Vec<Finding> {
    let table = context.credentials;
    let window = context.analysis.window;
    let mut extra: BTreeMap<&str, (BTreeSet<&str>, u64, Millis, Millis)> = BTreeMap::new();
    for ((number, scope), own) in &table.issued {
        let name = table.clients.get(*number as usize);
        let Some(client) = name.and_then(|name| context.client(name)) else {
            continue;
        };
        // A scope that no operation asks for opens nothing.
        let Some(known) = scopes.get(scope.as_str()) else {
            continue;
        };
        let only = BTreeSet::from([known.clone()]);
        let held = |term| !context.semantics.expand(term, &only).is_empty();
        let in_window = own.last >= window.from.start() && own.first < window.to.plus(1).start();
        let withdrawn = context.withdrawn.iter().any(|gone| {
            gone.client == client.id && held(&gone.term) && Day::of(own.last) <= gone.gone
        });
        if client.granted.iter().any(held) || !in_window || withdrawn {
            continue;
        }
        let sum =
            extra
                .entry(client.id.as_str())
                .or_insert((BTreeSet::new(), 0, own.first, own.last));
        sum.0.insert(scope);
        sum.1 = sum.1.max(own.count);
        sum.2 = sum.2.min(own.first);
        sum.3 = sum.3.max(own.last);
    }
    let least = settings.threshold(&DOC, "min_requests");
    let extra = extra
        .into_iter()
        .filter(|(_, (_, requests, ..))| *requests >= least);
    extra
        .map(|(client, (names, requests, first, last))| {
            let shown: Vec<&str> = names.iter().copied().take(5).collect();
            let more = match names.len() - shown.len() {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            let message = format!(
                "its tokens carry {} scopes that no line grants: {}{more}; the policy file does not decide what is issued",
                names.len(),
                shown.join(", ")
            );
            Finding::new(&DOC, settings, client, "tokens", message)
                .graded(settings, Severity::High)
                .seen(requests, first, last)
        })
        .collect()
}
