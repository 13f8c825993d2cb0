//! Normalised events, one by one, for use in any other engine.
//!
//! In: the sources, read by one worker so that rows keep the order of the
//! lines. Out: rows, some at a time. Paths lose their query, credentials are
//! hashed, and nothing else of a line is kept.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::collect::CollectOptions;
use super::credentials;
use super::event_row::EventRow;
use super::worker::TIMES;
use crate::event::mask::MASK;
use crate::event::{path, secret};
use crate::format::{Opened, Scratch, Skip, detect, is_readable};
use crate::input::{Block, BlockSink, Limits, Source, SourceReport, read_once};
use crate::model::Method;
use crate::model::rows::Cell;

/// What reading the events came to.
#[derive(Debug)]
pub struct EventsRead {
    /// How each source could be read.
    pub reports: Vec<SourceReport>,
    /// Events handed over.
    pub rows: u64,
    /// Lines that gave no event, by reason (`Skip::ALL`).
    pub skips: [u64; Skip::ALL.len()],
}

/// Reads every source and hands its events over in the order of the lines, some at a
/// time, until `take` says that it is enough (`false`).
pub fn read_events(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
    take: impl FnMut(Vec<EventRow>) -> bool + Send,
) -> EventsRead {
    let sink = Sink {
        options,
        sources,
        state: Mutex::new(State {
            take,
            rows: 0,
            skips: [0; Skip::ALL.len()],
            more: true,
        }),
    };
    // One worker: the order of rows is then the order of lines.
    let limits = Limits {
        threads: 1,
        ..options.limits.clone()
    };
    let (_, mut reports) = read_once(sources, &limits, &sink, progress);
    for (report, format) in reports.iter_mut().zip(options.formats) {
        report.judge_end(|line| {
            let reader = format.as_ref().map(|opened| &*opened.reader);
            reader.is_none_or(|reader| is_readable(reader, line))
        });
    }
    let state = sink
        .state
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    EventsRead {
        reports,
        rows: state.rows,
        skips: state.skips,
    }
}

struct State<F> {
    take: F,
    rows: u64,
    skips: [u64; Skip::ALL.len()],
    more: bool,
}

struct Sink<'a, F> {
    options: &'a CollectOptions<'a>,
    sources: &'a [Source],
    state: Mutex<State<F>>,
}

impl<F: FnMut(Vec<EventRow>) -> bool + Send> BlockSink for Sink<'_, F> {
    type State = Worker;

    fn begin(&self) -> Self::State {
        Self::State::default()
    }

    fn block(&self, worker: &mut Self::State, block: Block<'_>) {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(Some(opened)) = self.options.formats.get(block.source) else {
            return;
        };
        if !state.more {
            return;
        }
        worker.line.clock.state(self.options.rules.zone);
        opened.reader.begin(block.offset, &mut worker.line);
        let mut rows = Vec::new();
        let mut at = 0_usize;
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = detect::trim(line.strip_suffix(b"\n").unwrap_or(line));
            let read = if text.is_empty() {
                Err(Skip::Blank)
            } else if text.len() > self.options.limits.line {
                Err(Skip::Oversize)
            } else {
                let place = (block.source, block.offset + at as u64);
                self.row((text, place), opened, worker)
            };
            match read {
                Ok(row) => rows.push(row),
                Err(skip) => state.skips[skip as usize] += 1,
            }
            at += line.len();
        }
        state.rows += rows.len() as u64;
        state.more = (state.take)(rows);
    }
}

/// Buffers of the one worker.
#[derive(Default)]
struct Worker {
    line: Scratch,
    path: Vec<u8>,
}

impl<F> Sink<'_, F> {
    fn row(
        &self,
        (line, (source, offset)): (&[u8], (usize, u64)),
        opened: &Opened,
        worker: &mut Worker,
    ) -> Result<EventRow, Skip> {
        worker.line.claims = true;
        let raw = opened.reader.parse(line, &mut worker.line)?;
        if !TIMES.contains(&raw.time) {
            return Err(Skip::TimeOutOfRange);
        }
        let token = raw.claims.token;
        let rules = self.options.rules;
        let method = Method::parse(raw.method);
        let target = path::normalise(raw.target, raw.host, &rules.paths, &mut worker.path);
        let (normal, host) = target.map_or((None, None), |of| (Some(of.path), of.host));
        let matcher = self.options.matcher;
        let found = match &raw.named {
            Some(named) => matcher.find_named(named.operation),
            None => normal
                .and_then(|path| matcher.find_at(host, method, path))
                .or_else(|| matcher.find_template(method, raw.template?)),
        };
        let route = found.and_then(|found| matcher.routes().get(found.route as usize));
        let ignored = route.is_none() && rules.unmatched(&raw, method, normal).is_err();
        let outcome = if ignored {
            "ignored"
        } else {
            rules.outcome(&raw).name()
        };
        let client = raw.client.filter(|_| !raw.anonymous);
        let client = client.map(|name| self.options.identities.resolve(name, raw.client_alt));
        let credential = raw.credential.or(token.credential);
        let kept = |name| self.options.identities.conceal(name);
        let hash = |id| Some(self.options.credentials?.hash(id).to_string());
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let masked = |text| rules.mask.path(&lossy(text)).into_owned();
        let scopes = |list| {
            let kept = secret::scopes(credentials::split(list));
            Cell::list(kept.map(|scope| lossy(scope.unwrap_or(MASK.as_bytes()))))
        };
        let second = |time: i64| Cell::Instant(time.saturating_mul(1_000));
        let code = |status: u16| Cell::Integer(status.into());
        let shown = self.sources.get(source);
        Ok(EventRow {
            cells: [
                Cell::Instant(raw.time),
                shown.map(|source| source.input.shown.to_string()).into(),
                offset.into(),
                opened.format.name().into(),
                raw.request_id.map(secret::masked).map(lossy).into(),
                client.as_deref().map(lossy).into(),
                raw.subject.map(kept).as_deref().map(lossy).into(),
                credential.and_then(hash).into(),
                raw.token_scopes.map_or(Cell::Null, scopes),
                token.issued.map_or(Cell::Null, second),
                token.expires.map_or(Cell::Null, second),
                method.name().into(),
                host.map(|host| masked(host).to_ascii_lowercase()).into(),
                normal.map(masked).into(),
                route.map(|route| route.template.clone()).into(),
                raw.status.map_or(Cell::Null, code),
                raw.upstream_status.map_or(Cell::Null, code),
                outcome.into(),
                raw.client_ip.map(masked).into(),
                raw.user_agent.map(masked).into(),
            ],
        })
    }
}
