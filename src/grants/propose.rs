//! A description proposed for a file that no format knows, by its form alone.
//!
//! In: the file. Out: a description that reads it, with what was found by it; or what else the
//! file may be, where that is not clear; or nothing.
//!
//! Invariants:
//! * a proposal reads the very file that it was made for, and finds grants in it;
//! * of two possible readings none is chosen;
//! * no list is ever emptied by a proposal: what that would mean nobody said;
//! * names of clients and grants are shown as in every report, and no other value of the file.

mod candidates;
mod names;
mod shape;
mod text;

use std::sync::Arc;

use super::described::Description;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::TreePath;
use super::written::Syntax;
use super::{Formats, GrantError, PolicyFormat};
use crate::document::Node;
use crate::event::hash::HashKey;
use crate::event::secret::conceal;
use crate::model::{Granted, PolicyFile, Subject};
use candidates::{Candidate, candidates};

pub(crate) use text::toml;

/// What was made of a file.
#[derive(Debug)]
pub(crate) enum Proposed {
    /// It looks like clients with grants.
    One(Box<Proposal>),
    /// It may be, and why that is not clear: one sentence each.
    Unclear(Vec<String>),
    /// It does not look like clients with grants.
    Nothing,
}

/// A description, and what it finds.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) description: Description,
    pub(crate) clients: usize,
    pub(crate) grants: usize,
    /// One grant, and its line.
    pub(crate) example: String,
    /// What else may mean something, one sentence each.
    pub(crate) doubts: Vec<String>,
    /// The keys in which no grant was found, with the line of the first and how often.
    pub(crate) others: Vec<(String, u32, usize)>,
}

/// A description for a file that no format reads.
pub(crate) fn propose(bytes: &Arc<[u8]>, shown: &str) -> Proposed {
    let Ok(source) = Source::new(bytes, shown) else {
        return Proposed::Nothing;
    };
    let roots = source.documents();
    if source.syntax == Syntax::Hcl || is_known(&source) {
        return Proposed::Nothing;
    }
    if let Some(why) = other_table(&source) {
        return Proposed::Unclear(vec![why]);
    }
    let mut found = candidates(roots);
    if found.iter().any(|candidate| candidate.named) {
        found.retain(|candidate| candidate.named);
    }
    match found.as_slice() {
        [] => Proposed::Nothing,
        [one] if one.terms.len() == 1 => read(one, &source),
        all => Proposed::Unclear(all.iter().map(Candidate::sentence).collect()),
    }
}

/// Whether a format of a product reads the file, or knows what else it is; of a description of
/// one's own both are said by the reader.
fn is_known(source: &Source<'_>) -> bool {
    if matches!(source.syntax, Syntax::Toml | Syntax::Csv) {
        return false;
    }
    let mut all = super::ALL.iter();
    let claims =
        |format: &&&dyn PolicyFormat| super::of_a_vendor(format.name()) && format.claims(source);
    if let Some(format) = all.find(claims) {
        // Its consumers may be those of somebody else.
        let others = format.name() == super::kong::NAME
            && !source.any(|root| root.get("_format_version").is_some());
        let empty = || matches!(format.open(source), Err(GrantError::NoGrants { .. }));
        return !(others && empty());
    }
    source.neighbour().is_some() && !custom_resource(source.documents())
}

/// Whether every document is an object of somebody's own kind, as Kubernetes writes them.
fn custom_resource(roots: &[Node]) -> bool {
    let own = |root: &Node| {
        let version = root.get("apiVersion").and_then(Node::text);
        version.is_some_and(|version| {
            let group = version.split_once('/').map_or("", |(group, _)| group);
            group.contains('.') && !group.ends_with(".k8s.io")
        })
    };
    !roots.is_empty() && roots.iter().all(own)
}

/// Why a table is not read whose cells something else than commas separates.
fn other_table(source: &Source<'_>) -> Option<String> {
    if source.syntax != Syntax::Csv {
        return None;
    }
    let header = source.text.lines().next()?;
    let other = [';', '\t', '|'].into_iter().find(|own| {
        let fields = header.split(*own).count();
        fields > 1 && !header.contains(',')
    })?;
    let sign = match other {
        '\t' => "tabs".to_owned(),
        other => format!("`{other}`"),
    };
    Some(format!(
        "it is a table whose cells are separated by {sign}; only commas are read: save it with commas"
    ))
}

