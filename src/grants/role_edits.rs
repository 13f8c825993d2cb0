//! Roles come into a file of the native format: definitions, and what clients get and give back.
//!
//! In: the file as it was read, and what is to change. Out: edits.
//!
//! Invariants:
//! * lists that there are are edited as everywhere else; what is made here are pairs that are missing
//!   (`roles: [...]`), and the mapping that a client needs which was a bare list;
//! * comments stay with what they stand above or behind;
//! * a place whose bytes are shared with others, or not understood, is refused.
//!
//! What the edits grant is not proved here: whoever makes them reads the new bytes again.

mod client;
mod section;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::native::NAME;
use super::not_editable::{frozen_by, unwritable};
use super::source::Source;
use super::written::{Syntax, line_break, line_end, line_start};
use super::{
    CommentEffect, Edit, Refusal, comments_affected, is_for_some_resources, is_of_a_vendor, quote,
};
use crate::document::{Node, Value};
use crate::model::{ClientName, Day, Place, PolicyFile, RoleName, Span, Subject, Term};

/// The longest list that is written on one line.
const LONGEST: usize = 80;

/// A role that comes into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewRole {
    pub(crate) name: RoleName,
    pub(crate) terms: BTreeSet<Term>,
    /// Since when everybody who gets it holds all of it.
    pub(crate) since: Option<Day>,
    pub(crate) owner: Option<Arc<str>>,
}

/// What one client gets and gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientChange {
    pub(crate) roles: BTreeSet<RoleName>,
    pub(crate) terms: BTreeSet<Term>,
    /// Entries of the file that go.
    pub(crate) gone: BTreeSet<usize>,
}

/// A file into which roles are written.
pub(crate) struct RoleEdits<'f> {
    file: &'f PolicyFile,
    text: &'f str,
    syntax: Syntax,
    root: Node,
    /// The entries that have a comment.
    comments: BTreeMap<usize, CommentEffect>,
    /// The entries of each client.
    own: BTreeMap<&'f ClientName, Vec<usize>>,
}

impl<'f> RoleEdits<'f> {
    /// Only files of the native format are written to.
    pub(crate) fn of(file: &'f PolicyFile) -> Result<Self, Refusal> {
        let refuse = |reason: String| Refusal {
            place: Place {
                file: Arc::clone(&file.path),
                line: 1,
            },
            reason,
        };
        if *file.format != *NAME {
            let (format, why) = (&file.format, why_not(file));
            return Err(refuse(format!(
                "roles are written into files of the format `{NAME}`, and not into those of `{format}`, {why}"
            )));
        }
        let source = Source::new(&file.bytes, &file.path);
        let read = source.and_then(|source| Ok((source.syntax, source.root()?.into_owned())));
        let (syntax, root) = read.map_err(|error| refuse(error.to_string()))?;
        let mut own: BTreeMap<&ClientName, Vec<usize>> = BTreeMap::new();
        for (at, entry) in file.entries.iter().enumerate() {
            if let Subject::Client(client) = &entry.subject {
                own.entry(client).or_default().push(at);
            }
        }
        Ok(Self {
            file,
            text: std::str::from_utf8(&file.bytes).unwrap_or_default(),
            syntax,
            root,
            comments: comments_affected(file),
            own,
        })
    }

    /// Whether the grant is to stay where it is as long as it harms nobody: something that is said about
    /// it would be lost, or its bytes are not its own.
    pub(crate) fn stays(&self, at: usize) -> bool {
        let keep = self.file.entries.get(at).map(|entry| entry.keep.is_some());
        keep != Some(false) || !self.is_bare(at) || self.comments.contains_key(&at)
    }

    /// Whether it is written as its name alone, and can be edited.
    fn is_bare(&self, at: usize) -> bool {
        // `{scope: a, since: 2025-01-01}`
        let attributes = |start: usize| self.text[..start].trim_end().ends_with(':');
        let entry = self.file.entries.get(at);
        entry.is_some_and(|entry| entry.frozen.is_none() && !attributes(entry.span.start))
    }

    /// Whether a policy file can hold the name.
    pub(crate) fn can_name(name: &str) -> bool {
        !unwritable(name)
    }

    /// Whether the file has a place for roles.
    pub(crate) fn has_roles(&self) -> bool {
        self.root.get("roles").is_some()
    }

    /// Changes what a client has.
    pub(crate) fn client(
        &self,
        client: &ClientName,
        change: &ClientChange,
    ) -> Result<Vec<Edit>, Refusal> {
        let clients = self.root.get("clients").and_then(Node::as_map);
        let mut pairs = clients.into_iter().flatten();
        let Some((key, value)) = pairs.find(|(key, _)| key.text() == Some(client.as_str())) else {
            return Err(self.refuse(1, format!("`{client}` is not a key below `clients`")));
        };
        let shared = [Some(&self.root), self.root.get("clients"), Some(value)];
        let shared = shared.into_iter().flatten();
        if let Some(reason) = shared.fold(None, |found, node| frozen_by(found.as_ref(), node)) {
            return Err(self.refuse(key.line, reason));
        }
        if change.terms.iter().any(|term| unwritable(term.as_str())) {
            let reason = "a policy file cannot hold the name of a scope that it would get";
            return Err(self.refuse(key.line, reason.to_owned()));
        }
        self.changed((key, value), client, change)
    }

