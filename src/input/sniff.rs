//! What a file is, from its first bytes; its name is never trusted.

/// How a layer of an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952; several members may follow each other.
    Gzip,
    /// RFC 8878; several frames, some of them skippable.
    Zstd,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// Text, as far as these bytes tell.
    Text,
    /// A compressed layer that can be unpacked.
    Packed(Compression),
    /// A format that is recognised but is not a log in text form.
    Refused(&'static str),
}

/// Looks at the magic number.
pub fn sniff_bytes(head: &[u8]) -> Sniffed {
    match head {
        [0x1f, 0x8b, ..] => Sniffed::Packed(Compression::Gzip),
        // Skippable zstd frames (RFC 8878 section 3.1.2) may come first.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Sniffed::Packed(Compression::Zstd)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => {
            Sniffed::Refused("bzip2: unpack it first, for example with `bunzip2`")
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            Sniffed::Refused("xz: unpack it first, for example with `unxz`")
        }
        [b'P', b'K', 3, 4, ..] => {
            Sniffed::Refused("zip archive: unpack it first, for example with `unzip`")
        }
        [b'P', b'A', b'R', b'1', ..] => {
            Sniffed::Refused("Parquet: this is not a gateway log in text form")
        }
        [b'O', b'b', b'j', 1, ..] => {
            Sniffed::Refused("Avro: this is not a gateway log in text form")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Sniffed::Refused(
            "UTF-16 text: convert it first, for example with `iconv -f UTF-16 -t UTF-8`",
        ),
        _ => {
            // A whole sector of zeros at the start is what a crash leaves behind; more than
            // a few other control bytes is not a log.
            let probe = &head[..head.len().min(512)];
            let binary = probe
                .iter()
                .filter(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31))
                .count();
            if binary * 10 > probe.len() {
                Sniffed::Refused("binary data")
            } else {
                Sniffed::Text
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_bytes_decide_and_not_the_name() {
        assert_eq!(
            sniff_bytes(&[0x1f, 0x8b, 8, 0]),
            Sniffed::Packed(Compression::Gzip)
        );
        assert_eq!(
            sniff_bytes(&[0x28, 0xb5, 0x2f, 0xfd, 4]),
            Sniffed::Packed(Compression::Zstd)
        );
        assert_eq!(
            sniff_bytes(&[0x51, 0x2a, 0x4d, 0x18]),
            Sniffed::Packed(Compression::Zstd)
        );
        assert_eq!(sniff_bytes(b"{\"time\""), Sniffed::Text);
        assert_eq!(sniff_bytes(b"\xef\xbb\xbf{"), Sniffed::Text);
        assert_eq!(sniff_bytes(&[0; 4096]), Sniffed::Text);
        assert!(matches!(sniff_bytes(b"PAR1\x15\x04"), Sniffed::Refused(_)));
        assert!(matches!(
            sniff_bytes(&[0xff, 0xfe, b'{', 0]),
            Sniffed::Refused(_)
        ));
        assert!(matches!(
            sniff_bytes(&[1, 2, 3, 4, 5, 6]),
            Sniffed::Refused(_)
        ));
    }
}
