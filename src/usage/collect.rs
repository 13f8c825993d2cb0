//! The hot path: lines of a block into one worker's counts.
//!
//! Nothing here allocates for a line whose client, day and route were seen before.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::aggregate::{Aggregate, NOBODY, Names};
use super::batch::{Batch, ROWS};
use super::bounded::{Clusters, masked};
use super::counts::{FileCounts, Reject, Tally};
use super::credentials::{Collector, CredentialTable, HashKey, Request};
use super::number::number;
use super::presence::{Marks, Presence};
use super::table::{UNMATCHED, UsageTable, merge};
use crate::catalog::matcher::Matcher;
use crate::event::identity::Identities;
use crate::event::{EventRules, Ignored, path, redact};
use crate::format::{LogFormat, RawRecord, Scratch, Skip};
use crate::input::{Block, BlockSink, Limits, Source, SourceReport, read_once};
use crate::model::{Day, Method, Millis, Outcome};

/// Rejected lines kept as examples.
const REJECTS: usize = 1_000;
/// Bytes of a rejected line that are shown.
const EXCERPT: usize = 200;
/// 2000-01-01 and 2100-01-01: a log does not lie outside.
pub(super) const TIMES: std::ops::Range<Millis> = 946_684_800_000..4_102_444_800_000;

/// How lines are read.
pub struct CollectOptions<'a> {
    /// One format for each source; `None` leaves the source out.
    pub formats: &'a [Option<&'static dyn LogFormat>],
    /// Records to events.
    pub rules: &'a EventRules,
    /// Names in the log to clients.
    pub identities: &'a Identities,
    /// Paths to routes.
    pub matcher: &'a Matcher,
    /// Line limit, threads, bomb guard.
    pub limits: &'a Limits,
    /// Clients outside the policy that are kept apart; the rest is counted as one.
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
        sources: sources.len(),
        // One source alone can be absent only when there is no record at all.
        places: (presence.sources.len() > 1).then_some(places),
    };
    let (workers, reports) = read_once(sources, options.limits, &sink, progress);
    let mut files = vec![FileCounts::default(); sources.len()];
    let mut rejects = Vec::new();
    let mut looser = 0;
    let mut tables = Vec::with_capacity(workers.len());
    let mut credentials = Vec::new();
    let mut marks = Vec::with_capacity(workers.len());
    for worker in workers {
        for (own, other) in files.iter_mut().zip(&worker.tally.files) {
            own.add(other);
        }
        rejects.extend(worker.rejects);
        looser += worker.looser;
        tables.push((worker.names, worker.aggregate, worker.clusters));
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
    let mut usage = merge(
        tables,
        options.identities,
        options.max_clients,
        Arc::from(options.matcher.routes()),
        as_logged,
    );
    let credentials = Collector::merge(credentials, |worker, client| usage.name_in(worker, client));
    presence.add(&marks, |worker, client| usage.name_in(worker, client));
    for clusters in usage.unmatched.values_mut() {
        *clusters = masked(std::mem::take(clusters), &options.rules.mask);
    }
    Collected {
        usage,
        files,
        sources: reports,
        rejects,
        looser,
        credentials,
        presence,
    }
}

struct Sink<'a> {
    options: &'a CollectOptions<'a>,
    sources: usize,
    /// The source of each input, when there are several.
    places: Option<Vec<usize>>,
}

struct Worker {
    scratch: Scratch,
    path: Vec<u8>,
    name: Vec<u8>,
    names: Names,
    batch: Batch,
    aggregate: Aggregate,
    clusters: Clusters,
    tally: Tally,
    rejects: Vec<Reject>,
    looser: u64,
    credentials: Option<Collector>,
    marks: Marks,
    /// Of the block.
    place: Option<usize>,
}

impl BlockSink for Sink<'_> {
    type State = Worker;

    fn begin(&self) -> Worker {
        Worker {
            scratch: Scratch::default(),
            path: Vec::new(),
            name: Vec::new(),
            names: Names::new(self.options.max_clients),
            batch: Batch::default(),
            aggregate: Aggregate::default(),
            clusters: Clusters::new(20_000),
            tally: Tally {
                files: vec![FileCounts::default(); self.sources],
                run: (Day(0), 0),
            },
            rejects: Vec::new(),
            looser: 0,
            credentials: self.options.credentials.map(Collector::new),
            marks: Marks::default(),
            place: None,
        }
    }

    fn block(&self, worker: &mut Worker, block: Block<'_>) {
        let Some(format) = self.options.formats.get(block.source).copied().flatten() else {
            return;
        };
        let places = self.places.as_ref();
        worker.place = places.and_then(|own| own.get(block.source).copied());
        let mut at = 0;
        while at < block.bytes.len() {
            let rest = &block.bytes[at..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            worker.line(self.options, format, &block, &rest[..end], at);
            at += end + 1;
        }
        worker.flush_batch();
        worker.tally.flush(block.source);
        let zoneless = worker.scratch.clock.take_zoneless();
        worker.tally.files[block.source].zoneless += zoneless;
    }
}

