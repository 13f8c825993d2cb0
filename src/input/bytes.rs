//! Comparing and searching short byte strings without a call.
//!
//! A log line is a few dozen fields of 3 to 40 bytes. For these the library
//! routines, tuned for long inputs, spend most of their time being called.
//!
//! Invariant: each function answers as its plain counterpart does; a property
//! test compares them.

use wide::u8x16;

/// `a == b`.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (
        a.first_chunk::<8>(),
        b.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        (Some(a_first), Some(b_first), Some(a_last), Some(b_last)) => {
            let ends = a_first == b_first && a_last == b_last;
            ends && (a.len() <= 16 || a[8..a.len() - 8] == b[8..b.len() - 8])
        }
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// Offset of the first `byte`.
#[inline]
pub(crate) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let wanted = u8x16::splat(byte);
    let (chunks, rest) = text.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let found = u8x16::from(*chunk).simd_eq(wanted).to_bitmask();
        if found != 0 {
            return Some(index * 16 + found.trailing_zeros() as usize);
        }
    }
    if let (Some(last), false) = (text.last_chunk::<16>(), rest.is_empty()) {
        // The last 16 bytes begin among those that were looked at.
        let found = u8x16::from(*last).simd_eq(wanted).to_bitmask();
        let found = found >> (16 - rest.len());
        return (found != 0).then(|| chunks.len() * 16 + found.trailing_zeros() as usize);
    }
    let at = match (rest.first_chunk(), rest.last_chunk()) {
        (Some(first), Some(last)) => {
            let last = || eight(byte, *last).map(|at| rest.len() - 8 + at);
            eight(byte, *first).or_else(last)
        }
        _ => rest.iter().position(|other| *other == byte),
    };
    at.map(|at| chunks.len() * 16 + at)
}

/// Offset of the first byte that is one of two.
#[inline]
pub(crate) fn find_either(one: u8, two: u8, text: &[u8]) -> Option<usize> {
    let found = |chunk: &[u8; 16]| {
        let bytes = u8x16::from(*chunk);
        let equal = bytes.simd_eq(u8x16::splat(one)) | bytes.simd_eq(u8x16::splat(two));
        equal.to_bitmask()
    };
    let (chunks, rest) = text.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let found = found(chunk);
        if found != 0 {
            return Some(index * 16 + found.trailing_zeros() as usize);
        }
    }
    let at = match text.last_chunk::<16>() {
        _ if rest.is_empty() => None,
        Some(last) => {
            let found = found(last) >> (16 - rest.len());
            (found != 0).then(|| found.trailing_zeros() as usize)
        }
        None => rest.iter().position(|other| *other == one || *other == two),
    };
    at.map(|at| chunks.len() * 16 + at)
}

/// The same as [`find`] for eight bytes: where a byte is equal, its difference is zero, and
/// the lowest zero byte is the first whose top bit the subtraction sets.
#[inline]
fn eight(byte: u8, text: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let different = u64::from_le_bytes(text) ^ (ONES * u64::from(byte));
    let zero = different.wrapping_sub(ONES) & !different & ONES << 7;
    (zero != 0).then(|| zero.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_strings_compare_and_search_as_slices_do(
            text in proptest::collection::vec(0_u8..4, 0..70),
            other in proptest::collection::vec(0_u8..4, 0..70),
            at in any::<prop::sample::Index>(),
        ) {
            prop_assert_eq!(same(&text, &other), text == other);
            prop_assert!(same(&text, &text.clone()));
            if !text.is_empty() {
                let mut changed = text.clone();
                changed[at.index(text.len())] ^= 4;
                prop_assert!(!same(&text, &changed));
                prop_assert_eq!(find(4, &changed), changed.iter().position(|byte| *byte == 4));
            }
            prop_assert_eq!(find(3, &text), text.iter().position(|byte| *byte == 3));
            let either = text.iter().position(|byte| matches!(byte, 1 | 3));
            prop_assert_eq!(find_either(1, 3, &text), either);
            let rare: Vec<u8> = text.iter().map(|byte| byte / 3).collect();
            prop_assert_eq!(find_either(1, 9, &rare), rare.iter().position(|byte| *byte == 1));
        }
    }
}
