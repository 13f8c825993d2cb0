//! Who presented which credential from where: each combination once.
//!
//! The same client presents the same credential from the same place again and
//! again, so the combination that it presented last is compared first. Parsing the
//! address, hashing the id and naming the agent happen only for a new one.
//!
//! Invariant: two combinations are the same only when all their bytes are; a hash
//! alone never decides that.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::{Agent, HashKey, Network, Which};
use crate::format::AuthKind;
use crate::input::bytes::same;

/// Bytes of an address and of a user agent that are looked at.
const ADDRESS: usize = 64;
const AGENT: usize = 256;
/// A longer id is compared by its hash.
const ID: usize = 128;

/// What one request presents.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) client: u32,
    pub(super) kind: AuthKind,
    pub(super) id: Option<&'a [u8]>,
    pub(super) address: Option<&'a [u8]>,
    pub(super) agent: Option<&'a [u8]>,
}

/// How an id is kept for comparing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Id {
    None,
    AsItIs,
    Hashed,
}

/// One combination, and what was counted of it.
pub(super) struct Combination<C> {
    pub(super) client: u32,
    pub(super) kind: AuthKind,
    pub(super) which: Which,
    pub(super) network: Option<Network>,
    pub(super) agent: Option<Agent>,
    pub(super) counts: C,
    id: Id,
    /// Where its bytes begin, and the lengths of id, address and agent.
    start: usize,
    lens: [u16; 3],
    hash: u64,
}

/// The combinations of one worker.
pub(super) struct Combinations<C> {
    all: Vec<Combination<C>>,
    bytes: Vec<u8>,
    table: HashTable<u32>,
    /// What each client presented last.
    last: Vec<u32>,
}

impl<C> Default for Combinations<C> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            bytes: Vec::new(),
            table: HashTable::new(),
            last: Vec::new(),
        }
    }
}

/// The bytes that are compared, with those that are not looked at cut off.
struct Parts<'a> {
    client: u32,
    kind: AuthKind,
    id: Id,
    bytes: [&'a [u8]; 3],
}

impl<C: Default> Combinations<C> {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The combination of a request; a new one has counted nothing.
    #[inline]
    pub(super) fn of(
        &mut self,
        presented: Presented<'_>,
        key: &HashKey,
    ) -> Option<&mut Combination<C>> {
        let hashed;
        let (id, id_bytes): (Id, &[u8]) = match presented.id {
            None => (Id::None, b""),
            Some(id) if id.len() <= ID => (Id::AsItIs, id),
            Some(id) => {
                hashed = key.hash(id).0;
                (Id::Hashed, &hashed)
            }
        };
        let address = presented.address.unwrap_or_default();
        let agent = presented.agent.unwrap_or_default();
        let parts = Parts {
            client: presented.client,
            kind: presented.kind,
            id,
            bytes: [
                id_bytes,
                address.get(..ADDRESS).unwrap_or(address),
                agent.get(..AGENT).unwrap_or(agent),
            ],
        };
        let last = self.last.get(presented.client as usize).copied();
        let at = match last.map(|last| last as usize) {
            Some(last)
                if self
                    .all
                    .get(last)
                    .is_some_and(|combination| self.is(combination, &parts)) =>
            {
                last
            }
            _ => self.look_up(&presented, &parts, key),
        };
        self.all.get_mut(at)
    }

    #[inline]
    fn is(&self, combination: &Combination<C>, parts: &Parts<'_>) -> bool {
        if combination.client != parts.client
            || combination.kind != parts.kind
            || combination.id != parts.id
        {
            return false;
        }
        let mut start = combination.start;
        combination.lens.iter().zip(parts.bytes).all(|(len, part)| {
            let end = start + usize::from(*len);
            let known = self.bytes.get(start..end);
            start = end;
            known.is_some_and(|found| same(found, part))
        })
    }

    #[inline(never)]
    fn look_up(&mut self, presented: &Presented<'_>, parts: &Parts<'_>, key: &HashKey) -> usize {
        let mut hasher = FixedState::with_seed(0x5c07).build_hasher();
        hasher.write_u32(parts.client);
        hasher.write_u8(parts.kind as u8);
        for part in parts.bytes {
            hasher.write(part);
        }
        let hash = hasher.finish();
        let found = self.table.find(hash, |at| {
            let combination = self.all.get(*at as usize);
            combination
                .is_some_and(|combination| combination.hash == hash && self.is(combination, parts))
        });
        let number = found.copied().unwrap_or_else(|| {
            let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.all.push(Combination {
                client: parts.client,
                kind: parts.kind,
                which: presented
                    .id
                    .map_or(Which::Unnamed, |id| Which::Named(key.hash(id))),
                network: presented.address.and_then(|_| Network::of(parts.bytes[1])),
                agent: presented.agent.map(Agent::of),
                counts: C::default(),
                id: parts.id,
                start: self.bytes.len(),
                lens: parts
                    .bytes
                    .map(|part| u16::try_from(part.len()).unwrap_or(u16::MAX)),
                hash,
            });
            for part in parts.bytes {
                self.bytes.extend_from_slice(part);
            }
            self.table.insert_unique(hash, number, |at| {
                self.all
                    .get(*at as usize)
                    .map_or(0, |combination| combination.hash)
            });
            number
        });
        let client = parts.client as usize;
        if self.last.len() <= client {
            self.last.resize(client + 1, u32::MAX);
        }
        if let Some(last) = self.last.get_mut(client) {
            *last = number;
        }
        number as usize
    }

    /// Forgets all and gives them, in order of arrival. What clients presented last
    /// is compared before it is believed, so it may stay.
    pub(super) fn drain(&mut self) -> std::vec::Drain<'_, Combination<C>> {
        self.table.clear();
        self.bytes.clear();
        self.all.drain(..)
    }
}
