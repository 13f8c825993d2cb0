//! Edits to new bytes, and the lines they touch.

use std::ops::Range;

use crate::grants::Edit;

/// Two edits that want the same bytes, or bytes that are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits touch byte {at}, or it lies outside the file")]
pub(crate) struct Overlap {
    /// The offset.
    pub at: usize,
}

/// The edits in the order of their bytes; overlapping ones are refused.
pub(crate) fn ordered(text: &str, mut edits: Vec<Edit>) -> Result<Vec<Edit>, Overlap> {
    edits.retain(|edit| edit.span.start != edit.span.end || !edit.replacement.is_empty());
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut free = 0;
    for edit in &edits {
        let inside = edit.span.start <= edit.span.end
            && text.is_char_boundary(edit.span.start)
            && text.is_char_boundary(edit.span.end);
        if edit.span.start < free || !inside {
            return Err(Overlap {
                at: edit.span.start,
            });
        }
        free = edit.span.end;
    }
    Ok(edits)
}

/// The text after the edits, which must be ordered.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    applied(text, 0, text.len(), edits)
}

/// Which lines become which, from ordered edits: ranges of line numbers (from 0) in the
/// old and in the new text.
///
/// Known from the edits and not searched for by comparing texts: equal lines elsewhere in
/// the file cannot mislead it, so the diff shows what was planned and nothing else.
pub(super) fn changed_lines(old: &str, edits: &[Edit]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut blocks = Vec::new();
    let (mut next, mut at, mut old_line, mut new_line) = (0, 0, 0, 0);
    while let Some(first) = edits.get(next) {
        let start = line_start(old, first.span.start);
        let unchanged = lines(&old[at..start]);
        old_line += unchanged;
        new_line += unchanged;
        let from = next;
        let mut end = start;
        // The block grows until it ends with whole lines, old and new.
        let new = loop {
            while let Some(edit) = edits.get(next)
                && (edit.span.start < end || next == from || end == old.len())
            {
                if next == from || edit.span.end > end {
                    end = end.max(whole_lines(old, edit.span.start, edit.span.end));
                }
                next += 1;
            }
            let new = applied(old, start, end, &edits[from..next]);
            if new.is_empty() || new.ends_with('\n') || end == old.len() {
                break new;
            }
            end = whole_lines(old, end, end);
        };
        let (skip, gone, come, rest) = trimmed(&old[start..end], &new);
        blocks.push((
            old_line + skip..old_line + skip + gone,
            new_line + skip..new_line + skip + come,
        ));
        old_line += skip + gone + rest;
        new_line += skip + come + rest;
        at = end;
    }
    blocks.retain(|(gone, come)| !(gone.is_empty() && come.is_empty()));
    blocks
}

/// Where the lines end that hold the bytes.
fn whole_lines(text: &str, start: usize, end: usize) -> usize {
    if end > start && text[..end].ends_with('\n') {
        return end;
    }
    text[end..]
        .find('\n')
        .map_or(text.len(), |more| end + more + 1)
}

fn applied(text: &str, start: usize, end: usize, edits: &[Edit]) -> String {
    let mut new = String::new();
    let mut at = start;
    for edit in edits {
        new.push_str(&text[at..edit.span.start]);
        new.push_str(&edit.replacement);
        at = edit.span.end;
    }
    new.push_str(&text[at..end]);
    new
}

/// Equal lines at the start, differing old ones, differing new ones, equal lines at the end.
fn trimmed(old: &str, new: &str) -> (usize, usize, usize, usize) {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let skip = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[skip..], &new[skip..]);
    let rest = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (skip, a.len() - rest, b.len() - rest, rest)
}

fn lines(text: &str) -> usize {
    text.split_inclusive('\n').count()
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}
