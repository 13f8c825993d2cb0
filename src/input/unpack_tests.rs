//! Compressed layers as a whole: every kind alone, several in a row, inside each other, and
//! cut off.

use std::io::{Cursor, Read as _, Write as _};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};

use super::unpack::unpack;
use super::*;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut options = lzma_rust2::XzOptions::with_preset(1);
    // Several blocks, as `xz -T` writes them.
    options.set_block_size(NonZeroU64::new(1 << 16));
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().block_size(BlockSize::Max64KB);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Packer = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Packer); 5] = [
    ("gzip", gzip),
    ("zstd", zstd),
    ("bzip2", bzip2),
    ("xz", xz),
    ("lz4", lz4),
];

/// Lines that do not pack well, so that a cut falls among them.
fn lines(count: u32) -> Vec<u8> {
    let line = |n: u32| format!("{:08x}{:08x}\n", n.wrapping_mul(2_654_435_761), n);
    (0..count).map(line).collect::<String>().into_bytes()
}

/// The content, and whether an error ended it.
fn read(bytes: &[u8]) -> (Vec<u8>, bool) {
    let raw = Box::new(Cursor::new(bytes.to_vec()));
    let mut content = Vec::new();
    let fault = match unpack(raw, Arc::default(), &[]) {
        Ok(mut reader) => reader.read_to_end(&mut content).is_err(),
        Err(_) => true,
    };
    (content, fault)
}

#[test]
fn members_that_follow_each_other_are_read_to_the_last() {
    let text = lines(20_000);
    for (name, pack) in ALL {
        let packed = [pack(&text), pack(b""), pack(b"last\n")].concat();
        let wanted = [&text[..], b"last\n"].concat();
        assert!(read(&packed) == (wanted, false), "{name}");
    }
    // Padding of a multiple of four bytes between and after streams (.xz 1.2, section 2.2).
    let packed = [xz(b"one\n"), vec![0; 8], xz(b"two\n"), vec![0; 4]].concat();
    assert_eq!(read(&packed), (b"one\ntwo\n".to_vec(), false));
}

#[test]
fn three_layers_inside_each_other_are_read_and_a_fourth_is_refused_by_name() {
    let text = lines(2_000);
    for (first, inner) in ALL {
        for (second, outer) in ALL {
            let packed = gzip(&outer(&inner(&text)));
            assert!(read(&packed) == (text.clone(), false), "{first} {second}");
        }
        let four = Box::new(Cursor::new(gzip(&xz(&lz4(&inner(&text))))));
        let error = unpack(four, Arc::default(), &[]).err().unwrap();
        assert!(error.to_string().starts_with("more than three"), "{error}");
    }
}

#[test]
fn what_is_cut_off_keeps_its_lines_and_says_so() {
    for count in [100, 60_000] {
        let text = lines(count);
        for (name, pack) in ALL {
            let whole = pack(&text);
            for cut in [whole.len() / 2, whole.len() - 9, whole.len() - 1] {
                let (content, fault) = read(&whole[..cut]);
                assert!(fault, "{name} {count} {cut}");
                assert!(text.starts_with(&content), "{name} {count} {cut}");
                // Most unpack a block as a whole, xz 64 KiB of packed bytes, and the short text
                // fits one.
                let kept = content.len() * 5 > text.len();
                assert!(
                    count == 100 || kept,
                    "{name} {count} {cut}: {}",
                    content.len()
                );
            }
        }
    }
}

#[test]
fn a_file_is_partial_when_any_layer_of_it_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(60_000);
    for (name, pack) in ALL {
        let whole = pack(&text);
        let path = folder.path().join("log.txt");
        std::fs::write(&path, gzip(&whole[..whole.len() - 20])).unwrap();
        let sources = head(
            &discover(&["log.txt".to_owned()], folder.path()).unwrap(),
            &[],
        );
        assert_eq!(sources[0].refused, None, "{name}");
        let limits = Limits::default();
        let (states, reports) = read_once(&sources, &limits, &Bytes, &AtomicU64::new(0));
        let SourceStatus::Partial(why) = &reports[0].status else {
            panic!("{name}: {:?}", reports[0].status);
        };
        assert!(!why.is_empty() && reports[0].digest.is_none(), "{name}");
        let lines: u64 = states.iter().sum();
        assert!(lines > 20_000 && lines <= 60_000, "{name}: {lines}");
    }
}

/// Counts lines.
struct Bytes;

impl BlockSink for Bytes {
    type State = u64;

    fn begin(&self) -> u64 {
        0
    }

    fn block(&self, state: &mut u64, block: Block<'_>) {
        *state += memchr::memchr_iter(b'\n', block.bytes).count() as u64;
        assert!(block.bytes.ends_with(b"\n"), "a line that is cut off");
    }
}

#[test]
fn a_bomb_of_any_kind_is_stopped_by_its_ratio() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        ratio: 50,
        ratio_from: 1 << 20,
        ..Limits::default()
    };
    for (name, pack) in ALL {
        let path = folder.path().join(name);
        // Frames of LZ4 are never much smaller than a 255th of their content.
        std::fs::write(&path, pack(&vec![b'\n'; 16 << 20])).unwrap();
        let sources = head(
            &discover(&[name.to_owned()], Path::new(folder.path())).unwrap(),
            &[],
        );
        let (_, reports) = read_once(&sources, &limits, &Bytes, &AtomicU64::new(0));
        let SourceStatus::Partial(why) = &reports[0].status else {
            panic!("{name}: {:?}", reports[0].status);
        };
        assert!(why.contains("decompression bomb"), "{name}: {why}");
        assert!(reports[0].bytes < 16 << 20, "{name}");
    }
}

#[test]
fn an_xz_stream_that_asks_for_a_gigabyte_is_refused() {
    let mut packed = xz(b"line\n");
    assert_eq!(read(&packed), (b"line\n".to_vec(), false));
    // The header of the first block (.xz 1.2, section 3.1): its size, the id of LZMA2, the
    // length of its properties, and 2 << 29 bytes for its dictionary.
    let size = usize::from(packed[12] + 1) * 4;
    let header = &mut packed[12..12 + size];
    let filter = header.windows(2).position(|two| two == [0x21, 1]).unwrap();
    header[filter + 2] = 36;
    let (fields, sum) = header.split_at_mut(size - 4);
    let mut crc = flate2::Crc::new();
    crc.update(fields);
    sum.copy_from_slice(&crc.sum().to_le_bytes());
    let raw = Box::new(Cursor::new(packed));
    let error = unpack(raw, Arc::default(), &[]).err().unwrap();
    assert!(error.to_string().contains("more than 256 MiB"), "{error}");
}

#[test]
fn utf_16_is_read_as_text_within_any_layer() {
    let text = "{\"path\":\"/größe\"}\r\n";
    let mut coded = vec![0xff, 0xfe];
    coded.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    for (name, pack) in ALL {
        let packed = gzip(&gzip(&pack(&coded)));
        assert_eq!(read(&packed), (text.as_bytes().to_vec(), false), "{name}");
    }
    assert_eq!(read(&coded), (text.as_bytes().to_vec(), false));
}
