//! The part of the proved diff that is one client's.
//!
//! In: the diff of the policy files, and where each client's removals are written. Out:
//! for each client the changed lines of its own, each behind `file:line`.
//!
//! Invariants:
//! * every line stands in the proved diff: nothing is made up;
//! * a line that another client's removal changes is not shown; one that belongs to
//!   nobody by itself (a comment, a bracket) is shown with its neighbours.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Place;

/// Changed lines that stand together.
#[derive(Default)]
struct Block<'d> {
    /// Old line numbers of what is taken away, with the line.
    less: Vec<(u32, &'d str)>,
    /// What is put in its place.
    more: Vec<&'d str>,
}

/// The blocks of a diff by file, in order.
pub(super) struct Blocks<'d> {
    files: BTreeMap<&'d str, Vec<Block<'d>>>,
    /// The block in which a line is taken away.
    at: BTreeMap<(&'d str, u32), usize>,
    /// Which lines are whose.
    owners: BTreeMap<(&'d str, u32), BTreeSet<usize>>,
}

impl<'d> Blocks<'d> {
    /// Reads a unified diff; `places` are those of each client's removals.
    pub(super) fn of(diff: &'d str, places: &'d [Vec<&'d Place>]) -> Self {
        let mut owners: BTreeMap<(&str, u32), BTreeSet<usize>> = BTreeMap::new();
        for (number, own) in places.iter().enumerate() {
            for place in own {
                let key = (&*place.file, place.line);
                owners.entry(key).or_default().insert(number);
            }
        }
        let files = read(diff);
        let mut at = BTreeMap::new();
        for (file, own) in &files {
            for (number, block) in own.iter().enumerate() {
                at.extend(block.less.iter().map(|(line, _)| ((*file, *line), number)));
            }
        }
        Self { files, at, owners }
    }

    /// The lines of one client: `grants.yaml:12` and the change.
    pub(super) fn lines<'p>(&self, number: usize, places: &[&'p Place]) -> Vec<String> {
        let mut lines = Vec::new();
        let block = |place: &'p Place| {
            let file = &*place.file;
            Some((file, *self.at.get(&(file, place.line))?))
        };
        let own: BTreeSet<(&str, usize)> = places.iter().copied().filter_map(block).collect();
        for (file, at) in own {
            let Some(block) = self.files.get(file).and_then(|own| own.get(at)) else {
                continue;
            };
            let own = |line: u32| self.owners.get(&(file, line));
            let mine = |line: u32| own(line).is_some_and(|all| all.contains(&number));
            let whole = !block.more.is_empty();
            for (line, text) in &block.less {
                if whole || own(*line).is_none() || mine(*line) {
                    lines.push(format!("{file}:{line}: {text}"));
                }
            }
            lines.extend(block.more.iter().map(|text| format!("{file}: {text}")));
        }
        lines
    }
}

fn read(diff: &str) -> BTreeMap<&str, Vec<Block<'_>>> {
    let mut files: BTreeMap<&str, Vec<Block<'_>>> = BTreeMap::new();
    let mut file = None;
    let (mut old, mut left, mut added) = (0_u32, 0_u32, 0_u32);
    let mut open = false;
    for line in diff.lines() {
        if left + added == 0 {
            if let Some(path) = line.strip_prefix("--- a/") {
                file = Some(path.trim_end_matches(['\t', '\r']));
            } else if let Some(((from, count), (_, new))) = hunk(line) {
                (old, left, added, open) = (from, count, new, false);
            }
            continue;
        }
        let Some(blocks) = file.map(|file| files.entry(file).or_default()) else {
            continue;
        };
        let changed = matches!(line.as_bytes().first(), Some(b'-' | b'+'));
        if changed && !open {
            blocks.push(Block::default());
        }
        open = changed || (open && line.starts_with('\\'));
        match (line.as_bytes().first(), blocks.last_mut()) {
            (Some(b'-'), Some(block)) => {
                block.less.push((old, line));
                old += 1;
                left = left.saturating_sub(1);
            }
            (Some(b'+'), Some(block)) => {
                block.more.push(line);
                added = added.saturating_sub(1);
            }
            // `\ No newline at end of file` counts as no line.
            (Some(b'\\'), _) => {}
            _ => {
                old += 1;
                left = left.saturating_sub(1);
                added = added.saturating_sub(1);
            }
        }
    }
    files
}

/// First line and number of lines, old and new, of `@@ -3,7 +3,6 @@`.
fn hunk(line: &str) -> Option<((u32, u32), (u32, u32))> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let span = |text: &str| -> Option<(u32, u32)> {
        let (from, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((from.parse().ok()?, count.parse().ok()?))
    };
    Some((span(old)?, span(new)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn places(lines: &[u32]) -> Vec<Place> {
        let place = |line: &u32| Place {
            file: Arc::from("g.csv"),
            line: *line,
        };
        lines.iter().map(place).collect()
    }

    #[test]
    fn each_client_gets_its_own_lines_of_the_proved_diff_and_no_others() {
        let diff = "# reason\n--- a/g.csv\n+++ b/g.csv\n@@ -1,6 +1,3 @@\n client,scope\n-a,one\n-b,two\n a,three\n-a,four\n b,five\n@@ -20,2 +17,2 @@\n x\n-b: [six, seven]\n+b: [seven]\n";
        let own = [places(&[2, 5]), places(&[3, 21]), places(&[4])];
        let own = own.each_ref().map(|own| own.iter().collect::<Vec<_>>());
        let blocks = Blocks::of(diff, &own);
        assert_eq!(
            blocks.lines(0, &own[0]),
            ["g.csv:2: -a,one", "g.csv:5: -a,four"]
        );
        assert_eq!(
            blocks.lines(1, &own[1]),
            [
                "g.csv:3: -b,two",
                "g.csv:21: -b: [six, seven]",
                "g.csv: +b: [seven]"
            ]
        );
        assert_eq!(blocks.lines(2, &own[2]), [""; 0], "line 4 stays");
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_is_no_header() {
        let diff = "--- a/g.csv\n+++ b/g.csv\n@@ -1,2 +1 @@\n--- a/other\n x\n";
        let own = places(&[1]);
        let own = [own.iter().collect::<Vec<_>>()];
        let lines = Blocks::of(diff, &own).lines(0, &own[0]);
        assert_eq!(lines, ["g.csv:1: --- a/other"]);
    }
}
