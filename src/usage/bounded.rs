//! Tables that stay bounded whatever a scanner sends.
//!
//! When a table is full, half of the hash space is closed: keys whose hash lies
//! in it go to "other". Which keys stay depends on their hashes alone, so the
//! result is the same for every order of arrival and number of threads, as
//! long as the last step is taken on the union of all tables.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use crate::catalog::near::is_id;

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
        // A target that is not a path still has its matrix parameters.
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
}
