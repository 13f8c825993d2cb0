//! Tables that stay bounded whatever a scanner sends.
//!
//! When a table is full, half of the hash space is closed: keys whose hash lies
//! in it go to "other". Which keys stay depends on their hashes alone, so the
//! result is the same for every order of arrival and number of threads, as
//! long as the last step is taken on the union of all tables.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::quality::FixedState;

pub use crate::catalog::near::is_id;
use crate::event::mask::Mask;
use crate::model::Method;

/// A hash that is the same in every run.
pub(super) fn stable_hash(bytes: &[u8]) -> u64 {
    FixedState::with_seed(0x5c07).hash_one(bytes)
}

/// The largest limit `2^64 / 2^n` under which at most `cap` of the hashes lie.
pub(super) fn limit_for(mut hashes: Vec<u64>, cap: usize) -> u64 {
    let mut limit = u64::MAX;
    while hashes.len() > cap {
        limit >>= 1;
        hashes.retain(|hash| *hash < limit);
    }
    limit
}

/// Unmatched requests of one client to similar paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cluster {
    /// Method of the requests.
    pub method: Method,
    /// The path with ids replaced by `{}`.
    pub path: String,
    /// Requests that passed authorisation or may have.
    pub need: u64,
    /// Requests that were refused or had no client.
    pub other: u64,
    /// Of those that passed, answers with a status of 200 to 399: something is there.
    pub served: u64,
}

/// Unmatched paths by (client, method, clustered path), bounded.
#[derive(Debug)]
pub(super) struct Clusters {
    limit: u64,
    cap: usize,
    pub(super) map: BTreeMap<(u32, Method, Box<[u8]>), Counts>,
}

/// Requests that may have needed a permission, other requests, and the hash of client and path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) need: u64,
    pub(super) other: u64,
    pub(super) served: u64,
    pub(super) hash: u64,
}

impl Clusters {
    pub(super) fn new(cap: usize) -> Self {
        Self {
            limit: u64::MAX,
            cap,
            map: BTreeMap::new(),
        }
    }

    /// Counts one request; `client_hash` is the stable hash of the client's name.
    pub(super) fn add(
        &mut self,
        (client, client_hash): (u32, u64),
        method: Method,
        path: &[u8],
        (need, served): (bool, bool),
    ) {
        let path = cluster(path);
        let hash = stable_hash(&path) ^ client_hash.rotate_left(17);
        if hash >= self.limit {
            return;
        }
        let counts = self.map.entry((client, method, path)).or_insert(Counts {
            hash,
            ..Counts::default()
        });
        counts.served += u64::from(need && served);
        if need {
            counts.need += 1;
        } else {
            counts.other += 1;
        }
        while self.map.len() > self.cap && self.limit > 0 {
            self.limit >>= 1;
            let limit = self.limit;
            self.map.retain(|_, counts| counts.hash < limit);
        }
    }
}

/// The same clusters without secrets in their paths; those that then look alike are one.
pub(super) fn masked(clusters: Vec<Cluster>, mask: &Mask) -> Vec<Cluster> {
    let mut sums: BTreeMap<(Method, String), [u64; 3]> = BTreeMap::new();
    for Cluster {
        method,
        path,
        need,
        other,
        served,
    } in clusters
    {
        let sum = sums
            .entry((method, mask.path(&path).into_owned()))
            .or_default();
        for (sum, own) in sum.iter_mut().zip([need, other, served]) {
            *sum += own;
        }
    }
    sums.into_iter()
        .map(|((method, path), [need, other, served])| Cluster {
            method,
            path,
            need,
            other,
            served,
        })
        .collect()
}

/// Replaces what looks like an id by `{}` and cuts very long paths.
pub(super) fn cluster(path: &[u8]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(path.len().min(256));
    for (index, segment) in path.split(|byte| *byte == b'/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        if index > 12 {
            out.extend_from_slice(b"**");
            break;
        }
        // A target that is no path still has its matrix parameters.
        let matrix = memchr::memchr(b';', segment);
        let segment = &segment[..matrix.unwrap_or(segment.len())];
        if is_id(segment) {
            out.extend_from_slice(b"{}");
        } else {
            out.extend_from_slice(segment);
        }
    }
    out.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_clustered_and_words_and_versions_are_not() {
        let clustered = |path: &str| String::from_utf8(cluster(path.as_bytes()).to_vec()).unwrap();
        assert_eq!(clustered("/v1/unknown/42"), "/v1/unknown/{}");
        assert_eq!(
            clustered("/a/cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2/b"),
            "/a/{}/b"
        );
        assert_eq!(clustered("/wp-login.php"), "/wp-login.php");
        assert_eq!(clustered("v1/x;k=a/y;b"), "v1/x/y");
        assert_eq!(
            clustered(&"/x".repeat(50)),
            format!("{}/**", "/x".repeat(12))
        );
    }

    #[test]
    fn a_full_table_keeps_the_same_paths_in_any_order() {
        let paths: Vec<String> = (0..500)
            .map(|n| {
                format!(
                    "/p{}",
                    "abcdefghijklmnop".split_at(n % 16).0.to_owned() + &"z".repeat(n / 16)
                )
            })
            .collect();
        let mut forward = Clusters::new(50);
        let mut backward = Clusters::new(50);
        for path in &paths {
            forward.add((1, 77), Method::Get, path.as_bytes(), (true, true));
        }
        for path in paths.iter().rev() {
            backward.add((1, 77), Method::Get, path.as_bytes(), (true, true));
        }
        assert!(forward.map.len() <= 50);
        assert_eq!(
            forward.map.keys().collect::<Vec<_>>(),
            backward.map.keys().collect::<Vec<_>>()
        );
    }
}
