//! What the YAML and JSON formats share: from bytes to a tree, from changes to edits.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::entry_reader::Reading;
use super::list::{Fate, Syntax};
use super::not_editable::{UNWRITABLE, unwritable};
use super::{Change, CommentEffect, Edit, GrantError, Refusal, json, quote};
use crate::input::yaml::{self, Node};
use crate::model::{Place, PolicyFile};

/// The text of a file, its tree, and the rules it follows.
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) root: Node,
    pub(super) syntax: Syntax,
}

/// The bytes as text; the error names the first bad line.
pub(super) fn utf8<'a>(bytes: &'a [u8], shown: &str) -> Result<&'a str, GrantError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let breaks = memchr::memchr_iter(b'\n', before).count();
        let line = u32::try_from(breaks + 1).unwrap_or(u32::MAX);
        GrantError::NotText {
            place: Place {
                file: Arc::from(shown),
                line,
            },
        }
    })
}

/// Which rules a text follows: the name decides, then the first byte.
fn syntax(text: &str, path: &str) -> Syntax {
    let named = |ending: &str| path.to_ascii_lowercase().ends_with(ending);
    if named(".json") {
        return Syntax::Json;
    }
    if named(".yaml") || named(".yml") {
        return Syntax::Yaml;
    }
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if body.starts_with('{') {
        Syntax::Json
    } else {
        Syntax::Yaml
    }
}

pub(super) fn read_tree<'a>(bytes: &'a [u8], shown: &str) -> Result<Tree<'a>, GrantError> {
    let text = utf8(bytes, shown)?;
    let syntax = syntax(text, shown);
    let root = match syntax {
        Syntax::Json => json::parse(text, &Arc::from(shown))?,
        Syntax::Yaml => yaml::parse(text, shown)?,
    };
    Ok(Tree { text, root, syntax })
}

/// The keys at the top of the file; for detection. A text that cannot be read is
/// claimed by its name alone, so that the reader can say what is wrong with it.
pub(super) fn top_keys(bytes: &[u8], path: &str) -> Option<Vec<String>> {
    let Ok(tree) = read_tree(bytes, path) else {
        let lower = path.to_ascii_lowercase();
        let named = [".json", ".yaml", ".yml"]
            .iter()
            .any(|ending| lower.ends_with(ending));
        return named.then(|| vec!["clients".to_owned()]);
    };
    let pairs = tree.root.as_map()?;
    Some(
        pairs
            .iter()
            .filter_map(|(key, _)| key.text().map(ToOwned::to_owned))
            .collect(),
    )
}

/// The edits that make the changes.
pub(super) fn edits(
    file: &PolicyFile,
    changes: &BTreeMap<usize, Change>,
    read: fn(&Arc<[u8]>, &str) -> Result<Reading, GrantError>,
) -> Result<Vec<Edit>, Refusal> {
    let refuse = |entry: usize, reason: &str| {
        let whole = Place {
            file: Arc::clone(&file.path),
            line: 1,
        };
        let place = file
            .entries
            .get(entry)
            .map_or(whole, |entry| entry.place.clone());
        Refusal {
            place,
            reason: reason.to_owned(),
        }
    };
    let reading =
        read(&file.bytes, &file.path).map_err(|error| refuse(usize::MAX, &error.to_string()))?;
    let text =
        utf8(&file.bytes, &file.path).map_err(|error| refuse(usize::MAX, &error.to_string()))?;
    let syntax = syntax(text, &file.path);
    let mut by_list: BTreeMap<usize, Vec<(usize, Fate)>> = BTreeMap::new();
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (&index, change) in changes {
        let known = reading
            .file
            .entries
            .get(index)
            .zip(reading.homes.get(index));
        let Some((entry, home)) = known else {
            return Err(refuse(index, "the file has no such entry"));
        };
        if let Some(reason) = &entry.frozen {
            return Err(refuse(index, reason));
        }
        let fate = match change {
            Change::Remove => Fate::Remove,
            Change::Replace(terms) if terms.is_empty() => {
                return Err(refuse(index, "no term is given to replace it"));
            }
            Change::Replace(terms) if terms.iter().any(|term| unwritable(term.as_str())) => {
                return Err(refuse(index, UNWRITABLE));
            }
            Change::Replace(terms) => {
                let old = &text[entry.span.start..entry.span.end];
                let texts = terms
                    .iter()
                    .map(|term| quote::like(old, term.as_str(), syntax))
                    .collect();
                Fate::Replace(entry.span, texts)
            }
        };
        by_list
            .entry(home.list)
            .or_default()
            .push((home.item, fate));
        first.entry(home.list).or_insert(index);
    }
    let mut edits = Vec::new();
    for (list, mut fates) in by_list {
        fates.sort_by_key(|(item, _)| *item);
        let entry = first.get(&list).copied().unwrap_or(usize::MAX);
        let Some(Some(list)) = reading.lists.get(list) else {
            return Err(refuse(
                entry,
                "its list is written in a way that cannot be edited",
            ));
        };
        edits.extend(
            list.edits(text, &fates)
                .map_err(|reason| refuse(entry, reason))?,
        );
    }
    Ok(edits)
}

/// Which entries cannot be removed without moving or losing a comment.
pub(super) fn comments(reading: &Reading) -> BTreeMap<usize, CommentEffect> {
    let text = std::str::from_utf8(&reading.file.bytes).unwrap_or_default();
    let mut effects = BTreeMap::new();
    if reading.comments.is_empty() {
        return effects;
    }
    for (index, home) in reading.homes.iter().enumerate() {
        let Some(Some(list)) = reading.lists.get(home.list) else {
            continue;
        };
        let above = home.line.checked_sub(1).is_some_and(|line| {
            let comment = reading
                .comments
                .binary_search_by_key(&line, |comment| comment.line);
            comment.is_ok_and(|at| {
                reading
                    .comments
                    .get(at)
                    .is_some_and(|comment| comment.own_line)
            })
        });
        if list.owns_comment(home.item) {
            effects.insert(index, CommentEffect::Lost);
        } else if above && list.own_line(text, home.item).is_some() {
            effects.insert(index, CommentEffect::Reattached);
        }
    }
    effects
}
