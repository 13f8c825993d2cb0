//! Which paths were called with success, whatever the catalogue says.
//!
//! In: the sources. Out: methods and paths that no operation fits, with ids replaced by
//! `{}`, and how often each was called by a client that the log names.
//!
//! Invariants:
//! * only what was let through counts, with a status of 200 to 399;
//! * no secret leaves this module: what looks like one is masked;
//! * more than [`MOST`] paths are not kept, which is said: the result is then not whole.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use super::bounded::cluster;
use super::collect::CollectOptions;
use crate::event::path;
use crate::format::{RecordReader, Scratch, Skip, detect};
use crate::input::{Block, BlockSink, Source, SourceReport, read_once};
use crate::model::Method;

/// More different paths than any API has operations.
const MOST: usize = 100_000;

/// What was called with success.
#[derive(Debug, Default)]
pub(crate) struct SeenPaths {
    /// Requests by method and path.
    pub(crate) paths: BTreeMap<(Method, String), u64>,
    /// Requests that were let through and name no client.
    pub(crate) nameless: u64,
    /// Requests for operations that have a name in place of a path.
    pub(crate) named: u64,
    /// Requests whose method or path is not one that an operation can have.
    pub(crate) unreadable: u64,
    /// There are more paths than are kept.
    pub(crate) full: bool,
    /// Lines that gave no event, by reason (`Skip::ALL`).
    pub(crate) skips: [u64; Skip::ALL.len()],
}

/// Reads every source once.
pub(crate) fn seen_paths(
    sources: &[Source],
    options: &CollectOptions<'_>,
    progress: &AtomicU64,
) -> (SeenPaths, Vec<SourceReport>) {
    let (states, reports) = read_once(sources, options.limits, &Sink { options }, progress);
    let mut all = SeenPaths::default();
    for State { seen, .. } in states {
        for (key, count) in seen.paths {
            *all.paths.entry(key).or_default() += count;
        }
        all.nameless += seen.nameless;
        all.named += seen.named;
        all.unreadable += seen.unreadable;
        all.full |= seen.full;
        for (sum, count) in all.skips.iter_mut().zip(seen.skips) {
            *sum += count;
        }
    }
    all.full |= all.paths.len() > MOST;
    (all, reports)
}

struct Sink<'a> {
    options: &'a CollectOptions<'a>,
}

#[derive(Default)]
struct State {
    scratch: Scratch,
    path: Vec<u8>,
    seen: SeenPaths,
}

impl BlockSink for Sink<'_> {
    type State = State;

    fn begin(&self) -> State {
        State::default()
    }

    fn block(&self, state: &mut State, block: Block<'_>) {
        let Some(Some(opened)) = self.options.formats.get(block.source) else {
            return;
        };
        opened.reader.begin(block.offset, &mut state.scratch);
        for line in block.bytes.split(|byte| *byte == b'\n').map(detect::trim) {
            let read = if line.is_empty() {
                continue;
            } else if line.len() > self.options.limits.line {
                Err(Skip::Oversize)
            } else {
                self.line(&*opened.reader, line, state)
            };
            if let Err(skip) = read {
                state.seen.skips[skip as usize] += 1;
            }
        }
    }
}

impl Sink<'_> {
    fn line(&self, reader: &dyn RecordReader, line: &[u8], state: &mut State) -> Result<(), Skip> {
        let raw = reader.parse(line, &mut state.scratch)?;
        let seen = &mut state.seen;
        if raw.named.is_some() {
            seen.named += 1;
            return Ok(());
        }
        let rules = self.options.rules;
        let method = Method::parse(raw.method);
        let normal = path::normalise(raw.target, raw.host, &rules.paths, &mut state.path);
        let normal = normal.map(|normal| normal.path);
        let matcher = self.options.matcher;
        let known = normal.and_then(|path| matcher.find(method, path));
        let served = matches!(raw.status, Some(200..=399));
        if known.is_some() || !served || rules.unmatched(&raw, method, normal).is_err() {
            return Ok(());
        }
        if !rules.outcome(&raw).is_need() {
            let nobody = raw.client.is_none() || raw.anonymous;
            seen.nameless += u64::from(nobody);
            return Ok(());
        }
        let path = normal.filter(|_| !matches!(method, Method::Other | Method::Any));
        let Some(path) = path else {
            seen.unreadable += 1;
            return Ok(());
        };
        let path = String::from_utf8_lossy(&cluster(path)).into_owned();
        let key = (method, rules.mask.path(&path).into_owned());
        if let Some(count) = seen.paths.get_mut(&key) {
            *count += 1;
        } else if seen.paths.len() < MOST {
            seen.paths.insert(key, 1);
        } else {
            seen.full = true;
        }
        Ok(())
    }
}