/// What the one candidate finds.
fn read(candidate: &Candidate, source: &Source<'_>) -> Proposed {
    let description = description(candidate, source);
    let formats = Formats::with(vec![description.clone()]);
    let file = match formats.read(Arc::clone(source.bytes), source.shown) {
        Ok(file) => file,
        Err(error) => {
            return Proposed::Unclear(vec![candidate.sentence(), without_names(&error)]);
        }
    };
    let Some(example) = example(&file) else {
        return Proposed::Nothing;
    };
    let mut doubts = candidate.doubts.clone();
    let frozen = file
        .entries
        .iter()
        .filter_map(|entry| entry.frozen.as_ref());
    let (frozen, reason) = (frozen.clone().count(), frozen.min());
    doubts.extend(
        reason.map(|reason| format!("{frozen} of them would not be edited, such as: {reason}")),
    );
    // What the description names is understood.
    let at = &candidate.clients;
    let named = candidate.id.iter().chain(&candidate.audience);
    let named = named.map(|path| path.after(at)).chain([at.clone()]);
    let named: Vec<String> = named.map(|path| path.to_string()).collect();
    let mut others = super::places(&file).others;
    others.retain(|(path, ..)| !named.contains(path));
    let (clients, grants) = (file.clients.len(), file.entries.len());
    Proposed::One(Box::new(Proposal {
        description,
        clients,
        grants,
        example,
        doubts,
        others,
    }))
}

fn without_names(error: &GrantError) -> String {
    format!("read so, the file is not complete: {error}")
}

fn example(file: &PolicyFile) -> Option<String> {
    let entry = file.entries.first()?;
    let (Subject::Client(client), Granted::Term(term)) = (&entry.subject, &entry.granted) else {
        return None;
    };
    let shown = |name: &str| {
        let name = conceal(name.as_bytes(), &HashKey::default());
        String::from_utf8_lossy(&name).into_owned()
    };
    let (client, term) = (shown(client.as_str()), shown(term.as_str()));
    let line = entry.place.line;
    Some(format!("`{client}` has `{term}` (line {line})"))
}

fn description(candidate: &Candidate, source: &Source<'_>) -> Description {
    let at = &candidate.clients;
    let mut when = Vec::new();
    // What an object says about its own kind is the best sign of it.
    let root = source.documents().first();
    for key in ["apiVersion", "kind", "type", "schema"] {
        let text = root.and_then(|root| root.get(key)).and_then(Node::as_str);
        if let Some(text) = text.filter(|text| text.len() <= 80) {
            when.push((TreePath::key(key), Some(text.to_owned())));
        }
    }
    let of_client = |path: &TreePath| (path.after(at), None);
    when.extend(candidate.id.iter().map(of_client));
    when.extend(candidate.terms.iter().map(|(path, _)| of_client(path)));
    Description {
        name: name(source.shown),
        when,
        clients: vec![at.clone()],
        id: candidate.id.iter().cloned().collect(),
        aliases: Vec::new(),
        audience: candidate.audience.clone(),
        terms: candidate
            .terms
            .iter()
            .map(|(path, _)| path.clone())
            .collect(),
        optional: candidate.optional.iter().cloned().collect(),
        shape: candidate
            .terms
            .first()
            .map_or(super::Shape::List, |(_, shape)| shape.clone()),
        empty_means: match source.syntax {
            Syntax::Csv => EmptyMeans::None,
            _ => EmptyMeans::Invalid,
        },
        roles: None,
    }
}

/// A name for the format, from that of the file.
fn name(shown: &str) -> String {
    let file = shown.rsplit(['/', '\\']).next().unwrap_or(shown);
    let stem = file.split('.').find(|part| !part.is_empty());
    let mut name = String::new();
    for c in stem.unwrap_or_default().chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches('-');
    let taken = super::ALL.iter().any(|format| format.name() == name);
    match (name.is_empty(), taken) {
        (true, _) => "own".to_owned(),
        (_, true) => format!("own-{name}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests;
