//! One worker's credentials.
//!
//! The same client presents the same credential from the same place again and
//! again. Such a combination is looked up by its bytes once per line; parsing the
//! address, hashing the id and naming the agent happen only when it is new.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::facts::wider;
use super::{
    Agent, CredentialTable, Facts, Group, HashKey, Hours, Issued, Network, SKEW_SECONDS, Scopes,
    Sum, UNREAD, Which,
};
use crate::format::token::key_in_query;
use crate::format::{AuthKind, LogFormat, RawRecord, Token, json};
use crate::model::{Day, Millis};

/// Combinations remembered before they are folded into the rows.
const REMEMBERED: usize = 8_192;
/// Bytes of an address and of a user agent that are looked at.
const ADDRESS: usize = 64;
const AGENT: usize = 256;
/// A longer id is compared by its hash.
const ID: usize = 128;
/// A longer list of scopes is not looked at, and that is counted as [`super::UNREAD`].
const SCOPES: usize = 4_096;
/// Stands for such a list.
const TOO_LONG: &[u8] = b"\0";
/// Longest name of a scope that is kept.
const SCOPE: usize = 256;

/// One combination of client, credential, kind, address and agent.
struct Seen {
    client: u32,
    which: Which,
    kind: AuthKind,
    network: Option<Network>,
    agent: Option<Agent>,
    day: Day,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    count: u64,
    refused: u64,
    first: Millis,
    last: Millis,
    hours: u32,
    lifetime: Option<(u32, u32)>,
    endless: u64,
    expired: u64,
    scoped: u64,
}

pub(in crate::usage) struct Collector {
    key: HashKey,
    scratch: json::Scratch,
    buffer: Vec<u8>,
    seen: HashMap<Box<[u8]>, Seen, foldhash::fast::FixedState>,
    scopes: HashMap<Box<[u8]>, (u32, Issued), foldhash::fast::FixedState>,
    groups: BTreeMap<(Day, u32), Group>,
    issued: BTreeMap<u32, Scopes>,
}

impl Collector {
    pub(in crate::usage) fn new(key: &HashKey) -> Self {
        Self {
            key: key.clone(),
            scratch: json::Scratch::default(),
            buffer: Vec::new(),
            seen: HashMap::default(),
            scopes: HashMap::default(),
            groups: BTreeMap::new(),
            issued: BTreeMap::new(),
        }
    }

    /// Counts the credential of one request of a known client.
    pub(in crate::usage) fn add(
        &mut self,
        format: &'static dyn LogFormat,
        line: &[u8],
        raw: &RawRecord<'_>,
        client: u32,
        refused: bool,
    ) {
        let token = format.token(line, raw, &mut self.scratch);
        let kind = if key_in_query(raw.target) {
            AuthKind::QueryKey
        } else {
            token.kind
        };
        let id = token.credential.or(raw.credential);
        key_of(&mut self.buffer, &self.key, (client, kind), id, raw);
        let seen = match self.seen.entry_ref(&self.buffer[..]) {
            hashbrown::hash_map::EntryRef::Occupied(entry) => entry.into_mut(),
            hashbrown::hash_map::EntryRef::Vacant(entry) => entry.insert(Seen {
                client,
                which: id.map_or(Which::Unnamed, |id| Which::Named(self.key.hash(id))),
                kind,
                network: raw.client_ip.and_then(Network::of),
                agent: raw.user_agent.map(Agent::of),
                day: Day::of(raw.time),
                counts: Counts::default(),
            }),
        };
        let day = Day::of(raw.time);
        if seen.day != day {
            fold(&mut self.groups, seen);
            seen.day = day;
        }
        count(&mut seen.counts, &token, raw.time, refused);
        let scopes = raw.token_scopes.filter(|scopes| *scopes != b"-");
        seen.counts.scoped += u64::from(scopes.is_some());
        if self.seen.len() > REMEMBERED {
            self.fold_seen();
        }
        if let Some(scopes) = scopes {
            let read = if scopes.len() <= SCOPES {
                scopes
            } else {
                TOO_LONG
            };
            self.add_scopes(client, read, raw.time);
        }
    }

    fn add_scopes(&mut self, client: u32, scopes: &[u8], time: Millis) {
        self.buffer.clear();
        self.buffer.extend_from_slice(&client.to_le_bytes());
        self.buffer.extend_from_slice(scopes);
        let fresh = Issued {
            count: 0,
            first: time,
            last: time,
        };
        let (_, own) = self
            .scopes
            .entry_ref(&self.buffer[..])
            .or_insert((client, fresh));
        own.count += 1;
        own.first = own.first.min(time);
        own.last = own.last.max(time);
        if self.scopes.len() > REMEMBERED {
            self.fold_scopes();
        }
    }

    // The order of the hash table does not matter: these are sums.
    fn fold_seen(&mut self) {
        for (_, mut seen) in self.seen.drain() {
            fold(&mut self.groups, &mut seen);
        }
    }

