//! The same content is read once, whatever its names and however it is packed, and so
//! is what several copies of one growing log have in common.
//!
//! In: opened sources. Out: the workers' states and a report for each source, with a status of its own for
//! a source whose content another one has: `access.log.1` and `access.log.1.gz`, or
//! `access.log` and the copy of it that was made an hour before.
//!
//! Invariants:
//! * a source is left out only when its whole unpacked content is proved to be the
//!   content of another or the beginning of it (BLAKE3; of a short one the bytes), and
//!   when that other one was then read as it was hashed; which of them is read does
//!   not depend on threads;
//! * nothing is read twice to find that out unless the first 64 KiB are equal, and
//!   never more than a block of it is held.
//!
//! Standard input cannot be read twice, so files that begin like it wait until it
//! was read. That one of them is only the beginning of the other is then not seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::duplicates::Alike;
use super::limits::Limits;
use super::source_report::{SourceReport, SourceStatus};
use super::stream::{Opened, Source};
use super::worker_pool::{BlockSink, read_some};

/// Reads every content once, and returns the workers' states, in no particular order, and one
/// report for each source, in their order.
///
/// `progress` counts bytes of the inputs as they lie on disk.
pub fn read_once<S: BlockSink>(
    sources: &[Source],
    limits: &Limits,
    sink: &S,
    progress: &AtomicU64,
) -> (Vec<S::State>, Vec<SourceReport>) {
    let Some(mut alike) = Alike::find(sources, limits) else {
        return read_some(sources, &vec![true; sources.len()], limits, sink, progress);
    };
    // Without digests nothing would show that a source was read as it was hashed.
    let limits = &Limits {
        digests: true,
        ..limits.clone()
    };
    let is_stdin = |source: &Source| matches!(source.opened, Opened::Stdin(_));
    let stdin = sources.iter().position(is_stdin);
    let mut done: Vec<bool> = (0..sources.len())
        .map(|source| alike.original_of[source].is_none() && !alike.like_stdin[source])
        .collect();
    let (mut states, mut reports) = read_some(sources, &done, limits, sink, progress);
    if let Some(stdin) = stdin
        && let Some(digest) = reports[stdin].digest
    {
        for (source, content) in alike.contents.iter().enumerate() {
            let same = content
                .as_ref()
                .is_some_and(|content| content.fault.is_none() && content.digest == digest);
            if same {
                alike.original_of[source] = Some(stdin);
            }
        }
    }
    loop {
        alike.forget_changed(sources, &done, &reports);
        let later: Vec<bool> = (0..sources.len())
            .map(|source| alike.original_of[source].is_none() && !done[source])
            .collect();
        if !later.contains(&true) {
            break;
        }
        let (more, second) = read_some(sources, &later, limits, sink, progress);
        states.extend(more);
        for (source, report) in second.into_iter().enumerate() {
            if later[source] {
                reports[source] = report;
                done[source] = true;
            }
        }
    }
    for (source, content) in alike.contents.iter().enumerate() {
        if let (Some(original), Some(content)) = (alike.last(source), content) {
            progress.fetch_add(sources[source].input.size, Ordering::Relaxed);
            reports[source] = SourceReport {
                bytes: content.bytes,
                digest: content.fault.is_none().then_some(content.digest),
                read: Some(content.digest),
                status: SourceStatus::Duplicate(Arc::clone(&sources[original].input.shown)),
                oversize: 0,
                oversize_at: None,
                open_end: None,
            };
        }
    }
    (states, reports)
}

impl Alike {
    /// The source that is read in place of this one, at the end of the chain.
    fn last(&self, source: usize) -> Option<usize> {
        let mut at = self.original_of[source]?;
        while let Some(next) = self.original_of[at] {
            at = next;
        }
        Some(at)
    }

