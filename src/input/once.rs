//! The same content is read once, whatever its names and however it is packed.
//!
//! In: opened sources. Out: what `read_all` gives, with a status of its own for
//! a source whose content another one has: `access.log.1` and `access.log.1.gz`.
//!
//! Invariants:
//! * two sources are the same only when the BLAKE3 digests of their whole unpacked
//!   contents are equal; which of them is read does not depend on threads;
//! * nothing is read twice to find that out unless the first 64 KiB are equal, and
//!   never more than a block of it is held.
//!
//! Standard input cannot be read twice, so files that begin like it wait until it
//! was read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::BLOCK;
use super::drive::{BlockSink, SourceReport, SourceStatus, read_some};
use super::limits::Limits;
use super::stream::{Opened, Source, unpack};
use crate::model::ContentDigest;

/// A content: its digest, its length, and the error that ended it early, if any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    digest: ContentDigest,
    bytes: u64,
    fault: Option<String>,
}

/// Reads every content once; otherwise like [`super::read_all`].
pub fn read_once<S: BlockSink>(
    sources: &[Source],
    limits: &Limits,
    sink: &S,
    progress: &AtomicU64,
) -> (Vec<S::State>, Vec<SourceReport>) {
    let Some(contents) = contents(sources, limits) else {
        return read_some(sources, &vec![true; sources.len()], limits, sink, progress);
    };
    let mut first: BTreeMap<&Content, usize> = BTreeMap::new();
    let mut duplicate_of: Vec<Option<usize>> = vec![None; sources.len()];
    for (source, content) in contents.iter().enumerate() {
        if let Some(content) = content {
            let known = *first.entry(content).or_insert(source);
            duplicate_of[source] = Some(known).filter(|known| *known != source);
        }
    }
    let is_stdin = |source: &Source| matches!(source.opened, Opened::Stdin(_));
    let stdin = sources.iter().position(is_stdin);
    let waits = |source: usize| {
        stdin.is_some_and(|stdin| source != stdin && same_head(&sources[source], &sources[stdin]))
    };
    let now: Vec<bool> = (0..sources.len())
        .map(|source| duplicate_of[source].is_none() && !waits(source))
        .collect();
    let (mut states, mut reports) = read_some(sources, &now, limits, sink, progress);
    if let Some(stdin) = stdin
        && let Some(digest) = reports[stdin].digest
    {
        for (source, content) in contents.iter().enumerate() {
            let same = content
                .as_ref()
                .is_some_and(|own| own.fault.is_none() && own.digest == digest);
            if same {
                duplicate_of[source] = Some(stdin);
            }
        }
    }
    let later: Vec<bool> = (0..sources.len())
        .map(|source| duplicate_of[source].is_none() && !now[source])
        .collect();
    if later.contains(&true) {
        let (more, second) = read_some(sources, &later, limits, sink, progress);
        states.extend(more);
        for (source, report) in second
            .into_iter()
            .enumerate()
            .filter(|(source, _)| later[*source])
        {
            reports[source] = report;
        }
    }
    for (source, original) in duplicate_of.iter().enumerate() {
        if let (Some(original), Some(content)) = (original, &contents[source]) {
            progress.fetch_add(sources[source].input.size, Ordering::Relaxed);
            reports[source] = SourceReport {
                bytes: content.bytes,
                digest: content.fault.is_none().then_some(content.digest),
                read: Some(content.digest),
                status: SourceStatus::Duplicate(Arc::clone(&sources[*original].input.shown)),
                oversize: 0,
                oversize_at: None,
            };
        }
    }
    (states, reports)
}

fn same_head(one: &Source, two: &Source) -> bool {
    !one.head.is_empty() && one.head == two.head
}

/// The contents of the files that begin alike; `None` when no two sources do.
fn contents(sources: &[Source], limits: &Limits) -> Option<Vec<Option<Content>>> {
    let mut alike: BTreeMap<&[u8], usize> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.refused.is_none()) {
        *alike.entry(&source.head).or_default() += 1;
    }
    let candidate = |source: &Source| {
        source.refused.is_none()
            && !source.head.is_empty()
            && alike
                .get(source.head.as_slice())
                .is_some_and(|count| *count > 1)
    };
    if !sources.iter().any(candidate) {
        return None;
    }
    let read = |source: &Source| candidate(source).then(|| content(source, limits)).flatten();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(limits.threads.max(1))
        .build();
    Some(match pool {
        Ok(pool) => pool.install(|| sources.par_iter().map(read).collect()),
        Err(_) => sources.iter().map(read).collect(),
    })
}

/// Hashes a file's content; `None` for standard input and for what cannot be opened
/// or is too much: such a source is read like any other.
fn content(source: &Source, limits: &Limits) -> Option<Content> {
    if matches!(source.opened, Opened::Stdin(_)) {
        return None;
    }
    let packed = Arc::new(AtomicU64::new(0));
    let file = File::open(source.input.path.as_deref()?).ok()?;
    let mut reader = unpack(Box::new(file), Arc::clone(&packed)).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BLOCK];
    let (mut bytes, mut fault) = (0, None);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                fault = Some(error.to_string());
                break;
            }
        }
        if limits
            .too_much(bytes, packed.load(Ordering::Relaxed))
            .is_some()
        {
            return None;
        }
    }
    Some(Content {
        digest: ContentDigest(*hasher.finalize().as_bytes()),
        bytes,
        fault,
    })
}
