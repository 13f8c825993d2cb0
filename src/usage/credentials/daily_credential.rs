//! What was seen of one credential of one client on one day.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use serde::{Serialize, Serializer};

use super::Agent;
use crate::model::Millis;
use crate::usage::bounded::stable_hash;

/// Networks kept of one row.
pub(crate) const MAX_NETWORKS: usize = 8;
/// Families of user agents kept of one row.
pub(crate) const MAX_AGENTS: usize = 4;
/// Seconds by which clocks may differ before a token counts as used after its end.
pub(crate) const SKEW_SECONDS: i64 = 300;

/// A network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(u64);

impl Network {
    const V6: u64 = 1 << 63;

    /// The network of an address as logged; `None` when it is none.
    pub fn of(raw: &[u8]) -> Option<Self> {
        let address: IpAddr = std::str::from_utf8(raw).ok()?.trim().parse().ok()?;
        let address = match address {
            IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
            four @ IpAddr::V4(_) => four,
        };
        Some(match address {
            IpAddr::V4(four) => Self(u64::from(u32::from(four) >> 8)),
            IpAddr::V6(six) => Self(Self::V6 | u64::try_from(u128::from(six) >> 80).unwrap_or(0)),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 & Self::V6 == 0 {
            let [_, a, b, c] = u32::try_from(self.0).unwrap_or(0).to_be_bytes();
            write!(f, "{a}.{b}.{c}.0/24")
        } else {
            let bits = u128::from(self.0 & !Self::V6) << 80;
            write!(f, "{}/48", Ipv6Addr::from(bits))
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a bounded set keeps: those with the smallest hashes, whatever the order of arrival.
pub trait Ranked: Ord + Clone {
    /// Decides which ones stay.
    fn rank(&self) -> u64;
}

impl Ranked for Network {
    fn rank(&self) -> u64 {
        stable_hash(&self.0.to_le_bytes())
    }
}

impl Ranked for Agent {
    fn rank(&self) -> u64 {
        stable_hash(self.as_str().as_bytes())
    }
}

/// A bounded set in which each item has the hours (UTC) of its activity, bit n for hour n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours<T> {
    /// Items in order, with their hours.
    pub items: Vec<(T, u32)>,
    /// There were more than are kept.
    pub more: bool,
}

impl<T> Default for Hours<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            more: false,
        }
    }
}

impl<T: Ranked> Hours<T> {
    /// Adds hours of one item; at most `cap` items stay.
    pub fn add(&mut self, item: &T, hours: u32, cap: usize) {
        match self.items.binary_search_by(|(known, _)| known.cmp(item)) {
            Ok(at) => self.items[at].1 |= hours,
            Err(at) => {
                if self.items.is_empty() {
                    // Nearly every credential has one network: no room is kept for four.
                    self.items.reserve_exact(1);
                }
                self.items.insert(at, (item.clone(), hours));
                if self.items.len() > cap {
                    let largest = self
                        .items
                        .iter()
                        .enumerate()
                        .max_by_key(|(_, (known, _))| known.rank())
                        .map(|(at, _)| at);
                    if let Some(at) = largest {
                        self.items.remove(at);
                    }
                    self.more = true;
                }
            }
        }
    }

    /// The union.
    pub fn merge(&mut self, other: &Self, cap: usize) {
        for (item, hours) in &other.items {
            self.add(item, *hours, cap);
        }
        self.more |= other.more;
    }
}

/// Counts and facts of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Requests.
    pub count: u64,
    /// Of these, requests that were refused.
    pub refused: u64,
    /// First request.
    pub first: Millis,
    /// Last request.
    pub last: Millis,
    /// Shortest and longest lifetime of its tokens (`exp - iat`) in seconds, where both are logged.
    pub lifetime: Option<(u32, u32)>,
    /// Longest time in seconds from a request to the end of its token, where only the end is
    /// logged: the token lives longer than that.
    pub left: Option<u32>,
    /// Requests with a token that has a start and no end.
    pub endless: u64,
    /// Requests that passed with a token more than [`SKEW_SECONDS`] after its end.
    pub expired: u64,
    /// Requests whose token carried a list of scopes, even an empty one.
    pub scoped: u64,
    /// Where they came from.
    pub networks: Hours<Network>,
    /// What sent them.
    pub agents: Hours<Agent>,
}

impl Facts {
    /// Joins two parts of one row.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.refused += other.refused;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.lifetime = wider(self.lifetime, other.lifetime);
        self.left = self.left.max(other.left);
        self.endless += other.endless;
        self.expired += other.expired;
        self.scoped += other.scoped;
        self.networks.merge(&other.networks, MAX_NETWORKS);
        self.agents.merge(&other.agents, MAX_AGENTS);
    }
}

/// The smaller of the shortest and the larger of the longest.
pub(super) fn wider(span: Option<(u32, u32)>, other: Option<(u32, u32)>) -> Option<(u32, u32)> {
    match (span, other) {
        (Some(span), Some(other)) => Some((span.0.min(other.0), span.1.max(other.1))),
        (span, other) => span.or(other),
    }
}