    /// A source that was not read as it was hashed represents only itself.
    fn forget_changed(&mut self, sources: &[Source], done: &[bool], reports: &[SourceReport]) {
        let stands = |source: usize| {
            let report = &reports[source];
            match &self.contents[source] {
                // Where the error comes depends on how much is asked for at a time.
                Some(content) => content.fault.is_some() || report.read == Some(content.digest),
                // Of this one only the head was compared.
                None if matches!(sources[source].opened, Opened::Packed) => {
                    report.bytes >= self.heads[source] as u64
                }
                None => report.status == SourceStatus::Complete,
            }
        };
        let changed = |source: &usize| {
            let original = self.last(*source);
            original.is_some_and(|original| done[original] && !stands(original))
        };
        let changed: Vec<usize> = (0..sources.len()).filter(changed).collect();
        for source in changed {
            self.original_of[source] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::input::{BLOCK, Block, discover, head};
    use crate::model::ContentDigest;

    #[test]
    fn a_source_that_changed_while_it_was_read_represents_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let long = "line\n".repeat(40_000);
        for (name, text) in [("a", &long[..100_000]), ("b", &long), ("c", &long[..10])] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let names = ["a", "b", "c"].map(str::to_owned);
        let sources = head(&discover(&names, Path::new(folder.path())).unwrap(), &[]);
        let find = || Alike::find(&sources, &Limits::default()).unwrap();
        assert_eq!(find().original_of, [Some(1), None, Some(0)]);
        let mut kept = head(&discover(&names, Path::new(folder.path())).unwrap(), &[]);
        kept.iter_mut().for_each(Source::shorten_head);
        assert!(kept.iter().all(|source| source.head.len() <= 512));
        let again = Alike::find(&kept, &Limits::default()).unwrap();
        assert_eq!(again.original_of, find().original_of);
        let report = |digest, status| SourceReport {
            bytes: 200_000,
            digest,
            read: digest,
            status,
            oversize: 0,
            oversize_at: None,
            open_end: None,
        };
        let after = |digest, status| {
            let mut alike = find();
            let reports = vec![report(Some(digest), status); 3];
            alike.forget_changed(&sources, &[false, true, false], &reports);
            alike.original_of
        };
        let digest = ContentDigest::of(long.as_bytes());
        let complete = SourceStatus::Complete;
        assert_eq!(after(digest, complete.clone()), [Some(1), None, Some(0)]);
        let other = ContentDigest::of(b"other");
        assert_eq!(after(other, complete), [None, None, None]);
    }

    /// Writes over the end of the long file as soon as its first block is there.
    struct Meddler {
        long: std::path::PathBuf,
    }

    impl BlockSink for Meddler {
        /// Bytes read of each source.
        type State = [u64; 2];

        fn begin(&self) -> [u64; 2] {
            [0; 2]
        }

        fn block(&self, state: &mut [u64; 2], block: Block<'_>) {
            use std::io::{Seek, SeekFrom, Write};

            if block.source == 1 && block.offset == 0 {
                let mut file = std::fs::File::options()
                    .write(true)
                    .open(&self.long)
                    .unwrap();
                file.seek(SeekFrom::End(-5)).unwrap();
                file.write_all(b"LINE\n").unwrap();
            }
            state[block.source] += block.bytes.len() as u64;
        }
    }

    #[test]
    fn the_beginning_of_a_file_that_changes_while_it_is_read_is_read_itself() {
        let folder = tempfile::tempdir().unwrap();
        // Several blocks: the last is written over before it is read.
        let long = "line\n".repeat(3 * BLOCK / 5);
        for (name, text) in [("a", &long[..500_000]), ("b", &long)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let names = ["a", "b"].map(str::to_owned);
        let sources = head(&discover(&names, folder.path()).unwrap(), &[]);
        let limits = Limits {
            threads: 1,
            ..Limits::default()
        };
        let sink = Meddler {
            long: folder.path().join("b"),
        };
        let (states, reports) = read_once(&sources, &limits, &sink, &AtomicU64::new(0));
        let read = |source: usize| states.iter().map(|bytes| bytes[source]).sum::<u64>();
        assert_eq!(reports[1].status, SourceStatus::Complete);
        assert_ne!(reports[1].read, Some(ContentDigest::of(long.as_bytes())));
        assert_eq!(reports[0].status, SourceStatus::Complete);
        assert_eq!((read(0), read(1)), (500_000, long.len() as u64));
    }
}
