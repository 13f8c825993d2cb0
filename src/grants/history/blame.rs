//! `git blame --porcelain` and `--line-porcelain`, and which line is which.

use std::collections::BTreeMap;

use similar::{Algorithm, DiffOp};

use crate::model::{Day, Millis};

/// Where a line comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Object id of the commit.
    pub(super) commit: String,
    /// Name of the file in that commit, from the top of the repository.
    pub(super) file: String,
    authored: Millis,
    committed: Millis,
}

impl Origin {
    /// The later of the author's and the committer's day (UTC): a change cannot have
    /// been in force before either.
    pub(super) fn day(&self) -> Day {
        Day::of(self.authored.max(self.committed))
    }
}

/// The origin of each line of the blamed file, by line number from 1.
///
/// A line whose commit states no time, or is none (all zeros: not committed),
/// has no origin.
pub(super) fn parse(bytes: &[u8]) -> BTreeMap<usize, Origin> {
    let mut known: BTreeMap<String, Origin> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut current: Option<(usize, String)> = None;
    for line in bytes.split(|byte| *byte == b'\n') {
        // The content of the line, whatever it holds, is after a tab.
        if line.first() == Some(&b'\t') {
            if let Some((number, commit)) = current.take()
                && let Some(origin) = known.get(&commit)
                && origin.committed > 0
                && origin.authored > 0
                && commit.bytes().any(|byte| byte != b'0')
            {
                lines.insert(number, origin.clone());
            }
            continue;
        }
        let text = String::from_utf8_lossy(line);
        let (key, value) = text.split_once(' ').unwrap_or((&text, ""));
        match &current {
            None => {
                let id = matches!(key.len(), 40 | 64) && key.bytes().all(|b| b.is_ascii_hexdigit());
                let number = value.split(' ').nth(1).and_then(|text| text.parse().ok());
                if let (true, Some(number)) = (id, number) {
                    let origin = known.entry(key.to_owned()).or_default();
                    key.clone_into(&mut origin.commit);
                    current = Some((number, key.to_owned()));
                }
            }
            Some((_, commit)) => {
                let Some(origin) = known.get_mut(commit) else {
                    continue;
                };
                let time = || {
                    value
                        .parse::<i64>()
                        .ok()
                        .and_then(|seconds| seconds.checked_mul(1000))
                };
                match key {
                    "author-time" => origin.authored = time().unwrap_or(0),
                    "committer-time" => origin.committed = time().unwrap_or(0),
                    "filename" => value.clone_into(&mut origin.file),
                    _ => {}
                }
            }
        }
    }
    lines
}

/// For each line of `now` the line of `then` that it is, both counted from 0;
/// `None` for a line that was added or changed. Line ends do not count.
pub(super) fn align(then: &[u8], now: &[u8]) -> Vec<Option<usize>> {
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .collect()
    };
    let (then, now) = (split(then), split(now));
    let mut lines = vec![None; now.len()];
    for op in similar::capture_diff_slices(Algorithm::Myers, &then, &now) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = op
        {
            for at in 0..len {
                if let Some(line) = lines.get_mut(new_index + at) {
                    *line = Some(old_index + at);
                }
            }
        }
    }
    lines
}