    /// Defines roles.
    pub(crate) fn define(&self, roles: &[NewRole]) -> Result<Vec<Edit>, Refusal> {
        let line = self.root.get("roles").map_or(1, |node| node.line);
        self.defined(roles)
            .map_err(|reason| self.refuse(line, reason))
    }

    fn refuse(&self, line: u32, reason: String) -> Refusal {
        let file = Arc::clone(&self.file.path);
        Refusal {
            place: Place { file, line },
            reason,
        }
    }

    /// `roles: [a, b]`
    fn pair<'n>(&self, key: &str, names: impl IntoIterator<Item = &'n str>) -> String {
        let names: Vec<String> = names.into_iter().map(|name| self.spelt(name)).collect();
        format!("{}: [{}]", self.spelt(key), names.join(", "))
    }

    fn spelt(&self, name: &str) -> String {
        quote::like("", name, self.syntax)
    }

    fn eol(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// Whether it is written in brackets; the first item of a list without brackets may have some.
    fn is_flow(&self, node: &Node) -> bool {
        let bracket = match &node.value {
            Value::Seq(_) => b'[',
            _ => b'{',
        };
        node.flow && self.text.as_bytes().get(node.span.start) == Some(&bracket)
    }

    /// The blanks in front of the node, where it is the first on its line.
    fn indent(&self, node: &Node) -> Option<&'f str> {
        let before = &self.text[line_start(self.text, node.span.start)..node.span.start];
        let before = before.trim_start_matches('\u{feff}');
        let blank = |byte| matches!(byte, b' ' | b'\t');
        before.bytes().all(blank).then_some(before)
    }

    /// Where what is written of the node ends, without blanks and comments after it.
    fn last_byte(&self, node: &Node) -> usize {
        let end = match &node.value {
            _ if self.is_flow(node) || node.alias => node.span.end,
            Value::Map(pairs) => pairs.last().map_or(node.span.end, |(key, value)| {
                self.last_byte(value).max(key.span.end)
            }),
            Value::Seq(items) => items
                .last()
                .map_or(node.span.end, |item| self.last_byte(item)),
            Value::Null => node.span.start,
            _ => node.span.end,
        };
        self.text[..end].trim_end().len()
    }

    /// New lines below the line of the byte, and below comments that follow it and are indented at
    /// least so far: these belong to what is above them.
    fn below(&self, at: usize, lines: &[String], indent: Option<usize>) -> Result<Edit, String> {
        let mut end = line_end(self.text, at);
        let rest = self.text[at..end].trim_start_matches(':').trim_start();
        if !(rest.is_empty() || rest.starts_with('#')) {
            return Err(SHARED.to_owned());
        }
        while let Some(indent) = indent {
            let next = end + line_break(self.text, end).len();
            let line = &self.text[next..line_end(self.text, next)];
            let bare = line.trim_start_matches(' ');
            if next == end || !bare.starts_with('#') || line.len() - bare.len() < indent {
                break;
            }
            end = next + line.len();
        }
        // In front of the next line, which stays where the one above goes.
        let next = end + line_break(self.text, end).len();
        let new: String = if next > end {
            lines.iter().flat_map(|line| [line, self.eol()]).collect()
        } else {
            lines.iter().flat_map(|line| [self.eol(), line]).collect()
        };
        Ok(insert(next, new))
    }

    /// Pairs in front of the first one of a mapping in braces, or alone in it.
    fn within_braces(
        &self,
        of: &Node,
        first: Option<&Node>,
        texts: &[String],
    ) -> Result<Edit, String> {
        let Some(first) = first else {
            let inside = &self.text[of.span.start + 1..of.span.end - 1];
            if !inside.trim().is_empty() {
                return Err("something stands between its braces that is no pair".to_owned());
            }
            return Ok(insert(of.span.start + 1, texts.join(", ")));
        };
        let between = match self.indent(first) {
            Some(indent) => format!(",{}{indent}", self.eol()),
            None => ", ".to_owned(),
        };
        let text: String = texts
            .iter()
            .flat_map(|text| [text.as_str(), &between])
            .collect();
        Ok(insert(first.span.start, text))
    }
}

/// Why no role is written into a file of another format, as the end of a sentence.
fn why_not(file: &PolicyFile) -> &'static str {
    if file.in_parts || is_for_some_resources(file) {
        "whose grants hold in some namespaces or for some resources that their names do not say: nothing would show that a role gives the same"
    } else if !is_of_a_vendor(file) {
        "which has no place for them"
    } else {
        "in which a role is more than its terms, or is kept elsewhere"
    }
}

/// Why nothing is written on a line or below it.
const SHARED: &str = "it shares its line with something else";

fn insert(at: usize, text: String) -> Edit {
    Edit::replace(Span { start: at, end: at }, text)
}
