//! One look at a request target: where its path ends, and whether that path is
//! plain. Nearly every one is.

use wide::u8x16;

/// Where query or fragment begin, and whether there is nothing before them to
/// decode, to merge or to resolve. One pass decides nearly every line.
#[inline]
pub(super) fn look(target: &[u8]) -> (usize, bool) {
    let (chunks, rest) = target.as_chunks::<16>();
    // The bit of a slash that ends the chunk before.
    let mut carry = 0;
    for (index, chunk) in chunks.iter().enumerate() {
        match look_at(chunk, &mut carry) {
            Looked::Odd => return (end(target), false),
            Looked::End(at) => return (index * 16 + at, true),
            Looked::Plain => {}
        }
    }
    if rest.is_empty() {
        return (target.len(), true);
    }
    if let Some(last) = target.last_chunk::<16>() {
        // It begins among bytes that are plain, so their slash needs no carrying.
        return match look_at(last, &mut 0) {
            Looked::Odd => (end(target), false),
            Looked::End(at) => (target.len() - 16 + at, true),
            Looked::Plain => (target.len(), true),
        };
    }
    let mut before = 0;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'?' | b'#' => return (at, true),
            b'%' | b';' | b'\\' => return (end(target), false),
            b'/' | b'.' if before == b'/' => return (end(target), false),
            _ => before = *byte,
        }
    }
    (target.len(), true)
}

/// What 16 bytes of a target hold.
enum Looked {
    /// Nothing of note.
    Plain,
    /// Something to decode, to merge or to resolve.
    Odd,
    /// Query or fragment begins here, and nothing before it is odd.
    End(usize),
}

#[inline]
fn look_at(chunk: &[u8; 16], carry: &mut u32) -> Looked {
    let bytes = u8x16::from(*chunk);
    let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
    let slash = is(b'/').to_bitmask();
    let dots = (is(b'/') | is(b'.')).to_bitmask();
    let stop = (is(b'?') | is(b'#')).to_bitmask();
    let odd = (is(b'%') | is(b';') | is(b'\\')).to_bitmask() | (slash << 1 | *carry) & dots;
    *carry = slash >> 15;
    if odd & 0xffff & stop.wrapping_sub(1) & !stop != 0 {
        Looked::Odd
    } else if stop != 0 {
        Looked::End(stop.trailing_zeros() as usize)
    } else {
        Looked::Plain
    }
}

#[cold]
fn end(target: &[u8]) -> usize {
    memchr::memchr2(b'?', b'#', target).unwrap_or(target.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_look_finds_the_end_and_what_is_odd(target in "[a/.%;?#\\\\]{0,8}[a-z/]{0,40}[a/.%;?#]{0,20}") {
            let target = target.as_bytes();
            let end = target.iter().position(|byte| b"?#".contains(byte)).unwrap_or(target.len());
            let path = &target[..end];
            let odd = path.iter().any(|byte| b"%;\\".contains(byte))
                || path.windows(2).any(|pair| pair[0] == b'/' && b"/.".contains(&pair[1]));
            prop_assert_eq!(look(target), (end, !odd));
        }
    }
}
