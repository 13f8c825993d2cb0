//! F4: credentials that were never replaced.

use std::collections::BTreeMap;

use crate::finding::rule::{nist, pci, soc2};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit,
};
use crate::model::words::plural;
use crate::usage::credentials::Which;

pub(super) struct OldCredential;

static DOC: Doc = Doc {
    number: "F4",
    id: "old-credential",
    title: "A credential is old and still in use",
    what: "The same key, token or certificate has been in use for longer than the limit, and the client used no newer one of the same kind.",
    why: "The longer a secret lives, the more copies of it exist: in build logs, laptops, backups.",
    example: "erp-sync: cred:9f2c51b07a31 has been in use for at least 412 days and was never replaced",
    guards: "The log only shows when a credential was first seen: where it was there from the start, the age reads \"at least\". A log shorter than the limit cannot tell, and the rule is then not evaluable. Credentials that were not seen in the last `in_use` days are the affair of F6. When a client uses more credentials a day than are kept apart, nothing is said.",
    action: "Issue a new credential, move the client, revoke the old one; then repeat on a schedule.",
    fields: &["client", "credential id"],
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
    ],
    controls: &[nist("IA-5(1)"), pci("8.6.3"), soc2("CC6.1")],
};

impl Rule for OldCredential {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        if context.named_credentials().is_empty() {
            return Err(MissingField::new(
                "credential id (key id, jti, certificate serial)",
            ));
        }
        let days = context.covered_days();
        if days < 90 {
            return Err(MissingField::new(format!(
                "90 days of log ({days} covered)"
            )));
        }
        Ok(())
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let to = context.analysis.window.to;
        let start = context.coverage.days.keys().next().copied().unwrap_or(to);
        let mut many: BTreeMap<&str, bool> = BTreeMap::new();
        for (client, row) in context.credential_rows() {
            *many.entry(client).or_default() |= row.credential == Which::Others;
        }
        let all = context.named_credentials();
        let mut findings = Vec::new();
        for ((client, hash), rows) in &all {
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                continue;
            };
            let age = to.0 - first.day.0;
            let newer = all.iter().any(|((other, _), own)| {
                other == client
                    && own[0].day > first.day
                    && own.iter().any(|row| row.kind == first.kind)
            });
            if age < settings.days(&DOC, "max_age")
                || to.0 - last.day.0 > settings.days(&DOC, "in_use")
                || newer
                || many.get(client).copied().unwrap_or(false)
            {
                continue;
            }
            let bound = if first.day <= start.plus(1) {
                "at least "
            } else {
                ""
            };
            let requests: u64 = rows.iter().map(|row| row.facts.count).sum();
            let message = format!(
                "{hash:#} has been in use for {bound}{} and was never replaced ({})",
                plural(age, "day"),
                plural(requests, "request")
            );
            let severity = if age >= settings.days(&DOC, "high_age") {
                Severity::High
            } else {
                Severity::Medium
            };
            findings.push(
                Finding::new(&DOC, settings, client, hash.to_string(), message)
                    .graded(settings, severity)
                    .seen(requests, first.facts.first, last.facts.last),
            );
        }
        findings
    }
}
