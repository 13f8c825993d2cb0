//! F4: credentials that were never replaced.

use crate::finding::credentials::{Key, RESTED, crowded, keys};
use crate::finding::presented::{is_lasting, too_short, without_credential};
use crate::finding::rule::{nist, pci, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::words::plural;
use crate::usage::credentials::CredentialRow;

pub(super) struct OldCredential;

static DOC: Doc = Doc {
    number: "F4",
    id: "old-credential",
    title: "A credential is old and still in use",
    what: "The same key or certificate, or a token with the same id, has been in use for `max_age` days or more, from its first to its last use, and the client uses no newer key or certificate of the same kind.",
    why: "The longer a secret lives, the more copies of it exist: in build logs, laptops, backups.",
    example: "erp-sync: cred:9f2c51b07a31 has been in use for at least 412 days and was never replaced",
    guards: "The log only shows when a credential was first seen: where it was there from the start, the age reads \"at least\". A log that covers no more days than `max_age` cannot tell, and the rule is then not evaluable. Credentials that were not seen in the last `in_use` days are left to F6. Where a newer one is in use alongside the old one, it was replaced and not revoked: that is F5; never both are reported. Clients that show only ids of tokens that change by themselves, or more credentials a day than are kept separate (16), are named as not evaluable.",
    action: "Issue a new credential, move the client, revoke the old one; then repeat on a schedule.",
    fields: &[
        "client",
        "credential id of keys or certificates",
        "more covered days than `max_age`",
    ],
    severity: Severity::Medium,
    thresholds: &[
        Threshold {
            key: "max_age",
            unit: Unit::Days,
            default: 90,
            text: "days after which a credential counts as old",
        },
        Threshold {
            key: "high_age",
            unit: Unit::Days,
            default: 365,
            text: "days after which the finding is high",
        },
        Threshold {
            key: "in_use",
            unit: Unit::Days,
            default: 30,
            text: "days within which it was seen last",
        },
        RESTED,
    ],
    controls: &[nist("IA-5(1)"), pci("8.6.3"), soc2("CC6.1")],
};

impl Rule for OldCredential {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(
        &self,
        context: &Context<'_>,
        settings: &RuleSettings,
    ) -> Result<(), MissingField> {
        let all = context.named_credentials();
        if !all.values().any(|rows| is_told(settings, rows)) {
            return Err(MissingField::new(FIELD));
        }
        too_short(context, (&DOC, settings), "max_age")
    }

    fn unjudged(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Unjudged> {
        let (none, of) = without_credential(context, |rows| is_told(settings, rows));
        let many = crowded(context).into_iter().map(str::to_owned).collect();
        let none = Unjudged::clients(FIELD, none, of);
        let many = Unjudged::clients("no more than 16 credentials a day", many, of);
        none.into_iter().chain(many).collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let to = context.analysis.window.to;
        let start = context.coverage.days.keys().next().copied().unwrap_or(to);
        let many = crowded(context);
        let rested = settings.threshold(&DOC, "rested");
        let mut findings = Vec::new();
        let clients = keys(context).into_iter();
        for (client, keys) in clients.filter(|(client, _)| !many.contains(client)) {
            let replaced = |key: &Key<'_>| {
                let mut others = keys.iter().filter(|key| key.is_lasting());
                others.any(|other| other.is_newer_than(key) && !other.is_given_up(rested))
            };
            for key in &keys {
                let age = key.age();
                if age < settings.days(&DOC, "max_age")
                    || to.0 - key.last.0 > settings.days(&DOC, "in_use")
                    || replaced(key)
                {
                    continue;
                }
                let bound = if key.first <= start.plus(1) {
                    "at least "
                } else {
                    ""
                };
                let requests = key.requests_since(key.first);
                let message = format!(
                    "{:#} has been in use for {bound}{} and was never replaced ({})",
                    key.hash,
                    plural(age, "day"),
                    plural(requests, "request")
                );
                let severity = if age >= settings.days(&DOC, "high_age") {
                    Severity::High
                } else {
                    Severity::Medium
                };
                let (first, last) = key.span();
                findings.push(
                    Finding::new(&DOC, settings, client, key.hash.to_string(), message)
                        .graded(settings, severity)
                        .seen(requests, first, last),
                );
            }
        }
        findings
    }
}

const FIELD: &str =
    "credential id of keys or certificates (the ids of tokens change by themselves)";

/// Whether its age can be known: it stays, or it is a token that stayed.
fn is_told(settings: &RuleSettings, rows: &[&CredentialRow]) -> bool {
    let age = rows
        .last()
        .zip(rows.first())
        .map(|(last, first)| last.day.0 - first.day.0);
    is_lasting(rows) || age.is_some_and(|age| age >= settings.days(&DOC, "max_age"))
}
