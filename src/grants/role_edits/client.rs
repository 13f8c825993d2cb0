//! What one client gets and gives back.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClientChange, RoleEdits, SHARED, insert};
use crate::document::{Node, Value};
use crate::grants::written::{line_break, line_end, line_start};
use crate::grants::{Change, Edit, Refusal, edits};
use crate::model::{ClientName, Entry, Granted, RoleName, Span, Term};

/// One list of a client: its key, what comes into it, and the entries that it has.
struct List<'c> {
    key: &'static str,
    come: Vec<&'c str>,
    entries: Vec<usize>,
}

impl List<'_> {
    /// Whether all of its entries go, and there are some.
    fn is_emptied(&self, gone: &BTreeSet<usize>) -> bool {
        !self.entries.is_empty() && self.entries.iter().all(|at| gone.contains(at))
    }

    /// Whether something is in it afterwards.
    fn is_left(&self, gone: &BTreeSet<usize>) -> bool {
        !self.come.is_empty() || self.entries.iter().any(|at| !gone.contains(at))
    }
}

/// The edits of a client that are collected.
#[derive(Default)]
struct Draft {
    /// Of lists that there are.
    changes: BTreeMap<usize, Change>,
    /// Of everything else.
    edits: Vec<Edit>,
    /// After the colons of lists that are emptied and leave no `[]`.
    no_brackets: Vec<usize>,
    /// The lines of the list move to the right.
    further_in: bool,
}

