//! What is said about the logs themselves: inputs, notes, missing identities.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

use super::pipeline::LoadedUsage;
use crate::analysis::replay::observed::Outside;
use crate::event::{Ignored, secret};
use crate::format::{Skip, strangers};
use crate::input::{SourceReport, SourceStatus};
use crate::model::words::{either, plural};
use crate::model::{Day, Warning};
use crate::report::InputView;
use crate::usage::{Coverage, SourceFacts};

/// What is missing in the lines themselves, and how to have it logged.
pub(crate) fn missing_in_lines(read: &LoadedUsage) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (source, opened) in read.facts.iter().zip(&read.formats) {
        let file = &source.counts;
        if file.counted > 0 && file.nobody == file.counted {
            let help = opened
                .as_ref()
                .map_or("", |opened| opened.format.identity_help());
            let text = format!("no line of `{}` names a client; {help}", source.shown);
            warnings.push(Warning::new("no-client-in-log", text));
        }
    }
    warnings.extend(passed_over(read));
    warnings.extend(unreadable(read));
    warnings.extend(secrets_as_clients(read));
    warnings.extend(without_zone(read));
    warnings.extend(holes(read));
    if read.collected.usage.clients_capped {
        warnings.push(Warning::new(
            "too-many-clients",
            "more clients than can be kept separate called the API; those outside the policy were counted as one",
        ));
    }
    warnings
}

/// Files among the logs that are no request logs.
fn passed_over(read: &LoadedUsage) -> impl Iterator<Item = Warning> {
    let all = read.facts.iter().zip(&read.formats);
    all.filter_map(|(source, opened)| {
        let kind = &opened.as_ref()?.format;
        (kind.name() == strangers::NAME).then(|| {
            let text = format!(
                "`{}` is passed over with its {}: it looks like {}",
                source.shown,
                plural(source.counts.records, "record"),
                kind.title()
            );
            Warning::new("no-request-log", text)
        })
    })
}

/// Lines that could not be read, however few: one of them may be somebody's only use.
fn unreadable(read: &LoadedUsage) -> Option<Warning> {
    let mut inputs = 0;
    let (mut rejected, mut records) = (0, 0);
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for source in read
        .facts
        .iter()
        .filter(|source| source.counts.rejected() > 0)
    {
        inputs += 1;
        rejected += source.counts.rejected();
        records += source.counts.records;
        for (skip, count) in Skip::ALL.iter().zip(source.counts.skips) {
            if skip.is_reject() && count > 0 {
                *reasons.entry(skip.name()).or_default() += count;
            }
        }
    }
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, n)| format!("{reason} {n}"))
        .collect();
    (rejected > 0).then(|| {
        Warning::new(
            "records-rejected",
            format!(
                "{rejected} of {records} records of {} could not be read ({}): `rejects.ndjson` of --out shows them",
                plural(inputs, "input"),
                reasons.join(", ")
            ),
        )
    })
}

/// Says how to log the client where lines have a secret in place of its name.
fn secrets_as_clients(read: &LoadedUsage) -> Option<Warning> {
    let by_client = read.collected.usage.requests_by_client();
    let concealed = by_client.iter().filter(|own| secret::is_concealed(own.0));
    let (names, requests) = concealed.fold((0_u64, 0), |sum, own| (sum.0 + 1, sum.1 + own.1));
    let help: BTreeSet<String> = read
        .formats
        .iter()
        .flatten()
        .map(|opened| opened.format.identity_help().to_owned())
        .collect();
    let help: Vec<String> = help.into_iter().collect();
    (names > 0).then(|| {
        Warning::new(
            "secret-as-client",
            format!(
                "{requests} requests name their client by something that looks like a token, a key or a password \
                 ({names} different ones, shown as `cred:` and a hash): it is not known whose requests they are, so \
                 they count for no client of the policy. Such a log is itself a secret; make the gateway log the \
                 client's name instead. {}",
                help.join("\n")
            ),
        )
    })
}

