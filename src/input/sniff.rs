//! What a file is, from its first bytes; its name is never trusted.

use super::utf16::ByteOrder;
use super::{lz4, tar};

/// How a layer of an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// RFC 1952; several members may follow each other.
    Gzip,
    /// RFC 8878; several frames, some of them skippable.
    Zstd,
    /// Several streams may follow each other.
    Bzip2,
    /// The .xz file format 1.2; several streams, with padding after each.
    Xz,
    /// The frame format of LZ4 1.6; several frames, some of them skippable.
    Lz4,
}

/// A file that holds other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Archive {
    /// POSIX.1 ustar and pax, and what came before them.
    Tar,
    /// PKWARE APPNOTE 6.3.
    Zip,
}

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sniffed {
    /// Text, as far as these bytes show.
    Text,
    /// UTF-16 with a byte order mark.
    Utf16(ByteOrder),
    /// A compressed layer that can be unpacked.
    Packed(Compression),
    /// Files in a file.
    Archive(Archive),
    /// A format that is recognised but is not a log in text form.
    Refused(&'static str),
}

impl Sniffed {
    /// What it is called where only text in UTF-8 is read; `None` for that.
    pub(crate) fn other_than_utf8(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Utf16(_) => {
                Some("UTF-16 text: convert it first, for example with `iconv -f UTF-16 -t UTF-8`")
            }
            Self::Packed(Compression::Gzip) => Some("gzip"),
            Self::Packed(Compression::Zstd) => Some("zstd"),
            Self::Packed(Compression::Bzip2) => Some("bzip2"),
            Self::Packed(Compression::Xz) => Some("xz"),
            Self::Packed(Compression::Lz4) => Some("lz4"),
            Self::Archive(Archive::Tar) => {
                Some("tar archive: unpack it first, for example with `tar -xf`")
            }
            Self::Archive(Archive::Zip) => {
                Some("zip archive: unpack it first, for example with `unzip`")
            }
            Self::Refused(what) => Some(what),
        }
    }
}

/// Files that are no log in text form: their first bytes, what they are and what to do.
const REFUSED: [(&[u8], &str); 20] = [
    (b"PAR1", "Parquet: export the requests as JSON lines or CSV"),
    (
        b"PARE",
        "encrypted Parquet: export the requests as JSON lines or CSV",
    ),
    (
        b"Obj\x01",
        "Avro: export the records as JSON lines, for example with `avro-tools tojson`",
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        "7z archive: unpack it first, for example with `7z x`",
    ),
    (
        b"Rar!\x1a\x07",
        "rar archive: unpack it first, for example with `unrar x`",
    ),
    (
        b"MSCF\0\0\0\0",
        "cabinet archive: unpack it first, for example with `cabextract`",
    ),
    (
        b"!<arch>\n",
        "ar archive: unpack it first, for example with `ar x`",
    ),
    (
        b"\x1f\x9d",
        "compress (.Z): unpack it first, for example with `uncompress`",
    ),
    (
        b"\x5d\x00\x00\x80\x00",
        "LZMA without the xz container: unpack it first, for example with `unlzma`",
    ),
    (
        b"LZIP\x01",
        "lzip: unpack it first, for example with `lzip -d`",
    ),
    (
        b"\x89LZO\x00\r\n\x1a\n",
        "lzop: unpack it first, for example with `lzop -d`",
    ),
    (
        b"\x02\x21\x4c\x18",
        "LZ4 in its legacy format: unpack it first, for example with `lz4 -d`",
    ),
    (
        b"\xff\x06\x00\x00sNaPpY",
        "framed Snappy: unpack it first, for example with `snzip -d`",
    ),
    (
        b"\xff\xfe\x00\x00",
        "UTF-32 text: convert it first, for example with `iconv -f UTF-32 -t UTF-8`",
    ),
    (
        b"\x00\x00\xfe\xff",
        "UTF-32 text: convert it first, for example with `iconv -f UTF-32 -t UTF-8`",
    ),
    (
        b"SQLite format 3\0",
        "SQLite database: export the requests as JSON lines or CSV",
    ),
    (
        b"ElfFile\0",
        "Windows event log: export the events of the gateway as text first",
    ),
    (
        b"LPKSHHRH",
        "journal of systemd: export it first, with `journalctl --file FILE -o json`",
    ),
    (b"%PDF-", "PDF: this is not a gateway log in text form"),
    (
        b"\x7fELF",
        "program: this is not a gateway log in text form",
    ),
];

/// Looks at the magic number.
pub(crate) fn sniff_bytes(head: &[u8]) -> Sniffed {
    if let Some((_, what)) = REFUSED.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Sniffed::Refused(what);
    }
    match head {
        [0x1f, 0x8b, ..] => Sniffed::Packed(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Sniffed::Packed(Compression::Zstd),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..] => after_skippable(rest),
        // A block follows, or the end of a stream without one.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Sniffed::Packed(Compression::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Sniffed::Packed(Compression::Xz),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => {
            Sniffed::Archive(Archive::Zip)
        }
        [b'O', b'R', b'C', 0..=8 | 14..=31, ..] => {
            Sniffed::Refused("ORC: export the requests as JSON lines or CSV")
        }
        [0xff, 0xfe, ..] => Sniffed::Utf16(ByteOrder::Little),
        [0xfe, 0xff, ..] => Sniffed::Utf16(ByteOrder::Big),
        _ if head.starts_with(&lz4::MAGIC) => Sniffed::Packed(Compression::Lz4),
        _ if head.first_chunk().is_some_and(tar::is_header) => Sniffed::Archive(Archive::Tar),
        _ => text_or_binary(&head[..head.len().min(512)]),
    }
}