impl RoleEdits<'_> {
    pub(super) fn changed(
        &self,
        (key, value): (&Node, &Node),
        client: &ClientName,
        change: &ClientChange,
    ) -> Result<Vec<Edit>, Refusal> {
        let own = self.own.get(client).map_or(&[][..], Vec::as_slice);
        let of = |fits: fn(&Entry) -> bool| -> Vec<usize> {
            let fits = |at: &&usize| self.file.entries.get(**at).is_some_and(fits);
            own.iter().filter(fits).copied().collect()
        };
        let lists = [
            List {
                key: "roles",
                come: change.roles.iter().map(RoleName::as_str).collect(),
                entries: of(|entry| matches!(entry.granted, Granted::Role(_))),
            },
            List {
                key: "scopes",
                come: change.terms.iter().map(Term::as_str).collect(),
                entries: of(|entry| matches!(entry.granted, Granted::Term(_)) && !entry.optional),
            },
        ];
        let mut draft = Draft::default();
        let removed = change.gone.iter().map(|at| (*at, Change::Remove));
        draft.changes.extend(removed);
        let made = match &value.value {
            Value::Seq(items) => {
                self.bare_list((key, value), items, (&lists, &change.gone), &mut draft)
            }
            Value::Map(pairs) => self.mapping((value, pairs), (&lists, &change.gone), &mut draft),
            _ => Err("the client has no list to add to".to_owned()),
        };
        made.map_err(|reason| self.refuse(key.line, reason))?;
        let mut all = edits(self.file, &draft.changes)?;
        all.retain(|edit| {
            !(edit.replacement == " []" && draft.no_brackets.contains(&edit.span.start))
        });
        let moved = draft
            .further_in
            .then(|| self.further_in((key, value), &all));
        // A line that comes in front of another stands in front of its blanks, too.
        all.extend(draft.edits);
        all.extend(moved.into_iter().flatten());
        Ok(all)
    }

    fn mapping(
        &self,
        (mapping, pairs): (&Node, &[(Node, Node)]),
        (lists, gone): (&[List<'_>; 2], &BTreeSet<usize>),
        draft: &mut Draft,
    ) -> Result<(), String> {
        if pairs.iter().any(|(key, _)| key.text() == Some("<<")) {
            return Err("a merge key (`<<`) brings in what it holds".to_owned());
        }
        let mut further: Vec<&List<'_>> = Vec::new();
        for (list, other) in [(&lists[0], &lists[1]), (&lists[1], &lists[0])] {
            let at = pairs
                .iter()
                .position(|(key, _)| key.text() == Some(list.key));
            let Some(at) = at else {
                further.extend(Some(list).filter(|list| !list.come.is_empty()));
                continue;
            };
            let (key, node) = &pairs[at];
            if !list.come.is_empty() {
                self.append((key, node), (list, gone), draft)?;
            } else if list.is_emptied(gone) && other.is_left(gone) {
                // What comes is written in its place.
                let missing = pairs.iter().all(|(key, _)| key.text() != Some(other.key));
                let instead = missing.then(|| self.pair(other.key, other.come.iter().copied()));
                if self.emptied((list, mapping, at), instead, draft) && missing {
                    return Ok(());
                }
            }
        }
        let texts: Vec<String> = further
            .iter()
            .map(|list| self.pair(list.key, list.come.iter().copied()))
            .collect();
        if texts.is_empty() {
            return Ok(());
        }
        let (first, _) = pairs.first().ok_or("the client is an empty mapping")?;
        draft.edits.push(if self.is_flow(mapping) {
            self.within_braces(mapping, Some(first), &texts)?
        } else {
            let indent = self.indent(first).ok_or(SHARED)?;
            let lines: Vec<String> = texts.iter().map(|text| format!("{indent}{text}")).collect();
            self.below(self.last_byte(mapping), &lines, Some(indent.len()))?
        });
        Ok(())
    }

    /// Names into a list that is there: in the place of one that goes, behind one that stays, or in
    /// place of all.
    fn append(
        &self,
        (key, node): (&Node, &Node),
        (list, gone): (&List<'_>, &BTreeSet<usize>),
        draft: &mut Draft,
    ) -> Result<(), String> {
        let pair = self.pair(list.key, list.come.iter().copied());
        let brackets = || pair.get(pair.find('[')?..).map(str::to_owned);
        let is_flow = self.is_flow(node);
        let entries = list.entries.iter();
        // What stands beside a name would come with the new ones.
        let going = entries
            .clone()
            .find(|at| gone.contains(at) && !self.stays(**at));
        let behind = |at: &&usize| {
            let commented = is_flow && self.comments.contains_key(at);
            !gone.contains(at) && self.is_bare(**at) && !commented
        };
        if let Some(at) = going.or_else(|| entries.rev().find(behind)) {
            let stays = self.file.entries.get(*at).filter(|_| going.is_none());
            let own = stays.map(|entry| match &entry.granted {
                Granted::Term(term) => term.clone(),
                Granted::Role(role) => Term::new(role.as_str()),
            });
            let come = list.come.iter().map(|name| Term::new(name));
            let all = own.into_iter().chain(come).collect();
            draft.changes.insert(*at, Change::Replace(all));
            return Ok(());
        }
        // A comment behind an item stays behind it where what comes stands in front.
        let first = list.entries.first().filter(|at| !gone.contains(at));
        let first = first.and_then(|at| self.file.entries.get(*at));
        let items = node.as_seq().unwrap_or_default();
        if first.is_some_and(|entry| entry.frozen.is_none()) && is_flow {
            let names: Vec<String> = list.come.iter().map(|name| self.spelt(name)).collect();
            let edit = self.within_braces(node, items.first(), &names)?;
            draft.edits.push(edit);
            return Ok(());
        }
        let nothing_stays = list.entries.iter().all(|at| gone.contains(at));
        let whole = &self.text[node.span.start..node.span.end];
        let edit = match brackets() {
            Some(text) if is_flow && nothing_stays && !whole.contains('#') => {
                for entry in &list.entries {
                    draft.changes.remove(entry);
                }
                Edit::replace(node.span, text)
            }
            Some(_) if !is_flow && list.is_emptied(gone) => {
                let colon = self.colon(key);
                draft.no_brackets.push(colon);
                let span = Span {
                    start: key.span.start,
                    end: colon,
                };
                Edit::replace(span, pair)
            }
            _ => return Err("its list is written in a way that cannot be added to".to_owned()),
        };
        draft.edits.push(edit);
        Ok(())
    }

    /// A list of which nothing is left goes, and another pair may come in its place. Where a comment is
    /// about it, it stays, as `[]`.
    fn emptied(
        &self,
        (list, mapping, at): (&List<'_>, &Node, usize),
        instead: Option<String>,
        draft: &mut Draft,
    ) -> bool {
        let pairs = mapping.as_map().unwrap_or_default();
        let (key, node) = &pairs[at];
        let colon = self.colon(key);
        let whole = Span {
            start: key.span.start,
            end: if self.is_flow(node) {
                node.span.end
            } else {
                colon
            },
        };
        let edit = match instead {
            Some(text) => Some(Edit::replace(whole, text)),
            None if self.is_flow(mapping) => {
                let next = pairs.get(at + 1).map(|(next, _)| next.span.start);
                let before = at.checked_sub(1).map(|before| &pairs[before].1);
                let after = next.map(|next| Edit::delete(whole.start, next));
                after.or_else(|| Some(Edit::delete(before?.span.end, whole.end)))
            }
            None => {
                let end = line_end(self.text, whole.end);
                let end = end + line_break(self.text, end).len();
                let start = self
                    .indent(key)
                    .map(|_| line_start(self.text, key.span.start));
                start.map(|start| Edit::delete(start, end))
            }
        };
        let commented = |edit: &Edit| {
            let replaced = !self.is_flow(node) && !edit.replacement.is_empty();
            !replaced && self.text[edit.span.start..edit.span.end].contains('#')
        };
        let Some(edit) = edit.filter(|edit| !commented(edit)) else {
            return false;
        };
        draft.edits.push(edit);
        if self.is_flow(node) {
            for entry in &list.entries {
                draft.changes.remove(entry);
            }
        } else {
            draft.no_brackets.push(colon);
        }
        true
    }

    /// After the colon of a key.
    fn colon(&self, key: &Node) -> usize {
        let more = self.text[key.span.end..].find(':').unwrap_or_default();
        key.span.end + more + 1
    }

    /// A client that is a bare list of terms becomes a mapping when it gets a role.
    fn bare_list(
        &self,
        (key, node): (&Node, &Node),
        items: &[Node],
        (lists, gone): (&[List<'_>; 2], &BTreeSet<usize>),
        draft: &mut Draft,
    ) -> Result<(), String> {
        let [roles, scopes] = lists;
        if !scopes.come.is_empty() {
            self.append((key, node), (scopes, gone), draft)?;
        }
        if roles.come.is_empty() {
            return Ok(());
        }
        let left = scopes.is_left(gone);
        let pair = self.pair("roles", roles.come.iter().copied());
        if self.is_flow(node) {
            if left {
                let before = format!("{{{pair}, {}: ", self.spelt("scopes"));
                draft.edits.push(insert(node.span.start, before));
                draft.edits.push(insert(node.span.end, "}".to_owned()));
            } else {
                draft.changes.clear();
                draft
                    .edits
                    .push(Edit::replace(node.span, format!("{{{pair}}}")));
            }
            return Ok(());
        }
        let first = items.first().ok_or("its list is empty")?;
        let outer = self.indent(key).ok_or(SHARED)?;
        let before = &self.text[line_start(self.text, first.span.start)..first.span.start];
        let dash = before.len() - before.trim_start_matches(' ').len();
        // Between a list that stands as far to the left as its key and that key no other fits.
        let fits = dash > outer.len();
        let inner = " ".repeat(if fits { dash } else { outer.len() + 2 });
        let mut lines = vec![format!("{inner}{pair}")];
        if left {
            lines.push(format!("{inner}scopes:"));
            draft.further_in = !fits;
        } else {
            draft.no_brackets.push(self.colon(key));
        }
        draft.edits.push(self.below(key.span.end, &lines, None)?);
        Ok(())
    }

    /// Two blanks in front of every line of the list that does not go.
    fn further_in(&self, (key, node): (&Node, &Node), other: &[Edit]) -> Vec<Edit> {
        let end = line_end(self.text, self.last_byte(node));
        let mut edits = Vec::new();
        let mut at = line_end(self.text, key.span.end);
        loop {
            at += line_break(self.text, at).len();
            if at >= end {
                return edits;
            }
            let next = line_end(self.text, at);
            let goes = other
                .iter()
                .any(|edit| edit.span.start <= at && at < edit.span.end);
            if !goes && !self.text[at..next].trim().is_empty() {
                edits.push(insert(at, "  ".to_owned()));
            }
            at = next;
        }
    }
}
