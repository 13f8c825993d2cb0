//! What a log line that could not be read still shows.
//!
//! In: a line that its format rejected. Out: whose it may be, what was asked for as far
//! as it can be read, and whether it can be a request at all.
//!
//! Whoever asks narrows with the answer what may have been needed, so a wrong one is worse
//! than none.
//!
//! Invariants:
//! * a caller is named only where a caller's name belongs; a name elsewhere is a mention;
//! * of a target that was cut, only whole segments are told;
//! * where two records may be in a line, only mentions are reported;
//! * a status that may be another field's is none;
//! * only what no gateway serves is [`Kind::NoRequest`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::identity::Identities;
use crate::model::Method;

mod json_pairs;
mod kind;
mod plain_text;
mod request;
#[cfg(test)]
mod tests;

use request::Asked;

/// Bytes of a line that are looked at; what follows counts as cut.
const LONGEST: usize = 64 << 10;

/// Names that are looked at in one line; more of them name nobody.
const MOST_NAMES: usize = 256;

/// A record in a record in a record: more envelopes are not opened.
const ENVELOPES: usize = 3;

/// What the line can be at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It may be a request that was let through.
    Request,
    /// It cannot have been: garbage that no gateway serves, or a message of something else.
    NoRequest,
}

/// What an unreadable line still shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains<'a> {
    /// Clients of the policy in the place of a caller: it is a request of one of them.
    /// Empty: nobody knows whose it is.
    pub clients: BTreeSet<Vec<u8>>,
    /// Clients of the policy whose names are elsewhere in it: it may be theirs, but it may
    /// as well be another one's.
    pub mentioned: BTreeSet<Vec<u8>>,
    /// The method, when only one can be meant.
    pub method: Option<Method>,
    /// The target, possibly with its query.
    pub target: Option<Cow<'a, [u8]>>,
    /// The target is only the beginning of one, up to a slash: anything may follow.
    pub target_cut: bool,
    /// The status, when only one can be meant.
    pub status: Option<u16>,
    /// Whether it can have been a request.
    pub kind: Kind,
}

/// Reads the remains of lines.
#[derive(Clone, Debug)]
pub struct Salvage {
    identities: Identities,
    /// Made for the first line that needs it: for 20,000 names that takes a second.
    /// `None` when the policy names nobody.
    search: OnceLock<Option<AhoCorasick>>,
    names: Vec<Name>,
}

/// A name to look for.
#[derive(Clone, Debug)]
struct Name {
    logged: Vec<u8>,
    /// The client of the policy that it stands for.
    client: Vec<u8>,
    /// Another name begins or ends with it, so its borders have to be certain.
    part: bool,
}

impl Salvage {
    /// With the names and aliases that the policy knows.
    pub fn new(identities: &Identities) -> Self {
        let mut parts = BTreeSet::new();
        for (logged, _) in identities.names() {
            for at in memchr::memchr_iter(b' ', logged) {
                parts.insert(logged[..at].to_vec());
                parts.insert(logged[at + 1..].to_vec());
            }
        }
        let names: Vec<Name> = identities
            .names()
            .filter(|(logged, client)| !logged.is_empty() && identities.is_known(client))
            .map(|(logged, client)| Name {
                logged: logged.to_vec(),
                client: client.to_vec(),
                part: parts.contains(logged),
            })
            .collect();
        Self {
            identities: identities.clone(),
            search: OnceLock::new(),
            names,
        }
    }

