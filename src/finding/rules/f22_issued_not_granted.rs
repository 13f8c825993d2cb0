//! F22: what tokens carry and no line grants.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ClientAnalysis;
use crate::finding::presented::without_scopes;
use crate::finding::rule::{nist, owasp, pci, soc2};
use crate::finding::shared::{named, needs_grants, needs_token_scopes};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::model::{Day, Scope};
use crate::usage::credentials::Issued;

pub(super) struct IssuedNotGranted;

static DOC: Doc = Doc {
    number: "F22",
    id: "issued-not-granted",
    title: "A token carries a scope that no line grants",
    what: "A client's tokens carried a scope of the API that nothing it holds covers; or so many of them that one finding covers all, as happens when a switch like `fullScopeAllowed` is on at the identity provider.",
    why: "The policy file does not decide what is issued. What the report calls closed is open to anyone who holds such a token, and removing a line changes nothing.",
    example: "partner-export: its tokens carry `exports:delete`, which no line grants (31 requests, 2026-09-02 to 2026-10-30)",
    guards: "Only scopes that some operation asks for count: other names open nothing here. A token lives on for a while: a grant that the ledger saw may appear in tokens until the first record without it. At least `min_requests`. Clients whose tokens were never logged with scopes are named as not evaluable. Where the names in tokens are not those of the catalogue, nothing is found, and the aliases of scopes have to be looked at.",
    action: "Find out who issues it: an old client setting, another issuer, or a switch that gives every scope. Take it from the token, or grant it with a reason.",
    fields: &["policy file", "scopes of the token"],
    severity: Severity::High,
    thresholds: &[
        Threshold {
            key: "min_requests",
            unit: Unit::Count,
            default: 5,
            text: "requests with tokens that carry such a scope",
        },
        Threshold {
            key: "many",
            unit: Unit::Count,
            default: 10,
            text: "such scopes of one client above which one finding covers all",
        },
    ],
    controls: &[
        nist("AC-6"),
        nist("AC-3"),
        pci("7.2.2"),
        soc2("CC6.3"),
        owasp("API5"),
    ],
};

impl Rule for IssuedNotGranted {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)?;
        needs_token_scopes(context)
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        without_scopes(context).into_iter().collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let least = settings.threshold(&DOC, "min_requests");
        let many = settings.threshold(&DOC, "many");
        let mut findings = Vec::new();
        for (client, mut surplus) in beyond(context) {
            surplus.retain(|(_, issued)| issued.count >= least);
            if surplus.len() as u64 > many {
                findings.push(all(settings, client, &surplus));
                continue;
            }
            findings.extend(surplus.iter().map(|(scope, issued)| {
                let message = format!(
                    "its tokens carry `{scope}`, which no line grants ({}, {} to {})",
                    plural(issued.count, "request"),
                    Day::of(issued.first),
                    Day::of(issued.last)
                );
                Finding::new(&DOC, settings, client.id.as_str(), *scope, message).seen(
                    issued.count,
                    issued.first,
                    issued.last,
                )
            }));
        }
        findings
    }
}

/// One finding in place of very many.
fn all(settings: &RuleSettings, client: &ClientAnalysis, surplus: &[(&str, Issued)]) -> Finding {
    let scopes: Vec<&str> = surplus.iter().map(|(scope, _)| *scope).collect();
    let message = format!(
        "its tokens carry {} scopes that no line grants: {}; the policy file does not decide what is issued",
        surplus.len(),
        named(&scopes)
    );
    // The same tokens carry these scopes: their requests do not add up.
    let requests = surplus.iter().map(|(_, issued)| issued.count).max();
    let first = surplus.iter().map(|(_, issued)| issued.first).min();
    let last = surplus.iter().map(|(_, issued)| issued.last).max();
    Finding::new(&DOC, settings, client.id.as_str(), "tokens", message)
        .extent(surplus.len())
        .seen(requests.unwrap_or(0), first.unwrap_or(0), last.unwrap_or(0))
}

/// For each client the scopes of its tokens that nothing it holds or held covers, by name.
fn beyond<'a>(context: &Context<'a>) -> Vec<(&'a ClientAnalysis, Vec<(&'a str, Issued)>)> {
    let table = context.credentials;
    let window = context.analysis.window;
    let scopes = context.catalog.required_scopes();
    let mut extra: BTreeMap<&str, Vec<(&str, Issued)>> = BTreeMap::new();
    for ((number, scope), issued) in &table.issued {
        let name = table.clients.get(*number as usize);
        let Some(client) = name.and_then(|name| context.client(name)) else {
            continue;
        };
        // A scope that no operation asks for opens nothing.
        let Some(known) = scopes.get(scope.as_str()) else {
            continue;
        };
        let only = BTreeSet::<Scope>::from([known.clone()]);
        let held = |term| !context.semantics.expand(term, &only).is_empty();
        let in_window =
            issued.last >= window.from.start() && issued.first < window.to.plus(1).start();
        let withdrawn = context.withdrawn.iter().any(|gone| {
            gone.client == client.id && held(&gone.term) && Day::of(issued.last) <= gone.gone
        });
        if in_window && !withdrawn && !client.granted.iter().any(held) {
            let all = extra.entry(client.id.as_str()).or_default();
            all.push((scope.as_str(), *issued));
        }
    }
    let clients = context.analysis.clients.iter();
    clients
        .filter_map(|client| Some((client, extra.remove(client.id.as_str())?)))
        .collect()
}
