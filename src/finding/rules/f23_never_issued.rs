//! F23: what is granted and appears in no token.

use std::collections::BTreeMap;

use crate::analysis::demand::NotEvaluable;
use crate::finding::presented::showing_tokens;
use crate::finding::rule::{iso, nist};
use crate::finding::shared::needs_grants;
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Unjudged};
use crate::model::Term;
use crate::model::words::{either, first, plural};

pub(super) struct NeverIssued;

/// Scopes that a message names.
const SHOWN: usize = 8;

static DOC: Doc = Doc {
    number: "F23",
    id: "never-issued",
    title: "A granted scope is in no token",
    what: "The tokens of a client were seen with their scopes on enough days, and none of them carried some scope that the client is granted.",
    why: "Nobody can use what is never issued, so the line promises access that does not exist. Either the client never asks for the scope, and the line can go, or the identity provider does not give it, and the policy file is not what is enforced.",
    example: "erp-sync: 3 of its 9 granted scopes are in no token: orders:write, refunds:write, webhooks:write (tokens with scopes on 84 days)",
    guards: "At least 30 days with such tokens since the scope is granted; scopes that open no operation are left out, and so are clients whose tokens use other names than the policy, or were not read whole: those of them that show tokens are named as not evaluable, with the reason. A scope that is asked for once a year is in no token either.",
    action: "Ask the owner which it is; take the line away, or have it issued.",
    fields: &[
        "policy file",
        "scopes of the token, on 30 days of one client",
    ],
    severity: Severity::Low,
    thresholds: &[],
    controls: &[nist("AC-6(7)"), iso("A.5.18")],
};

impl Rule for NeverIssued {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    /// Judged where it is known of one client at least; else the reason that comes
    /// nearest to an answer is named.
    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)?;
        let clients = context.analysis.clients.iter();
        let mut missing = NotEvaluable::NoScopes;
        for client in clients {
            match client.demand.tokens.never_issued {
                Ok(_) => return Ok(()),
                Err(why) if missing == NotEvaluable::NoScopes => missing = why,
                Err(_) => {}
            }
        }
        Err(MissingField::new(match missing {
            NotEvaluable::NoScopes => {
                "scopes of the token (no token of a known client was logged with its scopes)"
                    .to_owned()
            }
            why => format!(
                "scopes of the token, on 30 days of one client ({})",
                why.sentence()
            ),
        }))
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        let clients = showing_tokens(context);
        let of = clients.len();
        let mut why: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in clients.into_keys() {
            let client = context.client(name);
            if let Some(Err(reason)) = client.map(|client| &client.demand.tokens.never_issued) {
                let field = format!("scopes of the token ({})", reason.sentence());
                why.entry(field).or_default().push(name.to_owned());
            }
        }
        let all = why.into_iter();
        all.filter_map(|(field, clients)| Unjudged::clients(&field, clients, of))
            .collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let mut findings = Vec::new();
        for client in &context.analysis.clients {
            let tokens = &client.demand.tokens;
            let Ok(never) = &tokens.never_issued else {
                continue;
            };
            if never.is_empty() {
                continue;
            }
            let names: Vec<&str> = never.iter().map(Term::as_str).collect();
            let message = format!(
                "{} of its {} {} in no token: {} (tokens with scopes on {})",
                never.len(),
                plural(client.granted.len(), "granted scope"),
                either(never.len(), "is", "are"),
                first(&names, SHOWN),
                plural(tokens.days.len(), "day")
            );
            let terms = client
                .terms
                .iter()
                .filter(|term| never.contains(&term.term));
            findings.push(
                Finding::new(&DOC, settings, client.id.as_str(), "tokens", message)
                    .extent(never.len())
                    .at(terms.flat_map(|term| context.places(term))),
            );
        }
        findings
    }
}
