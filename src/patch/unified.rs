//! Unified diffs that `git apply` takes, and a strict reader for them.
//!
//! In: two texts, or a text and its edits. Out: the diff, with `a/` and `b/` in front of
//! the relative path and three lines of context.
//!
//! Invariants: bytes of content lines are copied as they are, carriage returns
//! included; a missing line break at the end of a file is marked; equal texts give an
//! empty diff.

use std::fmt::Write as _;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// Old lines and the new lines that are in their place, numbered from 0.
pub(super) type Block = (Range<usize>, Range<usize>);

/// The unified diff from `old` to `new`; swapped, the undo.
pub fn unified(old: &str, new: &str, path: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let blocks: Vec<Block> = capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| (op.old_range(), op.new_range()))
        .collect();
    write(&a, &b, &blocks, path)
}

/// The diff of a file with reasons in front of its section.
///
/// `git apply` skips text in front of a file's header, so the printed diff can carry
/// its evidence and still be applied. Each note becomes one line that starts with `# `.
pub fn annotated<'a>(diff: &str, notes: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    if !diff.is_empty() {
        for note in notes {
            let clean = |c: char| if c.is_control() { ' ' } else { c };
            text.push_str("# ");
            text.extend(note.chars().map(clean));
            text.push('\n');
        }
    }
    text.push_str(diff);
    text
}

pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The diff for known changes, which are in order and do not overlap.
pub(super) fn write(old: &[&str], new: &[&str], blocks: &[Block], path: &str) -> String {
    let mut diff = String::new();
    if blocks.is_empty() {
        return diff;
    }
    let _ = writeln!(diff, "--- {}", quoted("a/", path));
    let _ = writeln!(diff, "+++ {}", quoted("b/", path));
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

/// A path as git writes it: in double quotes with C escapes when it holds a quote, a
/// backslash or a control character, and with a tab after it when it holds a space.
fn quoted(prefix: &str, path: &str) -> String {
    let special = |c: char| c.is_control() || matches!(c, '"' | '\\');
    if !path.contains(special) {
        let tab = if path.contains(' ') { "\t" } else { "" };
        return format!("{prefix}{path}{tab}");
    }
    let mut name = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' | '\\' => name.extend(['\\', c]),
            '\n' => name.push_str("\\n"),
            '\t' => name.push_str("\\t"),
            '\r' => name.push_str("\\r"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(name, "\\{byte:03o}");
                }
            }
            c => name.push(c),
        }
    }
    name.push('"');
    name
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
