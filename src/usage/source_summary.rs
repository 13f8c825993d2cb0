//! What is known about one input, whether it was read just now or long ago.

use std::sync::Arc;

use super::collect::Collected;
use super::counts::FileCounts;
use crate::event::Ignored;
use crate::format::{Opened, is_readable};
use crate::input::{Source, SourceStatus};
use crate::model::ContentDigest;
use crate::model::words::{either, plural};

/// What became of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    /// Its name as shown.
    pub shown: Arc<str>,
    /// Its log format; `None` when it has no lines.
    pub format: Option<&'static str>,
    /// What became of its records.
    pub counts: FileCounts,
    /// Digest of its whole content; `None` unless it was read to its end.
    pub digest: Option<ContentDigest>,
    /// How far it could be read.
    pub status: SourceStatus,
    /// Unpacked bytes read.
    pub bytes: u64,
}

impl SourceFacts {
    /// The facts of everything that was collected, in the order of the sources.
    pub fn of_all(
        sources: &[Source],
        formats: &[Option<Opened>],
        collected: &Collected,
    ) -> Vec<Self> {
        let all = sources
            .iter()
            .zip(formats)
            .zip(&collected.files)
            .zip(&collected.sources);
        all.map(|(((source, format), counts), report)| {
            let mut report = report.clone();
            report.judge_end(|line| {
                let reader = format.as_ref().map(|opened| &*opened.reader);
                reader.is_none_or(|reader| is_readable(reader, line))
            });
            Self {
                shown: Arc::clone(&source.input.shown),
                format: format.as_ref().map(|opened| opened.format.name()),
                counts: counts.clone(),
                digest: report.digest,
                status: report.status,
                bytes: report.bytes,
            }
        })
        .collect()
    }
}

/// How many records came twice, so that nobody misses them.
pub fn delivered_twice(facts: &[SourceFacts]) -> Option<String> {
    let of = |source: &SourceFacts| source.counts.ignored[Ignored::Repeated as usize];
    let count: u64 = facts.iter().map(of).sum();
    (count > 0).then(|| {
        format!(
            "{} {} delivered twice and {} once (same request id, time, client, request and status)",
            plural(count, "record"),
            either(count, "was", "were"),
            either(count, "counts", "count")
        )
    })
}