    /// What the line still shows.
    pub fn read<'a>(&self, line: &'a [u8]) -> Remains<'a> {
        self.read_at(&line[..line.len().min(LONGEST)], ENVELOPES)
    }

    fn read_at<'a>(&self, line: &'a [u8], envelopes: usize) -> Remains<'a> {
        let asked = Asked::read(line);
        let mut remains = Remains {
            clients: BTreeSet::new(),
            mentioned: BTreeSet::new(),
            method: asked.method,
            target: asked.target.clone(),
            target_cut: asked.target_cut,
            status: asked.status,
            kind: Kind::Request,
        };
        for name in &asked.names {
            let client = self.identities.resolve(name, None);
            if self.identities.is_known(&client) {
                remains.clients.insert(client.into_owned());
            }
        }
        self.find(line, asked.fields_end, &mut remains);
        // NGINX escapes every byte that is not ASCII.
        if let Cow::Owned(plain) = json_pairs::unescape(line) {
            let mut other = Remains {
                clients: BTreeSet::new(),
                target: None,
                ..remains.clone()
            };
            self.find(&plain, 0, &mut other);
            remains.mentioned = other.mentioned;
        }
        let inner = asked
            .envelope
            .as_ref()
            .filter(|_| envelopes > 0)
            .map(|text| self.read_at(text, envelopes - 1));
        if let Some(inner) = inner.as_ref().filter(|inner| inner.kind == Kind::Request) {
            remains.clients.extend(inner.clients.iter().cloned());
            remains.mentioned.extend(inner.mentioned.iter().cloned());
            if remains.target.is_none() && remains.method.is_none() {
                remains.method = inner.method;
                remains.target = inner
                    .target
                    .as_deref()
                    .map(|text| Cow::Owned(text.to_vec()));
                remains.target_cut = inner.target_cut;
                remains.status = remains.status.or(inner.status);
            }
        }
        if asked.plural {
            let clients = std::mem::take(&mut remains.clients);
            remains.mentioned.extend(clients);
            (remains.method, remains.target, remains.status) = (None, None, None);
            remains.target_cut = false;
        }
        for client in &remains.clients {
            remains.mentioned.remove(client);
        }
        remains.kind = kind::of(line, &asked, &remains, inner.map(|inner| inner.kind));
        remains
    }

    fn search(&self) -> Option<&AhoCorasick> {
        let build = || {
            // Only more patterns than fit into memory make this fail; then no name is found in text.
            AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .build(self.names.iter().map(|name| &name.logged))
                .ok()
                .filter(|_| !self.names.is_empty())
        };
        self.search.get_or_init(build).as_ref()
    }

    /// Names in the text; those of callers before `fields_end`.
    fn find(&self, line: &[u8], fields_end: usize, remains: &mut Remains<'_>) {
        let hits = self
            .search()
            .into_iter()
            .flat_map(|search| search.find_overlapping_iter(line));
        for (count, hit) in hits.enumerate() {
            if count == MOST_NAMES {
                remains.clients.clear();
                return;
            }
            let name = &self.names[hit.pattern().as_usize()];
            let (before, after) = (&line[..hit.start()], &line[hit.end()..]);
            let exact = line[hit.start()..hit.end()] == name.logged;
            let user = exact && hit.end() <= fields_end && name.is_user(before, after);
            if user {
                remains.clients.insert(name.client.clone());
            } else if name.stands_alone(before, after) {
                remains.mentioned.insert(name.client.clone());
            }
        }
    }
}

impl Name {
    /// Whether it is between the address and the date, where the common log format has
    /// its user: `address - user [date]`. One of the two may be damaged.
    fn is_user(&self, before: &[u8], after: &[u8]) -> bool {
        let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let first = before == b"- " || before.ends_with(b" - ");
        let next = after.trim_ascii_start().first();
        let spaced = after.first() == Some(&b' ');
        let last = spaced && next == Some(&b'[');
        if self.part {
            return first && last;
        }
        // A word next to it may be more of the name.
        (first && spaced && !word(next))
            || (last && before.ends_with(b" ") && !word(before.trim_ascii_end().last()))
    }

    /// Whether no letter, digit or joining sign is next to it. A name of one or two bytes
    /// has to be in quotes.
    fn stands_alone(&self, before: &[u8], after: &[u8]) -> bool {
        let (before, after) = (before.last(), after.first());
        if self.logged.len() <= 2 {
            return before == after && matches!(before, Some(b'"' | b'\''));
        }
        let joins = |byte: &u8| {
            byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_-.@/%+~".contains(byte)
        };
        !before.is_some_and(joins) && !after.is_some_and(joins)
    }
}