    // The order of the hash table does not matter: these are sums.
    fn fold_scopes(&mut self) {
        for (key, (client, own)) in self.scopes.drain() {
            let scopes = self.issued.entry(client).or_default();
            for scope in split(&plain(&key[4..])) {
                let read = scope.len() <= SCOPE && scope != TOO_LONG;
                let name = String::from_utf8_lossy(scope);
                scopes.add(if read { &name } else { UNREAD }, &own);
            }
        }
    }

    /// The workers' parts as one table; `name` gives a worker's client its name.
    pub(in crate::usage) fn merge(
        workers: Vec<Self>,
        name: impl Fn(usize, u32) -> Option<String>,
    ) -> CredentialTable {
        let mut sum = Sum::default();
        for (index, mut worker) in workers.into_iter().enumerate() {
            worker.fold_seen();
            worker.fold_scopes();
            for ((day, client), group) in worker.groups {
                let Some(name) = name(index, client) else {
                    continue;
                };
                let own = sum.groups.entry((day, name)).or_default();
                for (key, facts) in &group.rows {
                    own.add(*key, facts);
                }
            }
            for (client, scopes) in worker.issued {
                let Some(name) = name(index, client) else {
                    continue;
                };
                let own = sum.issued.entry(name).or_default();
                for (scope, issued) in &scopes.0 {
                    own.add(scope, issued);
                }
            }
        }
        sum.finish()
    }
}

/// The bytes that make a combination.
fn key_of(
    buffer: &mut Vec<u8>,
    key: &HashKey,
    (client, kind): (u32, AuthKind),
    id: Option<&[u8]>,
    raw: &RawRecord<'_>,
) {
    buffer.clear();
    buffer.extend_from_slice(&client.to_le_bytes());
    buffer.push(kind as u8);
    let mut part = |bytes: &[u8]| {
        buffer.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
        buffer.extend_from_slice(bytes);
    };
    match id {
        None => part(b""),
        Some(id) if id.len() <= ID => part(id),
        Some(id) => part(&[&[0][..], &key.hash(id).0, &id[..ID]].concat()),
    }
    let address = raw.client_ip.unwrap_or_default();
    part(&address[..address.len().min(ADDRESS)]);
    let agent = raw.user_agent.unwrap_or_default();
    part(&agent[..agent.len().min(AGENT)]);
}

fn count(counts: &mut Counts, token: &Token<'_>, time: Millis, refused: bool) {
    if counts.count == 0 {
        counts.first = time;
        counts.last = time;
    }
    counts.count += 1;
    counts.refused += u64::from(refused);
    counts.first = counts.first.min(time);
    counts.last = counts.last.max(time);
    counts.hours |= 1 << time.div_euclid(3_600_000).rem_euclid(24);
    match (token.issued, token.expires) {
        (Some(issued), Some(expires)) => {
            let seconds = u32::try_from(expires.saturating_sub(issued).max(0)).unwrap_or(u32::MAX);
            counts.lifetime = wider(counts.lifetime, Some((seconds, seconds)));
        }
        (Some(_), None) => counts.endless += 1,
        _ => {}
    }
    if let Some(expires) = token.expires {
        let late = time.div_euclid(1_000) > expires.saturating_add(SKEW_SECONDS);
        counts.expired += u64::from(late && !refused);
    }
}

/// Moves what was counted into the rows.
fn fold(groups: &mut BTreeMap<(Day, u32), Group>, seen: &mut Seen) {
    let counts = std::mem::take(&mut seen.counts);
    if counts.count == 0 {
        return;
    }
    let mut facts = Facts {
        count: counts.count,
        refused: counts.refused,
        first: counts.first,
        last: counts.last,
        lifetime: counts.lifetime,
        endless: counts.endless,
        expired: counts.expired,
        scoped: counts.scoped,
        networks: Hours::default(),
        agents: Hours::default(),
    };
    if let Some(network) = &seen.network {
        facts
            .networks
            .add(network, counts.hours, super::MAX_NETWORKS);
    }
    if let Some(agent) = &seen.agent {
        facts.agents.add(agent, counts.hours, super::MAX_AGENTS);
    }
    groups
        .entry((seen.day, seen.client))
        .or_default()
        .add((seen.which, seen.kind), &facts);
}

/// Scopes separated by spaces or commas, or in a JSON array.
pub(in crate::usage) fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b' ' | b',' | b'[' | b']' | b'"'))
        .filter(|scope| !scope.is_empty())
}

/// The list without the escapes of a JSON array; a text has lost its own already.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.starts_with(b"[") || !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    match serde_json::from_slice::<Vec<String>>(text) {
        Ok(names) => Cow::Owned(names.join(" ").into_bytes()),
        Err(_) => Cow::Borrowed(text),
    }
}
