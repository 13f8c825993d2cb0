//! Where the strings of a line end: one pass over its bytes, 64 at a time.
//!
//! In: a line. Out: a bit for each quote that no backslash escapes.
//!
//! Invariants:
//! * a line with control bytes, with an escape that the decoder would not
//!   decode by itself (surrogates), or that is not UTF-8, is not answered;
//! * a backslash outside of strings may hide a quote, which does no harm: the
//!   scanner looks at every byte outside of strings and stops at a backslash.

use wide::u8x16;

/// Quotes of one line.
#[derive(Default)]
pub(super) struct Marks {
    /// One bit for each byte of the line.
    pub(super) quotes: Vec<u64>,
    /// The line holds a backslash.
    pub(super) escapes: bool,
}

/// Bits of 64 bytes that equal `byte`.
#[inline]
pub(super) fn bits(chunks: &[u8x16; 4], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    chunks.iter().rev().fold(0, |bits, chunk| {
        bits << 16 | u64::from(chunk.simd_eq(wanted).to_bitmask())
    })
}

impl Marks {
    /// Reads a line; `false` when it is one for the full parser.
    pub(super) fn fill(&mut self, line: &[u8]) -> bool {
        self.quotes.clear();
        self.escapes = false;
        let (blocks, rest) = line.as_chunks::<64>();
        let mut last = [b' '; 64];
        if let Some(chunk) = last.get_mut(..rest.len()) {
            chunk.copy_from_slice(rest);
        }
        let control = u8x16::splat(0x1f);
        let backslash = u8x16::splat(b'\\');
        let (mut low, mut high) = (u8x16::splat(0), u8x16::splat(0));
        let mut carry = 0;
        for (index, block) in blocks.iter().chain([&last]).enumerate() {
            let (parts, _) = block.as_chunks::<16>();
            let chunks: [u8x16; 4] = std::array::from_fn(|part| u8x16::from(parts[part]));
            let [a, b, c, d] = chunks;
            high = high | a | b | c | d;
            low = low
                | a.min(control).simd_eq(a)
                | b.min(control).simd_eq(b)
                | c.min(control).simd_eq(c)
                | d.min(control).simd_eq(d);
            let slashes = a.simd_eq(backslash)
                | b.simd_eq(backslash)
                | c.simd_eq(backslash)
                | d.simd_eq(backslash);
            let mut quotes = bits(&chunks, b'"');
            if carry != 0 || slashes.to_bitmask() != 0 {
                self.escapes = true;
                let escaped = escaped(bits(&chunks, b'\\'), &mut carry);
                let usual = quotes | bits(&chunks, b'\\') | bits(&chunks, b'/');
                if !other_escapes(line, index * 64, escaped & !usual) {
                    return false;
                }
                quotes &= !escaped;
            }
            self.quotes.push(quotes);
        }
        if low.to_bitmask() != 0 {
            return false;
        }
        let top = u8x16::splat(0x80);
        (high & top).simd_eq(top).to_bitmask() == 0 || std::str::from_utf8(line).is_ok()
    }
}

/// The bytes that a backslash escapes; of `\\\"` the second and the fourth.
///
/// Bits that follow each other are worked on at once, by the carry of a
/// subtraction. The method of simdjson (Langdale and Lemire, 2019, section 3.1.1).
#[inline]
pub(super) fn escaped(backslashes: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let starts = backslashes & !*carry;
    let codes = ((starts << 1) | ODD).wrapping_sub(starts) ^ ODD;
    let escaped = codes ^ (backslashes | *carry);
    *carry = (codes & backslashes) >> 63;
    escaped
}

/// Whether the rarer escapes are good: letters, and `\u` with four digits that
/// are not a half of a surrogate pair.
#[inline]
pub(super) fn other_escapes(line: &[u8], base: usize, mut bits: u64) -> bool {
    while bits != 0 {
        let at = base + bits.trailing_zeros() as usize;
        bits &= bits - 1;
        let good = match line.get(at) {
            Some(b'b' | b'f' | b'n' | b'r' | b't') => true,
            Some(b'u') => line.get(at + 1..at + 5).is_some_and(|digits| {
                let surrogate = matches!(
                    digits,
                    [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
                );
                !surrogate && digits.iter().all(u8::is_ascii_hexdigit)
            }),
            _ => false,
        };
        if !good {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte, as the grammar reads.
    fn plain(line: &[u8]) -> Vec<usize> {
        let (mut quotes, mut at) = (Vec::new(), 0);
        while at < line.len() {
            match line[at] {
                b'\\' => at += 1,
                b'"' => quotes.push(at),
                _ => {}
            }
            at += 1;
        }
        quotes
    }

    proptest! {
        #[test]
        fn quotes_are_found_as_a_plain_loop_finds_them(text in r#"[\\"/a]{0,200}"#) {
            let mut marks = Marks::default();
            let usual = text.replace("\\a", "\\/");
            if marks.fill(usual.as_bytes()) {
                let found: Vec<usize> = (0..usual.len())
                    .filter(|at| marks.quotes[at / 64] >> (at % 64) & 1 == 1)
                    .collect();
                prop_assert_eq!(found, plain(usual.as_bytes()));
                prop_assert_eq!(marks.escapes, usual.contains('\\'));
            }
        }
    }

    #[test]
    fn what_the_decoder_cannot_do_alone_is_left_to_the_full_parser() {
        let fill = |text: &[u8]| Marks::default().fill(text);
        assert!(fill(br#""\/\n\u00e9\\""#));
        assert!(fill("\"кот\"".as_bytes()));
        for text in [
            &b"\"\\ud83d\\ude00\""[..],
            b"\"\\x41\"",
            b"\"\\u12",
            b"\"a\tb\"",
            b"\"\xe9\"",
            b"a\\",
        ] {
            assert!(!fill(text), "{text:?}");
        }
        let long = [&[b'a'; 63][..], b"\\"].concat();
        assert!(!fill(&long), "a backslash that ends the line at a border");
    }
}
