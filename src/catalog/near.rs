//! Which operations a request that matched none of them may have been.
//!
//! In: the routes of a catalogue, and a path as it was counted, with `{}` for ids and
//! `{secret}` for secrets; or a gateway's own template. Out: operations.
//!
//! A request is near an operation when one of these explains why it did not match:
//! * another base path or version, or none;
//! * something more at its end: a format, a verb, a further segment;
//! * the same collection: the first word after base path and version;
//! * another spelling: case, encoded separators, a hidden word that looks like an id;
//! * a method that stands for another one, or a batch of requests.
//!
//! Invariants:
//! * at least one word of the operation is in the path: `/{id}` is near nothing;
//! * a word that all operations begin with says nothing, so a catalogue that leaves out
//!   half of an API is not near the other half;
//! * the index finds what a comparison with every operation finds.
//!
//! Whether the request was let through, and what follows, is not known here.

mod base;
mod candidates;
mod gateway_template;
mod path;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::matcher::Route;
use super::matcher::template::{Part, Segment, Template};
use crate::model::Method;
use base::{Bases, unversioned, version};
use candidates::{Candidates, Collection, collections};
pub use path::is_id;
use path::{Token, begins, lay, readings, speaks, stems, verb, verbs, without_format};

/// The operations that a request may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Near {
    /// None of them.
    None,
    /// Any of them: a batch of requests.
    All,
    /// These, as indices into the catalogue; never empty. Often shared, so cheap to clone.
    Some(Arc<BTreeSet<usize>>),
}

impl Near {
    fn of(operations: BTreeSet<usize>) -> Self {
        if operations.is_empty() {
            Self::None
        } else {
            Self::Some(Arc::new(operations))
        }
    }
}

/// Last words of an address that takes many requests in one, or many operations: what was
/// asked for is in the body, which no access log has.
const BATCH: [&[u8]; 13] = [
    b"$batch",
    b"batch",
    b"_batch",
    b"$bulk",
    b"bulk",
    b"_bulk",
    b"$multi",
    b"multi",
    b"_multi",
    b"composite",
    b"graphql",
    b"jsonrpc",
    b"json-rpc",
];

/// One template of a route.
#[derive(Debug)]
struct Entry {
    method: Method,
    operations: Vec<usize>,
    whole: Vec<Segment>,
    /// Without versions and base path.
    tail: Vec<Segment>,
}

impl Entry {
    fn collection(&self) -> Option<&[u8]> {
        match self.tail.first() {
            Some(Segment::Literal(word)) => Some(word),
            _ => None,
        }
    }

    /// `bases` as [`Bases::ends`] finds them.
    fn is_near(&self, path: &[Token], bases: u64) -> bool {
        if self.tail.is_empty() {
            return bases >> path.len() & 1 == 1;
        }
        lay(&self.tail, path, u64::MAX >> (63 - path.len())).whole_word
            || lay(&self.tail, path, bases).part_word
    }
}

/// Finds the operations near a request; built once for a catalogue.
#[derive(Debug)]
pub struct Nearness {
    entries: Vec<Entry>,
    bases: Bases,
    collections: BTreeMap<Vec<u8>, Collection>,
    /// By the rarest word of a template that no id can hide.
    by_rarest: BTreeMap<Vec<u8>, Vec<usize>>,
    /// By each word.
    by_any: BTreeMap<Vec<u8>, Vec<usize>>,
    /// Compared with every path, in place of the one and of the other.
    always: (Vec<usize>, Vec<usize>),
}

impl Nearness {
    /// From the routes of one catalogue.
    pub fn new(routes: &[Route]) -> Self {
        let mut entries = Vec::new();
        for route in routes {
            for template in Template::all(&route.template) {
                entries.push(Entry {
                    method: route.method,
                    operations: route.operations.clone(),
                    whole: lower(template.segments),
                    tail: Vec::new(),
                });
            }
        }
        let plain: Vec<Vec<Segment>> = entries
            .iter()
            .map(|entry| unversioned(&entry.whole))
            .collect();
        let bases = Bases::new(&plain);
        for (entry, plain) in entries.iter_mut().zip(&plain) {
            entry.tail = bases.strip(plain).to_vec();
            // An operation at the base path itself has no other words than those.
            if entry.tail.is_empty() {
                entry.tail.clone_from(plain);
            }
        }
        let mut nearness = Self {
            collections: collections(&entries),
            entries,
            bases,
            by_rarest: BTreeMap::new(),
            by_any: BTreeMap::new(),
            always: (Vec::new(), Vec::new()),
        };
        nearness.index();
        nearness
    }

    fn index(&mut self) {
        let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for key in self.entries.iter().flat_map(|entry| keys(&entry.tail)) {
            *counts.entry(key.to_vec()).or_default() += 1;
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let all = keys(&entry.tail);
            let odd = entry.tail.is_empty() || entry.tail.iter().any(unlisted);
            let bare = match entry.tail.last() {
                Some(Segment::Literal(last)) => without_format(last).map(|bare| (&**last, bare)),
                _ => None,
            };
            let mut put = |keys: &[&[u8]], rarest: bool| {
                let map = if rarest {
                    &mut self.by_rarest
                } else {
                    &mut self.by_any
                };
                let bare = bare.filter(|(last, _)| keys.contains(last));
                for key in keys.iter().copied().chain(bare.map(|(_, bare)| bare)) {
                    map.entry(key.to_vec()).or_default().push(index);
                }
            };
            // A verb may be one of several words, and an id may hide a word: neither is certain.
            let certain = all
                .iter()
                .filter(|key| !key.starts_with(b":") && !is_id(key))
                .min_by_key(|key| counts.get(**key));
            match certain {
                Some(key) => put(&[*key], true),
                None if odd => self.always.0.push(index),
                None => put(&all, true),
            }
            if odd {
                self.always.1.push(index);
            } else {
                put(&all, false);
            }
        }
    }

