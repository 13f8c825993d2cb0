//! BLAKE3 of an input, from the subtrees of its blocks.
//!
//! BLAKE3 is a tree over 1 KiB chunks, so every aligned power-of-two block has
//! a chaining value of its own and workers can hash their blocks while they
//! are in cache, in any order (section 2.1 of the BLAKE3 paper). The result
//! equals a plain BLAKE3 of the whole content.

use blake3::hazmat::{
    HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use super::BLOCK;
use crate::model::ContentDigest;

type Chaining = [u8; 32];

/// Collects the chaining values of the blocks of one input.
#[derive(Debug, Default)]
pub(crate) struct BlockHasher {
    blocks: Vec<Option<Chaining>>,
    total: u64,
    /// Set instead of `blocks` when the content fits one block.
    single: Option<ContentDigest>,
    /// The digest of the first block, in case it stays alone.
    alone: Option<ContentDigest>,
}

/// What one block adds.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockHash {
    /// The only block: already the digest of everything.
    Whole(ContentDigest),
    /// One of several, perhaps.
    Part(Chaining),
    /// The first full block: it may turn out to be the only one.
    First(Chaining, ContentDigest),
}

/// Hashes the block with this index; `only` when the input has no other block.
pub(super) fn hash_block(index: usize, bytes: &[u8], only: bool) -> BlockHash {
    if only {
        return BlockHash::Whole(ContentDigest::of(bytes));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(index as u64 * BLOCK as u64);
    let chaining = hasher.update(bytes).finalize_non_root();
    if index == 0 {
        BlockHash::First(chaining, ContentDigest::of(bytes))
    } else {
        BlockHash::Part(chaining)
    }
}

impl BlockHasher {
    /// Adds a block of `len` bytes; blocks may come in any order.
    pub(super) fn add(&mut self, index: usize, len: usize, hash: Option<BlockHash>) {
        self.total += len as u64;
        let Some(hash) = hash else { return };
        match hash {
            BlockHash::Whole(digest) => self.single = Some(digest),
            BlockHash::First(chaining, alone) => {
                self.alone = Some(alone);
                self.put(index, chaining);
            }
            BlockHash::Part(chaining) => self.put(index, chaining),
        }
    }

    fn put(&mut self, index: usize, chaining: Chaining) {
        if self.blocks.len() <= index {
            self.blocks.resize(index + 1, None);
        }
        self.blocks[index] = Some(chaining);
    }

    /// The digest of everything that was added; `None` when a block is missing.
    pub(crate) fn finish(&self) -> Option<ContentDigest> {
        if let Some(digest) = self.single {
            return Some(digest);
        }
        let blocks: Option<Vec<Chaining>> = self.blocks.iter().copied().collect();
        let blocks = blocks?;
        match blocks.as_slice() {
            // Also when no block was hashed.
            [] => (self.total == 0).then(|| ContentDigest::of(b"")),
            // A stream of exactly one block: nobody knew that no other would follow.
            [_] => self.alone,
            _ => {
                let left = usize::try_from(left_subtree_len(self.total)).ok()? / BLOCK;
                let root = merge_subtrees_root(
                    &subtree(blocks.get(..left)?),
                    &subtree(blocks.get(left..)?),
                    Mode::Hash,
                );
                Some(ContentDigest(*root.as_bytes()))
            }
        }
    }

    /// Bytes added so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

/// The chaining value of consecutive blocks; the left side is the largest power of two.
fn subtree(blocks: &[Chaining]) -> Chaining {
    match blocks {
        [] => [0; 32],
        [only] => *only,
        more => {
            let half = (more.len() - 1)
                .checked_ilog2()
                .map_or(1, |bits| 1_usize << bits);
            let (left, right) = more.split_at(half);
            merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_hashed_has_no_digest() {
        let mut hasher = BlockHasher::default();
        hasher.add(0, 17, None);
        assert_eq!((hasher.finish(), hasher.total()), (None, 17));
    }

    #[test]
    fn the_digest_of_blocks_is_the_blake3_of_the_whole_content() {
        for len in [
            0,
            1,
            1_000,
            BLOCK,
            BLOCK + 1,
            3 * BLOCK,
            3 * BLOCK + 17,
            4 * BLOCK,
            5 * BLOCK + 1023,
        ] {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut hasher = BlockHasher::default();
            let count = len.div_ceil(BLOCK);
            for (index, block) in bytes.chunks(BLOCK).enumerate().rev() {
                hasher.add(
                    index,
                    block.len(),
                    Some(hash_block(index, block, count == 1)),
                );
            }
            assert_eq!(hasher.finish(), Some(ContentDigest::of(&bytes)), "{len}");
            assert_eq!(hasher.total(), len as u64);
        }
    }
}
