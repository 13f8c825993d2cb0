//! Unified diffs that `git apply` takes, and a strict reader for them.
//!
//! In: two strings, or a string and its edits. Out: the diff, with `a/` and `b/` in front of
//! the relative path and three lines of context.
//!
//! Invariants: bytes of content lines are copied as they are, carriage returns
//! included; a missing line break at the end of a file is marked; equal texts give an
//! empty diff.

use std::fmt::Write as _;
use std::ops::Range;

use crate::model::words::git_path;

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// Old lines and the new lines that are in their place, numbered from 0.
pub(super) type Block = (Range<usize>, Range<usize>);

pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The diff for known changes, which are in order and do not overlap.
pub(super) fn write(old: &[&str], new: &[&str], blocks: &[Block], path: &str) -> String {
    let mut diff = String::new();
    if blocks.is_empty() {
        return diff;
    }
    let _ = writeln!(diff, "--- {}", git_path("a/", path));
    let _ = writeln!(diff, "+++ {}", git_path("b/", path));
    let mut rest = blocks;
    while let Some((first, _)) = rest.split_first() {
        let joined = rest
            .windows(2)
            .take_while(|pair| pair[1].0.start - pair[0].0.end <= 2 * CONTEXT)
            .count();
        let (hunk, more) = rest.split_at(joined + 1);
        rest = more;
        let last = &hunk[joined];
        let before = first.0.start.min(CONTEXT);
        let after = (old.len() - last.0.end).min(CONTEXT);
        let old_range = first.0.start - before..last.0.end + after;
        let new_range = first.1.start - before..last.1.end + after;
        let _ = writeln!(
            diff,
            "@@ -{} +{} @@",
            extent(&old_range),
            extent(&new_range)
        );
        let mut at = old_range.start;
        for (gone, come) in hunk {
            old[at..gone.start]
                .iter()
                .for_each(|line| push(&mut diff, ' ', line));
            old[gone.clone()]
                .iter()
                .for_each(|line| push(&mut diff, '-', line));
            new[come.clone()]
                .iter()
                .for_each(|line| push(&mut diff, '+', line));
            at = gone.end;
        }
        old[at..old_range.end]
            .iter()
            .for_each(|line| push(&mut diff, ' ', line));
    }
    diff
}

/// The diff of one file under another path.
pub(crate) fn renamed(diff: &str, path: &str) -> String {
    let mut parts = diff.splitn(3, '\n');
    let (Some(_), Some(_), Some(hunks)) = (parts.next(), parts.next(), parts.next()) else {
        return diff.to_owned();
    };
    let (old, new) = (git_path("a/", path), git_path("b/", path));
    format!("--- {old}\n+++ {new}\n{hunks}")
}

/// `first,count`, counted from 1; an empty range names the line in front of it.
fn extent(range: &Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        count => format!("{},{count}", range.start + 1),
    }
}

fn push(diff: &mut String, sign: char, line: &str) {
    diff.push(sign);
    diff.push_str(line);
    if !line.ends_with('\n') {
        diff.push_str("\n\\ No newline at end of file\n");
    }
}

/// Applies a diff of one file as it is written: every line number and every context line
/// has to fit. `None` when one does not.
///
/// A second pair of eyes on `write`, much stricter than `git apply`.
pub(super) fn apply(old: &str, diff: &str) -> Option<String> {
    let old = lines(old);
    let mut new = String::new();
    let mut at = 0;
    let mut parts = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(header) = parts.next() {
        let (from, to) = header.strip_prefix("@@ -")?.split_once(" +")?;
        let (start, mut left) = numbers(from)?;
        let (_, mut come) = numbers(to.split_once(" @@")?.0)?;
        let start = if left == 0 {
            start
        } else {
            start.checked_sub(1)?
        };
        new.extend(old.get(at..start)?.iter().copied());
        at = start;
        while left + come > 0 {
            let line = parts.next()?;
            let bare = parts.next_if(|next| next.starts_with('\\')).is_some();
            let (sign, text) = line.split_at_checked(1)?;
            let text = if bare { text.strip_suffix('\n')? } else { text };
            if sign != "+" {
                if *old.get(at)? != text {
                    return None;
                }
                at += 1;
                left = left.checked_sub(1)?;
            }
            if sign != "-" {
                new.push_str(text);
                come = come.checked_sub(1)?;
            }
        }
    }
    new.extend(old.get(at..)?.iter().copied());
    Some(new)
}

fn numbers(text: &str) -> Option<(usize, usize)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}
