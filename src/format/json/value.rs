//! Where a single string or number ends.
//!
//! In: a line and the place of a value in it. Out: its end, when the value is
//! good by the grammar (RFC 8259) and the decoder could decode it.
//!
//! `None` means "not sure", as in the scanner.

use wide::{i8x16, u8x16};

use super::marks::{bits, escaped, other_escapes};

/// After an opening quote: the place of the closing one, and whether the
/// content holds escapes.
#[inline]
pub(super) fn text_end(line: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let stop = loop {
        let rest = line.get(at..)?;
        if let Some(chunk) = rest.first_chunk() {
            let stop = stops(*chunk);
            if stop != 0 {
                break stop;
            }
            at += 16;
        } else {
            // The last 16 bytes of the line begin in what was looked at before.
            let stop = stops(*line.last_chunk()?) >> (16 - rest.len());
            if stop == 0 {
                return None;
            }
            break stop;
        }
    };
    at += stop.trailing_zeros() as usize;
    match line.get(at) {
        Some(b'"') => Some((at, false)),
        _ => odd_text_end(line, start, at),
    }
}

/// Bits of the bytes that are not a plain part of a string: quote, backslash, and
/// what is below the space as a signed number, which control bytes and the bytes
/// of longer characters are.
#[inline]
fn stops(chunk: [u8; 16]) -> u32 {
    let bytes = i8x16::from(chunk.map(u8::cast_signed));
    let equal = |byte: u8| bytes.simd_eq(i8x16::splat(byte.cast_signed()));
    (equal(b'"') | equal(b'\\') | bytes.simd_lt(i8x16::splat(0x20))).to_bitmask()
}

/// The same for a string that is not plain ASCII from the byte at `at` on.
#[inline(never)]
fn odd_text_end(line: &[u8], start: usize, mut at: usize) -> Option<(usize, bool)> {
    let (mut carry, mut escapes, mut high) = (0, false, false);
    loop {
        let rest = line.get(at..).filter(|rest| !rest.is_empty())?;
        let mut padded = [b' '; 64];
        let block = rest.first_chunk::<64>().unwrap_or_else(|| {
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        let (parts, _) = block.as_chunks::<16>();
        let chunks: [u8x16; 4] = std::array::from_fn(|part| u8x16::from(parts[part]));
        let [a, b, c, d] = chunks;
        let low = a.min(b).min(c.min(d));
        if low.min(u8x16::splat(0x1f)).simd_eq(low).to_bitmask() != 0 {
            return None;
        }
        high |= (a | b | c | d).to_bitmask() != 0;
        let backslashes = bits(&chunks, b'\\');
        let hidden = escaped(backslashes, &mut carry);
        let quotes = bits(&chunks, b'"');
        let ends = quotes & !hidden;
        // The bits up to the quote that closes the string.
        let within = ends ^ ends.wrapping_sub(1);
        let usual = quotes | backslashes | bits(&chunks, b'/');
        escapes |= backslashes & within != 0;
        if !other_escapes(line, at, hidden & within & !usual) {
            return None;
        }
        if ends != 0 {
            let end = at + ends.trailing_zeros() as usize;
            let good = !high || std::str::from_utf8(&line[start..end]).is_ok();
            return good.then_some((end, escapes));
        }
        at += 64;
    }
}

/// The end of a number without exponent; one with an exponent may be out of range.
#[inline]
pub(super) fn number_end(line: &[u8], start: usize) -> Option<usize> {
    let first = start + usize::from(line.get(start) == Some(&b'-'));
    let end = first + digits(line.get(first..)?);
    if end == first || (line.get(first) == Some(&b'0') && end > first + 1) || end - first > 300 {
        return None;
    }
    let end = match line.get(end) {
        Some(b'.') => {
            let fraction = digits(line.get(end + 1..)?);
            if fraction == 0 {
                return None;
            }
            end + 1 + fraction
        }
        _ => end,
    };
    (!matches!(line.get(end), Some(b'e' | b'E'))).then_some(end)
}

/// How many digits are at the start.
#[inline]
fn digits(text: &[u8]) -> usize {
    let mut known = 0;
    if let Some(chunk) = text.first_chunk::<16>() {
        // Of all bytes only the digits differ from `0` by less than ten.
        let value = u8x16::from(*chunk) ^ u8x16::splat(b'0');
        let others = !value.min(u8x16::splat(9)).simd_eq(value).to_bitmask() & 0xffff;
        if others != 0 {
            return others.trailing_zeros() as usize;
        }
        known = 16;
    }
    let more = text[known..].iter().position(|byte| !byte.is_ascii_digit());
    more.map_or(text.len(), |more| known + more)
}
