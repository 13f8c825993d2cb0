//! What a key is called, without the key itself.

use super::Item;
use crate::event::hash::HashKey;

/// The name of a key, and its other ones.
pub(super) struct Names {
    pub(super) name: String,
    pub(super) others: Vec<String>,
}

/// The names of a key, the first one as in the analytics; nothing where it has none.
pub(super) fn names(item: &Item<'_>) -> Option<Names> {
    let mut all: Vec<String> = ["oauth_client_id", "alias", "key_hash"]
        .iter()
        .filter_map(|key| item.text(key).map(str::to_owned))
        .collect();
    // Keys are listed by their hashes where the gateway hashes them.
    let written = item.text("key_id").into_iter().chain(item.stands_under());
    for id in written {
        if is_hash(id) {
            all.push(id.to_owned());
        } else {
            all.push(HashKey::default().hash(id.as_bytes()).to_string());
            // A gateway may hash the keys in its analytics, or write them as they are.
            all.extend([murmur32(id.as_bytes()), id.to_owned()]);
        }
    }
    let mut all = all.into_iter();
    let name = all.next()?;
    Some(Names {
        name,
        others: all.collect(),
    })
}

/// Whether an id is as long as a hash of Tyk's (`hash_key_function`), which no key is.
fn is_hash(id: &str) -> bool {
    [8, 16, 64].contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Tyk's default hash of a key, by which its analytics call the key: `MurmurHash3`, 32 bits.
fn murmur32(key: &[u8]) -> String {
    const FIRST: u32 = 0xcc9e_2d51;
    const SECOND: u32 = 0x1b87_3593;
    let mixed = |block: u32| {
        let rotated = block.wrapping_mul(FIRST).rotate_left(15);
        rotated.wrapping_mul(SECOND)
    };
    let word = |bytes: &[u8]| {
        let bytes = bytes.iter().rev();
        bytes.fold(0_u32, |word, byte| (word << 8) | u32::from(*byte))
    };
    let (blocks, rest) = key.as_chunks::<4>();
    let mut hash = 0_u32;
    for block in blocks {
        hash ^= mixed(word(block));
        hash = hash
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    hash ^= mixed(word(rest));
    hash ^= u32::try_from(key.len()).unwrap_or(u32::MAX);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    format!("{:08x}", hash ^ (hash >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_key_is_that_of_murmur() {
        let known = [
            ("", "00000000"),
            ("hello", "248bfa47"),
            ("hello, world", "149bbb7f"),
            ("19 Jan 2038 at 3:14:07 AM", "e31e8a70"),
            ("The quick brown fox jumps over the lazy dog.", "d5c48bfc"),
        ];
        for (key, hash) in known {
            assert_eq!(murmur32(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn what_is_as_long_as_a_hash_is_one() {
        assert!(is_hash("0a1b2c3d") && is_hash(&"0f".repeat(32)));
        assert!(!is_hash("0a1b2c3") && !is_hash("0a1b2c3x") && !is_hash(""));
    }
}
