//! One worker's credentials: what each combination of client, credential, address
//! and agent did on a day, folded into the rows when the day changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::combinations::{Combination, Combinations, Presented};
use super::daily_credential::wider;
use super::tokens::{Lives, TOO_LONG, Tokens};
use super::{CredentialTable, Facts, Group, HashKey, Hours, SKEW_SECONDS, Sum};
use crate::format::token::key_in_query;
use crate::format::{AuthKind, RawRecord, Token};
use crate::model::{Day, Millis, Outcome};

/// Combinations remembered before they are folded into the rows.
const REMEMBERED: usize = 8_192;
/// A longer list of scopes is not looked at, and that is counted as [`super::UNREAD`].
const SCOPES: usize = 4_096;

/// What a combination did on one day.
#[derive(Default)]
struct Counts {
    /// Days since 1970.
    day: i32,
    count: u64,
    refused: u64,
    first: Millis,
    last: Millis,
    hours: u32,
    lifetime: Option<(u32, u32)>,
    left: Option<u32>,
    endless: u64,
    expired: u64,
    scoped: u64,
    lives: Lives,
}

/// What one request adds, apart from its record.
#[derive(Clone, Copy)]
pub(in crate::usage) struct Request {
    pub(in crate::usage) client: u32,
    pub(in crate::usage) route: u32,
    pub(in crate::usage) outcome: Outcome,
}

pub(in crate::usage) struct Collector {
    key: HashKey,
    seen: Combinations<Counts>,
    tokens: Tokens,
    groups: BTreeMap<(Day, u32), Group>,
}

impl Collector {
    pub(in crate::usage) fn new(key: &HashKey) -> Self {
        Self {
            key: key.clone(),
            seen: Combinations::default(),
            tokens: Tokens::default(),
            groups: BTreeMap::new(),
        }
    }

    /// Counts the credential of one request of a known client; `query_keys` are the names
    /// under which its operation takes a key in the query string.
    pub(in crate::usage) fn add(
        &mut self,
        raw: &RawRecord<'_>,
        request: Request,
        query_keys: &[Box<str>],
    ) {
        let token = raw.claims.token;
        let in_query = key_in_query(raw.target, query_keys);
        // Next to a key in the query, the id is that of the token: it says nothing about the key.
        let of_token = in_query && token.kind == AuthKind::Token;
        let presented = Presented {
            client: request.client,
            kind: if in_query {
                AuthKind::QueryKey
            } else {
                token.kind
            },
            id: token.credential.or(raw.credential).filter(|_| !of_token),
            address: raw.client_ip,
            agent: raw.user_agent,
        };
        if self.seen.len() > REMEMBERED {
            self.fold_seen();
        }
        let scopes = raw.token_scopes.filter(|scopes| *scopes != b"-");
        if let Some(seen) = self.seen.of(presented, &self.key) {
            let day = Day::of(raw.time).0;
            if seen.counts.day != day {
                fold(&mut self.groups, &mut self.tokens, seen);
                seen.counts.day = day;
            }
            count(&mut seen.counts, &token, raw.time, request.outcome);
            seen.counts.scoped += u64::from(scopes.is_some());
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

    fn fold_seen(&mut self) {
        for mut seen in self.seen.drain() {
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
                let client = sum.clients.of(&name);
                match sum.groups.entry((day, client)) {
                    Entry::Vacant(place) => {
                        place.insert(group);
                    }
                    Entry::Occupied(mut known) => {
                        for (key, facts) in &group.rows {
                            known.get_mut().add(*key, facts);
                        }
                    }
                }
            }
            worker
                .tokens
                .into_sum(&mut sum, |client| name(index, client));
        }
        sum.finish()
    }
}

fn count(counts: &mut Counts, token: &Token<'_>, time: Millis, outcome: Outcome) {
    if counts.count == 0 {
        counts.first = time;
        counts.last = time;
    }
    counts.count += 1;
    counts.refused += u64::from(outcome.is_denied());
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
        (None, Some(expires)) => {
            let left = expires.saturating_sub(time.div_euclid(1_000)).max(0);
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            counts.left = counts.left.max(Some(left));
        }
        (None, None) => {}
    }
    if let Some(expires) = token.expires {
        let late = time.div_euclid(1_000) > expires.saturating_add(SKEW_SECONDS);
        counts.expired += u64::from(late && outcome == Outcome::Used);
    }
}

/// Moves what was counted into the rows.
fn fold(
    groups: &mut BTreeMap<(Day, u32), Group>,
    tokens: &mut Tokens,
    seen: &mut Combination<Counts>,
) {
    let mut counts = std::mem::take(&mut seen.counts);
    let day = Day(counts.day);
    if counts.count == 0 {
        return;
    }
    tokens.lived(day, seen.client, &mut counts.lives);
    let mut facts = Facts {
        count: counts.count,
        refused: counts.refused,
        first: counts.first,
        last: counts.last,
        lifetime: counts.lifetime,
        left: counts.left,
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
        .entry((day, seen.client))
        .or_default()
        .add((seen.which, seen.kind), &facts);
}