    /// The operations that a request to `path` may have been, which fits no template.
    ///
    /// The path is as it was counted: `{}` for an id, `{secret}` for a secret, `**` for a
    /// long rest. With `cut`, only a beginning of it is known, and what begins so counts as well.
    pub fn of(&self, method: Option<Method>, path: &str, cut: bool) -> Near {
        let mut found = Candidates::default();
        for path in readings(path, cut) {
            if self.gather(method, &path, &mut found) {
                return Near::All;
            }
            if cut {
                for entry in self
                    .entries
                    .iter()
                    .filter(|entry| may(entry.method, method))
                {
                    if begins(&entry.whole, &path) {
                        found.add(entry);
                    }
                }
            }
        }
        found.near()
    }

    /// Adds what is near one reading of a path; `true` for everything.
    fn gather<'a>(
        &'a self,
        method: Option<Method>,
        path: &[Token],
        found: &mut Candidates<'a>,
    ) -> bool {
        let bases = self.bases.ends(path);
        let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
        for word in collection_words(path, bases).filter(|word| !self.bases.common.contains(*word))
        {
            if let Some(collection) = self.collections.get(word)
                && seen.insert(word)
            {
                found.shared(collection.of(method));
            }
        }
        for index in self.candidates(path) {
            let entry = &self.entries[index];
            if entry.collection().is_none_or(|word| !seen.contains(word))
                && may(entry.method, method)
                && entry.is_near(path, bases)
            {
                found.add(entry);
            }
        }
        method != Some(Method::Options) && self.batch(path, bases, found)
    }

    /// The entries that share a word with the path, and those that need none.
    fn candidates(&self, path: &[Token]) -> Vec<usize> {
        let open = |token: &Token| matches!(token, Token::Any | Token::Rest | Token::Start(_));
        if path.iter().any(|token| matches!(token, Token::Start(_))) {
            return (0..self.entries.len()).collect();
        }
        let (index, always) = if path.iter().any(open) {
            (&self.by_any, &self.always.1)
        } else {
            (&self.by_rarest, &self.always.0)
        };
        let mut found = always.clone();
        for word in path.iter().filter_map(Token::word) {
            for key in stems(word).chain(verbs(word)) {
                found.extend(index.get(key).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A batch address adds the operations below its prefix; `true` when that is all of them.
    fn batch(&self, path: &[Token], bases: u64, found: &mut Candidates<'_>) -> bool {
        let is_batch = |word: &[u8]| BATCH.contains(&without_format(word).unwrap_or(word));
        // `/batch/drive/v3`: the base path comes after the word.
        if let [Token::Word(first), rest @ ..] = path
            && is_batch(first)
            && self.bases.ends(rest) >> rest.len() & 1 == 1
        {
            return true;
        }
        let [front @ .., Token::Word(last)] = path else {
            return false;
        };
        if !is_batch(last) {
            return false;
        }
        if bases >> front.len() & 1 == 1 {
            return true;
        }
        let mut below = front.to_vec();
        below.push(Token::Rest);
        let mut is_prefix = false;
        for word in collection_words(front, bases) {
            for index in self
                .collections
                .get(word)
                .into_iter()
                .flat_map(|group| &group.entries)
            {
                let entry = &self.entries[*index];
                if lay(&entry.tail, &below, bases).whole_word {
                    is_prefix = true;
                    found.add(entry);
                }
            }
        }
        // A base path that the catalogue does not know: a word or two in front, and no version
        // before them, after which a collection would come.
        let known = |token: &Token| token.word().is_some_and(|word| !version(word));
        !is_prefix && front.len() <= 2 && front.iter().all(known)
    }
}

/// Words of a path where a collection may be, and their beginnings.
fn collection_words(path: &[Token], bases: u64) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(move |(index, _)| bases >> index & 1 == 1)
        .filter_map(|(_, token)| token.word())
        .flat_map(stems)
}

/// Whether a request with one method may have been an operation with another. A preflight is not a use.
fn may(stated: Method, request: Option<Method>) -> bool {
    match request {
        Some(Method::Options) => stated == Method::Options,
        // A method may be overridden in a header of a POST (`X-HTTP-Method-Override`).
        None | Some(Method::Any | Method::Other | Method::Post) => true,
        Some(method) => is(stated, method),
    }
}

/// Whether an operation serves a method.
fn is(stated: Method, method: Method) -> bool {
    stated == Method::Any || stated == method || (stated == Method::Get && method == Method::Head)
}

/// The words and verbs that a template may be looked up by.
fn keys(tail: &[Segment]) -> Vec<&[u8]> {
    fn key(segment: &Segment) -> Option<&[u8]> {
        match segment {
            Segment::Literal(word) => Some(word),
            Segment::Mixed(parts) if speaks(parts) => verb(parts),
            _ => None,
        }
    }
    tail.iter().filter_map(key).collect()
}

/// Says something, and cannot be looked up.
fn unlisted(segment: &Segment) -> bool {
    matches!(segment, Segment::Mixed(parts) if speaks(parts) && verb(parts).is_none())
}

fn lower(segments: Vec<Segment>) -> Vec<Segment> {
    let part = |part| match part {
        Part::Literal(text) => Part::Literal(text.to_ascii_lowercase()),
        Part::Parameter => Part::Parameter,
    };
    segments
        .into_iter()
        .map(|segment| match segment {
            Segment::Literal(text) => Segment::Literal(text.to_ascii_lowercase()),
            Segment::Mixed(parts) => Segment::Mixed(parts.into_iter().map(part).collect()),
            other => other,
        })
        .collect()
}
