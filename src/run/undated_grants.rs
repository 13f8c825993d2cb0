//! Grants without a date: which the configuration states to be old, and what would date
//! the others.
//!
//! In: the rules of the configuration, and the analysis. Out: a note for each rule that
//! dated something, a warning for each that did not, and a warning for each policy file
//! whose grants stay at review for want of a date.

use std::collections::BTreeMap;

use crate::analysis::Analysis;
use crate::grants::history::{History, SinceFrom};
use crate::model::words::{either, plural};
use crate::model::{Day, Policy, Reason, Stated, StatedOf, Warning};

/// What is said about ages.
pub(crate) struct Said {
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

/// The rules in their order, then the files.
pub(crate) fn said(
    rules: &[Stated],
    history: &History,
    policy: &Policy,
    analysis: &Analysis,
) -> Said {
    let mut dated = vec![0_u64; rules.len()];
    let mut undated: BTreeMap<usize, u64> = BTreeMap::new();
    for client in &analysis.clients {
        for term in &client.terms {
            let stated = term
                .since
                .filter(|_| term.since_from == Some(SinceFrom::Stated));
            let rule = stated.and_then(|day| history.rule_of(policy, &client.id, &term.vias, day));
            if let Some(count) = rule.and_then(|rule| dated.get_mut(rule)) {
                *count += 1;
            }
            // A shallow clone has advice of its own.
            if term.since_from.is_none()
                && term.reasons.contains(&Reason::GrantAgeUnknown)
                && let Some(via) = term.vias.first()
            {
                *undated.entry(via.file).or_default() += 1;
            }
        }
    }
    let to = analysis.window.to;
    let mut found = Said {
        notes: Vec::new(),
        warnings: Vec::new(),
    };
    for (rule, count) in rules.iter().zip(dated) {
        if count > 0 {
            found.notes.push(note(rule, count));
        } else {
            found.warnings.push(unused(rule, policy, to));
        }
    }
    for (file, count) in undated {
        if let Some(file) = policy.files.get(file) {
            let text = format!(
                "`{}`: {} {} no date, so {} at review; `since:` in the file, --granted-since FILE, a ledger, committing the export to git, or [[granted]] in the configuration would date {}",
                file.path,
                plural(count, "grant"),
                either(count, "has", "have"),
                either(count, "it stays", "they stay"),
                either(count, "it", "them"),
            );
            found.warnings.push(Warning::new("grants-undated", text));
        }
    }
    found
}

fn note(rule: &Stated, count: u64) -> String {
    format!(
        "{} without a date {} as granted before {}, stated in {} for {} ({})",
        plural(count, "grant"),
        either(count, "counts", "count"),
        rule.before,
        rule.place,
        rule.label(),
        rule.reason
    )
}

/// A rule that dates nothing, and why.
fn unused(rule: &Stated, policy: &Policy, to: Day) -> Warning {
    let clients = policy.clients();
    let files = || policy.files.iter();
    let about = match &rule.of {
        StatedOf::File(_) => files().any(|file| rule.fits(&file.path, "")),
        StatedOf::Client(_) => clients.iter().any(|client| rule.fits("", client.as_str())),
    };
    let why = if !about {
        match &rule.of {
            StatedOf::File(_) => "it fits no policy file".to_owned(),
            StatedOf::Client(_) => "no policy file names such a client".to_owned(),
        }
    } else if rule.before > to {
        format!(
            "{} is after the last day that is looked at, {to}",
            rule.before
        )
    } else {
        "every grant that it is about has another date, or is new in git".to_owned()
    };
    let text = format!(
        "the rule of [[granted]] for {} dates no grant: {why}",
        rule.label()
    );
    Warning::new("granted-unused", text).at(rule.place.clone())
}