/// Logs that begin or end with a hole.
fn holes(read: &LoadedUsage) -> impl Iterator<Item = Warning> {
    let reports = read.collected.sources.iter();
    let tails = reports
        .map(SourceReport::hole_at_end)
        .chain(iter::repeat(0));
    let holes = read.sources.iter().zip(tails).filter_map(|(source, tail)| {
        let (end, bytes) = match source.hole() {
            0 => ("ends", tail),
            hole => ("begins", hole),
        };
        (bytes > 0).then_some((source, end, bytes))
    });
    holes.map(|(source, end, bytes)| {
        let text = format!(
            "`{}` {end} with {}: lines that were there are lost, unless another file of the log has them \
             (`copytruncate` of logrotate leaves such a hole, and a crash does)",
            source.input.shown,
            plural(bytes, "NUL byte"),
        );
        Warning::new("hole-in-log", text)
    })
}

/// Times without a zone, by format.
fn without_zone(read: &LoadedUsage) -> impl Iterator<Item = Warning> {
    let mut formats: BTreeMap<&str, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for source in &read.facts {
        if source.counts.zoneless > 0 {
            let format = formats.entry(source.format.unwrap_or("log")).or_default();
            format.0 += source.counts.zoneless;
            format.1.insert(&source.shown);
        }
    }
    let warnings: Vec<Warning> = formats
        .into_iter()
        .map(|(format, (records, inputs))| {
            let first = inputs.first().copied().unwrap_or_default();
            let more = match inputs.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} other inputs"),
            };
            Warning::new(
                "time-without-zone",
                format!(
                    "{records} records ({format}: `{first}`{more}) carry times without a zone, which are read as UTC: \
                     if the gateway's clock has another zone, requests near midnight count on a neighbouring day. Make it \
                     log the offset (`2026-01-02T12:00:00+02:00`, `02/Jan/2026:12:00:00 +0200`), UTC with a `Z`, or \
                     seconds since 1970; or say which zone it is: `zone = \"+02:00\"` in the configuration, or --zone"
                ),
            )
        })
        .collect();
    warnings.into_iter()
}

/// What the reviewer should know about the log itself.
pub(crate) fn notes(looser: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if looser > 0 {
        notes.push(format!(
            "{} matched only without regard to case or to a trailing slash",
            plural(looser, "request")
        ));
    }
    notes
}

/// What became of each input.
pub(crate) fn input_views(facts: &[SourceFacts]) -> Vec<InputView> {
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
            formats: file.formats.clone(),
            bytes: source.bytes,
        }
    });
    all.collect()
}

/// Warnings about records that are dated outside of the data.
pub(crate) fn wrong_clocks(read: &LoadedUsage, share: f64, outside: Outside) -> Vec<Warning> {
    let ahead = ran_ahead(read, share).into_iter();
    ahead.chain(ran_behind(&read.coverage, outside)).collect()
}

/// A warning when the end of the data is not that of the last record.
fn ran_ahead(read: &LoadedUsage, share: f64) -> Option<Warning> {
    let (end, stray) = stray(read, share)?;
    Some(Warning::new(
        "clock-ran-ahead",
        format!(
            "{} {} dated more than a year after all others; taken for a wrong clock, \
             so the data ends on {end} and what was needed then counts there (`--as-of` ends it elsewhere)",
            plural(stray, "record"),
            either(stray, "is", "are")
        ),
    ))
}

/// A warning when records dated before the data begins were found.
fn ran_behind(coverage: &Coverage, outside: Outside) -> Option<Warning> {
    let begins = outside.begins?;
    let before = coverage.days.range(..begins);
    let stray: u64 = before.map(|(_, records)| records).sum();
    Some(Warning::new(
        "clock-ran-behind",
        format!(
            "{} {} dated more than a year before all others; taken for a wrong clock, so the data begins on {begins}, \
             and what was needed then counts on the last day (`--since` with an earlier day takes the dates as they are)",
            plural(stray, "record"),
            either(stray, "is", "are")
        ),
    ))
}

/// The same where every record is shown on the day that the log gives it.
pub(crate) fn ran_ahead_as_logged(read: &LoadedUsage, share: f64) -> Option<String> {
    let (end, stray) = stray(read, share)?;
    Some(format!(
        "{} {} dated more than a year after all others, and shown on the days of the log; \
         `analyze` takes that for a wrong clock, and counts what was needed then on {end}",
        plural(stray, "record"),
        either(stray, "is", "are")
    ))
}

fn stray(read: &LoadedUsage, share: f64) -> Option<(Day, u64)> {
    let found = read.coverage.credible_end(share)?;
    (found.1 > 0).then_some(found)
}
