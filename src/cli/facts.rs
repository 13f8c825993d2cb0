//! What is said about the logs themselves: inputs, notes, missing identities.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pipeline::Read;
use super::talk;
use crate::event::Ignored;
use crate::format::{self, Skip};
use crate::input::SourceStatus;
use crate::model::{Day, Warning};
use crate::report::InputView;
use crate::usage::SourceFacts;

/// Says how to log the client where a file names none.
pub(super) fn without_clients(read: &Read) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for source in &read.facts {
        let file = &source.counts;
        if file.counted > 0 && file.nobody == file.counted {
            let help = source
                .format
                .and_then(format::by_name)
                .map(format::LogFormat::identity_help)
                .unwrap_or_default();
            let text = format!("no line of `{}` names a client; {help}", source.shown);
            warnings.push(Warning::new("no-client-in-log", text));
        }
    }
    if read.collected.usage.clients_capped {
        warnings.push(Warning::new(
            "too-many-clients",
            "more clients than can be kept apart called the API; those outside the policy were counted as one",
        ));
    }
    warnings
}

/// What the reviewer should know about the log itself.
pub(super) fn notes(looser: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if looser > 0 {
        notes.push(format!(
            "{looser} requests matched only without regard to case or to a trailing slash"
        ));
    }
    notes
}

/// What became of each input.
pub(super) fn input_views(facts: &[SourceFacts]) -> Vec<InputView> {
    let all = facts.iter().map(|source| {
        let file = &source.counts;
        let mut skipped: BTreeMap<&'static str, u64> = Ignored::ALL
            .iter()
            .zip(file.ignored)
            .filter(|(_, n)| *n > 0)
            .map(|(why, n)| (why.name(), n))
            .collect();
        let other = file.skips[Skip::OtherRecord as usize];
        if other > 0 {
            skipped.insert(Skip::OtherRecord.name(), other);
        }
        let rejected = Skip::ALL
            .iter()
            .zip(file.skips)
            .filter(|(skip, n)| skip.is_reject() && *n > 0)
            .map(|(skip, n)| (skip.name(), n))
            .collect();
        let status = match &source.status {
            SourceStatus::Complete => "checked".to_owned(),
            SourceStatus::Duplicate(of) => format!("duplicate of {of}"),
            SourceStatus::Partial(reason) => format!("partial: {reason}"),
            SourceStatus::Unreadable(reason) => format!("unreadable: {reason}"),
        };
        InputView {
            path: Arc::clone(&source.shown),
            digest: source.digest,
            records: file.records,
            counted: file.counted,
            skipped,
            rejected,
            status,
            format: source.format,
            bytes: source.bytes,
        }
    });
    all.collect()
}

/// A warning when the end of the data is not that of the last record.
pub(super) fn ran_ahead(read: &Read, share: f64) -> Option<Warning> {
    let (end, stray) = stray(read, share)?;
    Some(Warning::new(
        "clock-ran-ahead",
        format!(
            "{stray} records are dated more than a year behind all others; taken for a wrong clock, \
             so the data ends on {end} and what they needed counts there (`--as-of` ends it elsewhere)"
        ),
    ))
}

/// Says it where the warnings of a study are not shown.
pub(super) fn say_ran_ahead(warnings: &[Warning], quiet: bool) {
    for warning in warnings.iter().filter(|own| own.code == "clock-ran-ahead") {
        talk::note(quiet, &warning.message);
    }
}

/// The same where every record is shown on the day that the log gives it.
pub(super) fn ran_ahead_as_logged(read: &Read, share: f64) -> Option<String> {
    let (end, stray) = stray(read, share)?;
    Some(format!(
        "{stray} records are dated more than a year behind all others, and are shown on those days; \
         `analyze` takes them for a wrong clock and counts what they needed on {end}"
    ))
}

fn stray(read: &Read, share: f64) -> Option<(Day, u64)> {
    let found = read.coverage.credible_end(share)?;
    (found.1 > 0).then_some(found)
}
