//! Reads every source and merges what the workers counted.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::counts::{FileCounts, Reject};
use super::credentials::{Collector, CredentialTable, HashKey};
use super::merge::merge;
use super::presence::Presence;
use super::repeats::Repeats;
use super::table::UsageTable;
use super::uncertain::Uncertain;
use super::worker::{REJECTS, Sink};
use crate::catalog::matcher::Matcher;
use crate::event::EventRules;
use crate::event::identity::Identities;
use crate::format::{Opened, Skip};
use crate::input::{Limits, Source, SourceReport, read_once};

/// How lines are read.
pub struct CollectOptions<'a> {
    /// One format for each source; `None` leaves the source out.
    pub formats: &'a [Option<Opened>],
    /// Records to events.
    pub rules: &'a EventRules,
    /// Names in the log to clients.
    pub identities: &'a Identities,
    /// Paths to routes.
    pub matcher: &'a Matcher,
    /// What helps to place requests whose client or operation is uncertain.
    pub uncertain: &'a Uncertain,
    /// Line limit, threads, bomb guard.
    pub limits: &'a Limits,
    /// Clients outside the policy that are kept separate; the rest is counted as one.
    pub max_clients: usize,
    /// Also collect credentials, their ids hashed under this key.
    pub credentials: Option<&'a HashKey>,
}

/// Everything that reading the logs gave.
pub struct Collected {
    /// Counts per day, client, route, outcome.
    pub usage: UsageTable,
    /// What became of each source's records.
    pub files: Vec<FileCounts>,
    /// How each source could be read.
    pub sources: Vec<SourceReport>,
    /// Examples of rejected lines, first ones first.
    pub rejects: Vec<Reject>,
    /// Requests that matched only without regard to case or to a trailing slash.
    pub looser: u64,
    /// Credentials and issued scopes; empty unless asked for.
    pub credentials: CredentialTable,
    /// Which clients of the policy appear in which sources.
    pub presence: Presence,
    /// Requests that each rule of [`Uncertain`] took for noise.
    pub noise: Vec<u64>,
}

/// Reads every source and merges what the workers counted.
pub fn collect(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
) -> Collected {
    gather(sources, options, progress, false)
}

/// The same with the clients named as in the log: later aliases still apply.
pub fn collect_as_logged(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
) -> Collected {
    gather(sources, options, progress, true)
}

fn gather(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
    as_logged: bool,
) -> Collected {
    let (mut presence, places) =
        Presence::of(sources.iter().map(|source| source.input.shown.as_ref()));
    let sink = Sink {
        options,
        as_logged,
        names: sources
            .iter()
            .map(|source| source.input.shown.as_ref())
            .collect(),
        // A single source can be absent only when there is no record at all.
        places: (presence.sources.len() > 1).then_some(places),
        repeats: Repeats::new(sources.len(), options.limits.line),
    };
    let (workers, reports) = read_once(sources, options.limits, &sink, progress);
    let mut files = vec![FileCounts::default(); sources.len()];
    let mut rejects = Vec::new();
    let mut looser = 0;
    let mut tables = Vec::with_capacity(workers.len());
    let mut credentials = Vec::new();
    let mut marks = Vec::with_capacity(workers.len());
    let mut noise = vec![0; options.uncertain.noise().len()];
    for worker in workers {
        for (counts, other) in files.iter_mut().zip(&worker.tally.files) {
            counts.add(other);
        }
        rejects.extend(worker.rejects);
        looser += worker.looser;
        noise
            .iter_mut()
            .zip(&worker.noise)
            .for_each(|(total, more)| *total += more);
        tables.push((worker.names, worker.aggregate, worker.unplaced));
        credentials.extend(worker.credentials);
        marks.push(worker.marks);
    }
    for (source, report) in reports.iter().enumerate() {
        files[source].records += report.oversize;
        files[source].skips[Skip::Oversize as usize] += report.oversize;
        if let Some(offset) = report.oversize_at {
            rejects.push(Reject {
                source,
                offset,
                reason: Skip::Oversize,
                excerpt: String::new(),
            });
        }
    }
    rejects.sort();
    rejects.truncate(REJECTS);
    let usage = merge(
        tables,
        options.identities,
        options.max_clients,
        Arc::from(options.matcher.routes()),
        (as_logged, options.uncertain.near(), &options.rules.mask),
    );
    let credentials = Collector::merge(credentials, |worker, client| usage.name_in(worker, client));
    presence.add(&marks, |worker, client| usage.name_in(worker, client));
    Collected {
        usage,
        files,
        sources: reports,
        rejects,
        looser,
        credentials,
        presence,
        noise,
    }
}
