//! The hot path: lines of a block into one worker's counts.
//!
//! Nothing here allocates for a line whose client, day and route were seen before.
//! What is uncertain about a request is handled by [`super::uncertain_requests`], and costs
//! nothing on lines without them.

use super::aggregate::{Aggregate, NOBODY, Names};
use super::batch::{Batch, ROWS};
use super::collect::CollectOptions;
use super::counted_event::{Event, kept};
use super::counts::{Reject, Tally};
use super::credentials::{Collector, Request};
use super::number::number;
use super::presence::Marks;
use super::repeats::{Delivered, Repeats};
use super::uncertain_requests::Templates;
use super::unplaced::Unplaced;
use crate::event::Ignored;
use crate::format::{RawRecord, RecordReader, Scratch, Skip};
use crate::input::{Block, BlockSink};
use crate::model::{Day, Millis, Outcome};

/// Rejected lines kept as examples.
pub(super) const REJECTS: usize = 1_000;
/// 2000-01-01 and 2100-01-01: a log does not lie outside.
pub(super) const TIMES: std::ops::Range<Millis> = 946_684_800_000..4_102_444_800_000;

pub(super) struct Sink<'a> {
    pub(super) options: &'a CollectOptions<'a>,
    /// Clients are named as in the log: the policy plays no part yet.
    pub(super) as_logged: bool,
    /// The name of each source as shown.
    pub(super) names: Vec<&'a str>,
    /// The source of each input, when there are several.
    pub(super) places: Option<Vec<usize>>,
    pub(super) repeats: Repeats,
}

pub(super) struct Worker {
    scratch: Scratch,
    path: Vec<u8>,
    name: Vec<u8>,
    pub(super) names: Names,
    batch: Batch,
    pub(super) aggregate: Aggregate,
    pub(super) unplaced: Unplaced,
    pub(super) tally: Tally,
    pub(super) rejects: Vec<Reject>,
    pub(super) looser: u64,
    pub(super) credentials: Option<Collector>,
    pub(super) marks: Marks,
    pub(super) noise: Vec<u64>,
    pub(super) templates: Templates,
    /// Further routes that the record at hand may have been on.
    also: Vec<u32>,
    /// Of the block.
    place: Option<usize>,
    /// What was counted of the block and may be a repeat.
    delivered: Vec<Delivered>,
}

impl BlockSink for Sink<'_> {
    type State = Worker;

    fn begin(&self) -> Worker {
        let mut scratch = Scratch::asking(self.options.credentials.is_some());
        scratch.clock.state(self.options.rules.zone);
        Worker {
            scratch,
            path: Vec::new(),
            name: Vec::new(),
            names: Names::new(self.options.max_clients),
            batch: Batch::default(),
            aggregate: Aggregate::default(),
            unplaced: Unplaced::default(),
            tally: Tally::new(self.names.len()),
            rejects: Vec::new(),
            looser: 0,
            credentials: self.options.credentials.map(Collector::new),
            marks: Marks::default(),
            noise: vec![0; self.options.uncertain.noise().len()],
            templates: Templates::default(),
            also: Vec::new(),
            place: None,
            delivered: Vec::new(),
        }
    }

    fn block(&self, worker: &mut Worker, block: Block<'_>) {
        let Some(Some(opened)) = self.options.formats.get(block.source) else {
            return;
        };
        let reader = &*opened.reader;
        reader.begin(block.offset, &mut worker.scratch);
        let places = self.places.as_ref();
        worker.place = places.and_then(|numbers| numbers.get(block.source).copied());
        let mut at = 0;
        while at < block.bytes.len() {
            let rest = &block.bytes[at..];
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            worker.line(self, reader, &block, &rest[..end], at);
            at += end + 1;
        }
        worker.flush_batch();
        worker.tally.flush(block.source);
        worker.take_out_repeats(self, &block);
        let file = &mut worker.tally.files[block.source];
        file.zoneless += worker.scratch.take_counts(opened, &mut file.formats);
    }

    fn finished(&self, source: usize, index: usize, last: bool) {
        self.repeats.finished(source, index, last);
    }

    fn beginning(&self, worker: &mut Worker, beginning: Block<'_>) {
        let formats = &self.options.formats;
        if formats.get(beginning.source).is_some_and(Option::is_some) {
            worker.beginning(self, &beginning);
        }
    }
}

