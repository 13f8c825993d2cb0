//! Decodes the escapes of a JSON string that the scanner has checked.

use wide::u8x16;

/// Appends the decoded text. `raw` holds no surrogates and no broken escapes.
///
/// A path has an escape before every segment, so what lies between two escapes
/// is copied 16 bytes at a time, whatever its length.
pub(in crate::format) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut to = out.len();
    out.resize(to + raw.len() + 16, 0);
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let mut padded = [b'\\'; 16];
        let chunk = rest.first_chunk::<16>().unwrap_or_else(|| {
            padded[..rest.len()].copy_from_slice(rest);
            &padded
        });
        if let Some(room) = out.get_mut(to..to + 16) {
            room.copy_from_slice(chunk);
        }
        let escapes = u8x16::from(*chunk).simd_eq(u8x16::splat(b'\\'));
        let plain = (escapes.to_bitmask() | 1 << 16).trailing_zeros() as usize;
        at += plain;
        to += plain;
        let Some([b'\\', kind, digits @ ..]) = raw.get(at..) else {
            if plain == 0 {
                break;
            }
            continue;
        };
        let byte = match kind {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut buffer = [0; 4];
                let decoded = character(digits).encode_utf8(&mut buffer).as_bytes();
                if let Some(room) = out.get_mut(to..to + decoded.len()) {
                    room.copy_from_slice(decoded);
                }
                to += decoded.len();
                at += 6;
                continue;
            }
            other => *other,
        };
        if let Some(room) = out.get_mut(to) {
            *room = byte;
        }
        to += 1;
        at += 2;
    }
    out.truncate(to);
}

/// The character of a `\u` escape.
fn character(digits: &[u8]) -> char {
    let digits = digits.get(..4).unwrap_or_default();
    let code = digits.iter().fold(0_u32, |code, digit| {
        code * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
    });
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decoded_text_is_what_the_full_parser_reads(pieces in prop::collection::vec(prop_oneof![
            "[a-z/]{0,40}",
            prop::sample::select(vec!["\\/", "\\\\", "\\\"", "\\n", "\\b\\f\\r\\t", "\\u0041", "\\u00e9", "\\uFFFD", "кот"]).prop_map(str::to_owned),
        ], 0..12)) {
            let raw = pieces.concat();
            let mut out = b"before".to_vec();
            unescape(raw.as_bytes(), &mut out);
            let full: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            prop_assert_eq!(&out[6..], full.as_bytes(), "{}", raw);
        }
    }
}