impl Worker {
    #[inline]
    fn line(
        &mut self,
        options: &CollectOptions<'_>,
        format: &'static dyn LogFormat,
        block: &Block<'_>,
        line: &[u8],
        at: usize,
    ) {
        // Carriage returns, blank lines, the NUL bytes that a crash leaves in a sparse file,
        // and the mark in front of a file that was appended to another.
        let line = match (line.first(), line.last()) {
            (Some(0 | b' ' | b'\t' | 0xef), _) | (_, Some(b'\r' | 0)) => {
                crate::format::detect::trim(line)
            }
            _ => line,
        };
        if line.is_empty() {
            return;
        }
        self.tally.files[block.source].records += 1;
        if line.len() > options.limits.line {
            self.reject(block, at, Skip::Oversize, line);
            return;
        }
        match format.parse(line, &mut self.scratch) {
            Ok(raw) if TIMES.contains(&raw.time) => {
                let event = Event::new(
                    &raw,
                    options,
                    &mut self.path,
                    &mut self.name,
                    &mut self.names,
                );
                match event {
                    Ok(event) => {
                        if let Some(path) = event.unmatched {
                            let client = (event.client, self.names.hash(event.client));
                            let served = matches!(raw.status, Some(200..=399));
                            let kind = (event.outcome.is_need(), served);
                            self.clusters.add(client, event.method, path, kind);
                        }
                        self.batch.push(
                            raw.time,
                            event.client,
                            event.route,
                            event.outcome,
                            raw.request_id,
                        );
                        if let Some(collector) = &mut self.credentials
                            && event.client != NOBODY
                        {
                            let request = Request {
                                client: event.client,
                                route: event.route,
                                outcome: event.outcome,
                            };
                            collector.add(format, &raw, request);
                        }
                        let file = &mut self.tally.files[block.source];
                        file.counted += 1;
                        self.looser += u64::from(event.looser);
                        file.nobody += u64::from(event.client == NOBODY);
                        self.tally.day(block.source, Day::of(raw.time));
                        if self.batch.len() == ROWS {
                            self.flush_batch();
                        }
                    }
                    Err(ignored) => {
                        self.tally.files[block.source].ignored[ignored as usize] += 1;
                        // An ignored record still shows that the log covers its day.
                        self.tally.day(block.source, Day::of(raw.time));
                    }
                }
            }
            Ok(_) => self.reject(block, at, Skip::TimeOutOfRange, line),
            Err(skip) => self.reject(block, at, skip, line),
        }
    }

    fn flush_batch(&mut self) {
        self.aggregate.consume(&self.batch);
        if let Some(place) = self.place {
            let known = |client| self.names.is_known(client);
            self.marks.add(place, &self.batch.client, known);
        }
        self.batch.clear();
    }

    fn reject(&mut self, block: &Block<'_>, at: usize, reason: Skip, line: &[u8]) {
        self.tally.files[block.source].skips[reason as usize] += 1;
        if !reason.is_reject() {
            return;
        }
        let offset = block.offset + at as u64;
        if self.rejects.len() >= 2 * REJECTS {
            self.rejects.sort();
            self.rejects.truncate(REJECTS);
        }
        // Blocks come in any order: an example only goes when there are enough before it.
        let place = (block.source, offset);
        if self.rejects.len() < REJECTS
            || self
                .rejects
                .get(REJECTS - 1)
                .is_some_and(|last| place < (last.source, last.offset))
        {
            let excerpt = redact::excerpt(line, EXCERPT);
            self.rejects.push(Reject {
                source: block.source,
                offset,
                reason,
                excerpt,
            });
        }
    }
}

/// One event, ready to be counted.
struct Event<'a> {
    client: u32,
    method: Method,
    route: u32,
    outcome: Outcome,
    /// Matched only without regard to case or to a trailing slash.
    looser: bool,
    /// The normalised path, when no route fits.
    unmatched: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    #[inline]
    fn new(
        raw: &RawRecord<'a>,
        options: &CollectOptions<'_>,
        path_buffer: &'a mut Vec<u8>,
        name_buffer: &mut Vec<u8>,
        names: &mut Names,
    ) -> Result<Self, Ignored> {
        let method = Method::parse(raw.method);
        let normal = path::normalise(raw.target, raw.host, &options.rules.paths, path_buffer);
        let by_path = normal
            .as_ref()
            .and_then(|normal| options.matcher.find(method, normal.path));
        let found = by_path.or_else(|| options.matcher.find_template(method, raw.template?));
        let looser = found.is_some_and(|found| found.looser);
        let (route, unmatched) = if let Some(found) = found {
            (found.route, None)
        } else {
            let path = normal.map(|normal| normal.path);
            let path = options.rules.unmatched(raw, method, path)?;
            (UNMATCHED, Some(path))
        };
        let client = match raw.client {
            Some(name) if !raw.anonymous => {
                number(name, raw.client_alt, options.identities, name_buffer, names)
            }
            _ => NOBODY,
        };
        Ok(Self {
            client,
            method,
            route,
            outcome: options.rules.outcome(raw),
            looser,
            unmatched,
        })
    }
}