impl Worker {
    #[inline]
    fn line(
        &mut self,
        sink: &Sink<'_>,
        reader: &dyn RecordReader,
        block: &Block<'_>,
        line: &[u8],
        at: usize,
    ) {
        let options = sink.options;
        let line = bare(line);
        if line.is_empty() {
            return;
        }
        self.tally.files[block.source].records += 1;
        if line.len() > options.limits.line {
            self.unreadable(sink, block, (at, line), Skip::Oversize);
            return;
        }
        let raw = match reader.parse(line, &mut self.scratch) {
            Ok(raw) if TIMES.contains(&raw.time) => raw,
            Ok(_) => return self.unreadable(sink, block, (at, line), Skip::TimeOutOfRange),
            Err(skip) => return self.unreadable(sink, block, (at, line), skip),
        };
        self.also.clear();
        let event = Event::new(
            &raw,
            options,
            (&mut self.path, &mut self.name),
            (&mut self.names, &mut self.templates, &mut self.also),
        );
        let day = Day::of(raw.time);
        let event = match event {
            Ok(event) => event,
            Err(ignored) => {
                self.tally.files[block.source].ignored[ignored as usize] += 1;
                // An ignored record still shows that the log covers its day.
                let named = raw.client.is_some() && !raw.anonymous;
                self.tally.day(block.source, day, !named);
                if named && ignored != Ignored::Garbage {
                    super::uncertain_requests::aside(
                        (&mut self.names, &mut self.unplaced),
                        &mut self.name,
                        options,
                        &raw,
                    );
                }
                return;
            }
        };
        if !self.noise.is_empty() {
            let known = sink.as_logged || self.names.is_known(event.client);
            let certain = known && event.client != NOBODY && event.unmatched.is_none();
            if !certain
                && super::uncertain_requests::is_noise(
                    (options.uncertain.noise(), &mut self.noise, day),
                    sink.names.get(block.source).copied().unwrap_or_default(),
                    &raw,
                )
            {
                self.tally.files[block.source].ignored[Ignored::Noise as usize] += 1;
                self.tally.day(block.source, day, event.client == NOBODY);
                return;
            }
        }
        if let Some((cause, path)) = event.unmatched {
            let unplaced = super::uncertain_requests::Unmatched {
                client: event.client,
                cause,
                method: event.method,
                path,
                outcome: event.outcome,
            };
            unplaced.count((&self.names, &mut self.unplaced), options, &raw);
        }
        let outcome = kept(&event, raw.status);
        self.batch
            .push(raw.time, event.client, event.route, outcome, raw.request_id);
        if self.also.is_empty() && event.unmatched.is_none() {
            let counted = (event.client, event.route, outcome);
            self.delivered
                .extend(Delivered::of(&raw, counted, event.looser));
        }
        if event.outcome.is_denied() {
            self.also.clear();
        } else {
            let names = (&mut self.names, &mut self.name);
            further_uses(
                &raw,
                &event,
                options,
                names,
                (&mut self.also, &mut self.batch),
            );
        }
        if let Some(collector) = &mut self.credentials {
            credential(collector, &raw, &event, options);
        }
        let nobody = event.client == NOBODY;
        let file = &mut self.tally.files[block.source];
        file.counted += 1;
        self.looser += u64::from(event.looser);
        file.nobody += u64::from(nobody);
        file.success += u64::from(matches!(raw.status, Some(200..=399)));
        self.tally.day(block.source, day, nobody);
        if self.batch.len() >= ROWS {
            self.flush_batch();
        }
    }

    /// Undoes what the repeats of a block added to the counts.
    fn take_out_repeats(&mut self, sink: &Sink<'_>, block: &Block<'_>) {
        let repeats = &sink.repeats;
        repeats.keep_repeats(block.source, block.offset, &mut self.delivered);
        for record in self.delivered.drain(..) {
            self.aggregate.withdraw(record.day, record.key);
            let also = [record.nobody, record.success];
            self.tally.withdraw(block.source, also);
            self.looser -= u64::from(record.looser);
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
}

/// Counts what a named caller presented.
#[inline]
fn credential(
    collector: &mut Collector,
    raw: &RawRecord<'_>,
    event: &Event<'_>,
    options: &CollectOptions<'_>,
) {
    if event.client == NOBODY {
        return;
    }
    let request = Request {
        client: event.client,
        route: event.route,
        outcome: event.outcome,
    };
    collector.add(raw, request, options.matcher.query_keys(event.route));
}

/// What a request that was not refused may have used besides.
#[inline]
fn further_uses(
    raw: &RawRecord<'_>,
    event: &Event<'_>,
    options: &CollectOptions<'_>,
    (names, buffer): (&mut Names, &mut Vec<u8>),
    (also, batch): (&mut Vec<u32>, &mut Batch),
) {
    // Each reading of its path may be what the gateway made of it.
    for route in also.drain(..) {
        batch.push(raw.time, event.client, route, event.outcome, raw.request_id);
    }
    let Some(done) = &raw.named else { return };
    for operation in done.further() {
        if let Some(found) = options.matcher.find_named(operation) {
            batch.push(
                raw.time,
                event.client,
                found.route,
                event.outcome,
                raw.request_id,
            );
        }
    }
    // Who makes a request in another's name, for one, uses the permission to do so.
    for (name, operation) in done.also.into_iter().flatten() {
        if let Some(found) = options.matcher.find_named(operation) {
            let client = number((name, true), None, options.identities, buffer, names);
            batch.push(raw.time, client, found.route, Outcome::Used, raw.request_id);
        }
    }
}

/// A line without carriage returns, whitespace, the NUL bytes that a crash leaves in a sparse
/// file, and the mark in front of a file that was appended to another.
#[inline]
fn bare(line: &[u8]) -> &[u8] {
    match (line.first(), line.last()) {
        (Some(0 | b' ' | b'\t' | 0xef), _) | (_, Some(b'\r' | 0)) => {
            crate::format::detect::trim(line)
        }
        _ => line,
    }
}