/// Skippable frames may come before those of zstd (RFC 8878 section 3.1.2) and of LZ4: what
/// follows decides, as far as it can be seen.
fn after_skippable(rest: &[u8]) -> Sniffed {
    let length = rest
        .first_chunk()
        .map_or(0, |length| u32::from_le_bytes(*length));
    let next = rest.get(4..).and_then(|rest| rest.get(length as usize..));
    match next {
        Some([0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..]) => after_skippable(rest),
        Some(next) if next.starts_with(&lz4::MAGIC) => Sniffed::Packed(Compression::Lz4),
        _ => Sniffed::Packed(Compression::Zstd),
    }
}

fn text_or_binary(probe: &[u8]) -> Sniffed {
    // A letter of ASCII in UTF-16 is a zero byte next to another one. A whole sector of zeros
    // is what a crash leaves at the start.
    let (pairs, _) = probe.as_chunks::<2>();
    let most = |is_letter: fn(&[u8; 2]) -> bool| {
        let letters = pairs.iter().filter(|pair| is_letter(pair)).count();
        letters >= 4 && letters * 10 >= pairs.len() * 8
    };
    if most(|pair| pair[0] != 0 && pair[1] == 0) {
        return Sniffed::Refused(
            "UTF-16 text without a byte order mark: convert it first, for example with `iconv -f UTF-16LE -t UTF-8`",
        );
    }
    if most(|pair| pair[0] == 0 && pair[1] != 0) {
        return Sniffed::Refused(
            "UTF-16 text without a byte order mark: convert it first, for example with `iconv -f UTF-16BE -t UTF-8`",
        );
    }
    // More than a few other control bytes is not a log.
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
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_bytes_decide_and_not_the_name() {
        let packed = |head: &[u8], how| assert_eq!(sniff_bytes(head), Sniffed::Packed(how));
        packed(&[0x1f, 0x8b, 8, 0], Compression::Gzip);
        packed(&[0x28, 0xb5, 0x2f, 0xfd, 4], Compression::Zstd);
        packed(b"BZh91AY&SY", Compression::Bzip2);
        packed(b"\xfd7zXZ\0\0\x04", Compression::Xz);
        packed(b"\x04\x22\x4d\x18\x64", Compression::Lz4);
        let skippable = b"\x51\x2a\x4d\x18\x02\0\0\0ab";
        packed(&skippable[..4], Compression::Zstd);
        packed(
            &[skippable, &b"\x28\xb5\x2f\xfd"[..]].concat(),
            Compression::Zstd,
        );
        let lz4 = [&skippable[..], skippable, &lz4::MAGIC].concat();
        packed(&lz4, Compression::Lz4);
        assert_eq!(sniff_bytes(b"PK\x03\x04"), Sniffed::Archive(Archive::Zip));
        let utf16 = sniff_bytes(&[0xfe, 0xff, 0, b'{']);
        assert_eq!(utf16, Sniffed::Utf16(ByteOrder::Big));
    }

    #[test]
    fn text_is_text_whatever_it_begins_with() {
        for text in [
            &b"{\"time\""[..],
            b"\xef\xbb\xbf{",
            &[0; 4096],
            b"",
            b"BZh9 203.0.113.7 - -",
            b"PKI 203.0.113.7",
            b"ORCHID 203.0.113.7",
            "größe 日本語".as_bytes(),
        ] {
            assert_eq!(sniff_bytes(text), Sniffed::Text, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_name_and_says_what_to_do() {
        for (head, name) in [
            (&b"PAR1\x15\x04"[..], "Parquet: export"),
            (b"Obj\x01\x04\x14avro.codec", "Avro: export"),
            (b"ORC\x0e\x12", "ORC: export"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "7z archive: unpack it first"),
            (b"Rar!\x1a\x07\x01\0", "rar archive: unpack it first"),
            (
                b"\x5d\0\0\x80\0\xff\xff",
                "LZMA without the xz container: unpack",
            ),
            (b"\x02\x21\x4c\x18\x01", "LZ4 in its legacy format: unpack"),
            (b"\xff\xfe\0\0{\0\0\0", "UTF-32 text: convert"),
            (
                b"{\0\"\0t\0i\0m\0e\0\"\0",
                "UTF-16 text without a byte order mark: convert",
            ),
            (
                b"\0{\0\"\0t\0i\0m\0e\0\"",
                "UTF-16 text without a byte order mark: convert",
            ),
            (b"SQLite format 3\0\x10", "SQLite database: export"),
            (&[1, 2, 3, 4, 5, 6], "binary data"),
        ] {
            let Sniffed::Refused(what) = sniff_bytes(head) else {
                panic!("{name}");
            };
            assert!(what.starts_with(name), "{what}");
            assert_eq!(sniff_bytes(head).other_than_utf8(), Some(what));
        }
    }
}
