//! F5: evidence of rotation.

use crate::finding::credentials::{Key, RESTED, crowded, keys};
use crate::finding::presented::{is_lasting, without_credential};
use crate::finding::rule::{iso, nist, pci};
use crate::finding::{
    Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity, Threshold, Unit, Unjudged,
};
use crate::model::ScopeMatch;
use crate::model::words::{either, plural};

pub(super) struct Rotation;

static DOC: Doc = Doc {
    number: "F5",
    id: "rotation",
    title: "Rotation of credentials",
    what: "A newer key or certificate of a client is in use, and an older one of the same kind still is more than `overlap` days later: the rotation was not finished. Where the older one was given up, that is evidence of a rotation (a note).",
    why: "A rotation in which the old key lives on protects nobody. One that was finished is worth showing to an auditor.",
    example: "erp-sync: cred:9f2c51b07a31 is still in use 63 days after cred:4a0d8c99e1f0 appeared on 2026-08-27 (overlap 7 days)",
    guards: "One finding for each client: its oldest credential that is replaced and not revoked; others are counted in the message. It is medium where that one is `max_age` days old, else low. A credential counts as given up after `rested` covered days without use, if it never rested as long between two uses; before that no rotation is claimed. One is newer only where the log shows that it appeared: it was absent from the start of the log for longer than it rests between two uses. An old credential without a newer one in use is left to F4, and never reported by both. Blue/green deployments keep two credentials on purpose: put such clients, or the old credential, on the rule's `allow` list. Tokens are left out, because they change by themselves. Clients that show only such ids, or more credentials a day than are kept separate (16), are named as not evaluable.",
    action: "Revoke the old credential once nothing uses it.",
    fields: &["client", "credential id of keys or certificates"],
    severity: Severity::Low,
    thresholds: &[
        Threshold {
            key: "overlap",
            unit: Unit::Days,
            default: 7,
            text: "days for which old and new may be used side by side",
        },
        RESTED,
        Threshold {
            key: "max_age",
            unit: Unit::Days,
            default: 90,
            text: "age of the old credential from which the finding is medium",
        },
    ],
    controls: &[nist("IA-5"), iso("A.8.2"), iso("A.5.17"), pci("8.6.3")],
};

const FIELD: &str = "credential id of keys or certificates (tokens change by themselves)";

impl Rule for Rotation {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        let all = context.named_credentials();
        if all.values().any(|rows| is_lasting(rows)) {
            return Ok(());
        }
        Err(MissingField::new(FIELD))
    }

    fn unjudged(&self, context: &Context<'_>, _: &RuleSettings) -> Vec<Unjudged> {
        let (none, of) = without_credential(context, is_lasting);
        let many = crowded(context).into_iter().map(str::to_owned).collect();
        let none = Unjudged::clients(FIELD, none, of);
        let many = Unjudged::clients("no more than 16 credentials a day", many, of);
        none.into_iter().chain(many).collect()
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let many = crowded(context);
        let mut findings = Vec::new();
        let clients = keys(context).into_iter();
        for (client, mut keys) in clients.filter(|(client, _)| !many.contains(client)) {
            keys.retain(Key::is_lasting);
            findings.extend(not_revoked(settings, client, &keys));
            findings.extend(rotated(settings, client, &keys));
        }
        findings
    }
}

/// The oldest credential that is in use although a newer one is.
fn not_revoked(settings: &RuleSettings, client: &str, keys: &[Key<'_>]) -> Option<Finding> {
    let rested = settings.threshold(&DOC, "rested");
    let overlap = settings.days(&DOC, "overlap");
    let in_use = |key: &&Key<'_>| !key.is_given_up(rested);
    let allowed = |subject: &str| {
        let mut patterns = settings.allow.iter();
        patterns.any(|pattern| ScopeMatch::Glob.covers(pattern, subject))
    };
    let mut all = keys.iter().filter(in_use).filter_map(|old| {
        let mut newer = keys.iter().filter(in_use);
        let new = newer.find(|new| new.is_newer_than(old))?;
        let subject = format!("{} still in use", old.hash);
        let side = old.last.0 - new.first.0;
        (side > overlap && !allowed(&subject)).then_some((old, new, side, subject))
    });
    let (old, new, side, subject) = all.next()?;
    let others = match all.count() {
        0 => String::new(),
        rest => format!(
            "; so {} {rest} more that {} replaced",
            either(rest, "is", "are"),
            either(rest, "was", "were")
        ),
    };
    let message = format!(
        "{:#} is still in use {} after {:#} appeared on {} (overlap {}){others}",
        old.hash,
        plural(side, "day"),
        new.hash,
        new.first,
        plural(overlap, "day")
    );
    let severity = if old.age() >= settings.days(&DOC, "max_age") {
        Severity::Medium
    } else {
        Severity::Low
    };
    let since = old.rows.iter().find(|row| row.day >= new.first)?;
    let finding = Finding::new(&DOC, settings, client, subject, message);
    Some(finding.graded(settings, severity).seen(
        old.requests_since(new.first),
        since.facts.first,
        old.span().1,
    ))
}

/// The newest credential, where the one before it was given up.
fn rotated(settings: &RuleSettings, client: &str, keys: &[Key<'_>]) -> Option<Finding> {
    let (new, before) = keys.split_last()?;
    let old = before.iter().rfind(|old| new.is_newer_than(old))?;
    if !old.is_given_up(settings.threshold(&DOC, "rested")) {
        return None;
    }
    let message = format!(
        "rotated on {}: {:#} in place of {:#}, which was last seen on {}",
        new.first, new.hash, old.hash, old.last
    );
    let subject = format!("{} rotated", new.hash);
    let (first, last) = new.span();
    let finding = Finding::new(&DOC, settings, client, subject, message);
    let finding = finding.graded(settings, Severity::Note);
    Some(finding.seen(new.requests_since(new.first), first, last))
}
