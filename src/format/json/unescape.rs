//! Decodes the escapes of a JSON string that the scanner has checked.

/// Appends the decoded text. `raw` holds no surrogates and no broken escapes.
pub(super) fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(kind) = rest.get(at + 1) else { return };
        let mut used = 2;
        match kind {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                used = 6;
                let code = rest
                    .get(at + 2..at + 6)
                    .unwrap_or_default()
                    .iter()
                    .fold(0_u32, |code, digit| {
                        code * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
                    });
                let mut buffer = [0; 4];
                let decoded = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(decoded.encode_utf8(&mut buffer).as_bytes());
            }
            other => out.push(*other),
        }
        rest = rest.get(at + used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
