//! One worker's credentials.
//!
//! The same client presents the same credential from the same place again and
//! again. Such a combination is looked up by its bytes once per line; parsing the
//! address, hashing the id and naming the agent happen only when it is new.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::facts::wider;
use super::tokens::{Lives, TOO_LONG, Tokens};
use super::{
    Agent, CredentialTable, Facts, Group, HashKey, Hours, Network, SKEW_SECONDS, Sum, Which,
};
use crate::format::token::key_in_query;
use crate::format::{AuthKind, LogFormat, RawRecord, Token, json};
use crate::model::{Day, Millis, Outcome};

/// Combinations remembered before they are folded into the rows.
const REMEMBERED: usize = 8_192;
/// Bytes of an address and of a user agent that are looked at.
const ADDRESS: usize = 64;
const AGENT: usize = 256;
/// A longer id is compared by its hash.
const ID: usize = 128;
/// A longer list of scopes is not looked at, and that is counted as [`super::UNREAD`].
const SCOPES: usize = 4_096;

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
    lives: Lives,
}

/// What one request adds, beside its record.
#[derive(Clone, Copy)]
pub(in crate::usage) struct Request {
    pub(in crate::usage) client: u32,
    pub(in crate::usage) route: u32,
    pub(in crate::usage) outcome: Outcome,
}

pub(in crate::usage) struct Collector {
    key: HashKey,
    scratch: json::Scratch,
    buffer: Vec<u8>,
    seen: HashMap<Box<[u8]>, Seen, foldhash::fast::FixedState>,
    tokens: Tokens,
    groups: BTreeMap<(Day, u32), Group>,
}

impl Collector {
    pub(in crate::usage) fn new(key: &HashKey) -> Self {
        Self {
            key: key.clone(),
            scratch: json::Scratch::default(),
            buffer: Vec::new(),
            seen: HashMap::default(),
            tokens: Tokens::default(),
            groups: BTreeMap::new(),
        }
    }

    /// Counts the credential of one request of a known client.
    pub(in crate::usage) fn add(
        &mut self,
        format: &'static dyn LogFormat,
        line: &[u8],
        raw: &RawRecord<'_>,
        request: Request,
    ) {
        let (client, refused) = (request.client, request.outcome.is_denied());
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
            fold(&mut self.groups, &mut self.tokens, seen);
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
            self.tokens.add(request, read, raw.time);
        }
    }

    // The order of the hash table does not matter: these are sums.
    fn fold_seen(&mut self) {
        for (_, mut seen) in self.seen.drain() {
            fold(&mut self.groups, &mut self.tokens, &mut seen);
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
            for ((day, client), group) in worker.groups {
                let Some(name) = name(index, client) else {
                    continue;
                };
                let own = sum.groups.entry((day, name)).or_default();
                for (key, facts) in &group.rows {
                    own.add(*key, facts);
                }
            }
            worker
                .tokens
                .into_sum(&mut sum, |client| name(index, client));
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
            counts.lives.add(seconds);
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
fn fold(groups: &mut BTreeMap<(Day, u32), Group>, tokens: &mut Tokens, seen: &mut Seen) {
    let mut counts = std::mem::take(&mut seen.counts);
    if counts.count == 0 {
        return;
    }
    tokens.lived(seen.day, seen.client, &mut counts.lives);
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
