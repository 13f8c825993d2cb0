//! Archives as a whole: each file in one is a source, nothing else in it is, and what is
//! missing of one is said.

use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use ::tar::{Builder, EntryType, Header};

use super::unpack_tests::gzip;
use super::*;

/// Bytes of each source in order.
#[derive(Default)]
struct Texts(Mutex<Vec<(usize, u64, Vec<u8>)>>);

impl BlockSink for Texts {
    type State = ();

    fn begin(&self) {}

    fn block(&self, (): &mut (), block: Block<'_>) {
        let piece = (block.source, block.offset, block.bytes.to_vec());
        self.0.lock().unwrap().push(piece);
    }
}

/// The name, the status and the lines of each source.
pub(super) type Found = Vec<(String, SourceStatus, String)>;

pub(super) fn read_all(folder: &Path, names: &[&str], limits: &Limits) -> Found {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let sources = head_within(&discover(&names, folder).unwrap(), &[], limits);
    let sink = Texts::default();
    let (_, reports) = read_once(&sources, limits, &sink, &AtomicU64::new(0));
    let mut pieces = sink.0.into_inner().unwrap();
    pieces.sort();
    let text = |index: usize| {
        let own = pieces.iter().filter(|piece| piece.0 == index);
        let bytes: Vec<u8> = own.flat_map(|piece| piece.2.clone()).collect();
        String::from_utf8(bytes).unwrap()
    };
    let all = sources.iter().zip(reports).enumerate();
    all.map(|(index, (source, report))| {
        (source.input.shown.to_string(), report.status, text(index))
    })
    .collect()
}

fn read(name: &str, archive: &[u8]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), archive).unwrap();
    let one = read_all(folder.path(), &[name], &Limits::default());
    let threads = Limits {
        threads: 3,
        ..Limits::default()
    };
    assert_eq!(one, read_all(folder.path(), &[name], &threads));
    one
}

pub(super) fn whole(name: &str, text: &str) -> (String, SourceStatus, String) {
    (name.to_owned(), SourceStatus::Complete, text.to_owned())
}

pub(super) fn refused(found: &(String, SourceStatus, String)) -> (&str, &str) {
    let SourceStatus::Unreadable(reason) = &found.1 else {
        panic!("{found:?}");
    };
    (&found.0, reason)
}

fn entry(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o644);
    header
}

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = entry(EntryType::Regular, content.len());
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn zip(files: &[(&str, &[u8])], method: rawzip::CompressionMethod) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        if name.ends_with('/') {
            archive.new_dir(*name).create().unwrap();
            continue;
        }
        let file = archive.new_file(*name).compression_method(method);
        let (mut file, config) = file.start().unwrap();
        let descriptor = if method == rawzip::CompressionMethod::DEFLATE {
            let level = flate2::Compression::fast();
            let encoder = flate2::write::DeflateEncoder::new(&mut file, level);
            let mut writer = config.wrap(encoder);
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut file);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        };
        file.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

pub(super) fn long(word: &str) -> String {
    let line = |n: u32| format!("{word} {n}\n");
    (0..30_000).map(line).collect()
}

#[test]
fn each_file_of_an_archive_is_a_source_in_the_order_of_the_archive() {
    let (long, deep) = (long("long"), format!("{}c.log", "folder/".repeat(40)));
    let files: [(&str, &[u8]); 7] = [
        ("./b.log", b"from b\n"),
        ("logs/a.log.gz", &gzip(long.as_bytes())),
        ("logs/.hidden", b"none\n"),
        (".git/x.log", b"none\n"),
        (&deep, b"deep\n"),
        ("b.log", b"from b\nmore\n"),
        ("empty.log", b""),
    ];
    let wanted = |archive: &str| {
        [
            whole(&format!("{archive}!logs/a.log.gz"), &long),
            whole(&format!("{archive}!{deep}"), "deep\n"),
            whole(&format!("{archive}!b.log (2)"), "from b\nmore\n"),
            whole(&format!("{archive}!empty.log"), ""),
        ]
    };
    let plain = tar(&files);
    let [stored, deflated] = [
        rawzip::CompressionMethod::STORE,
        rawzip::CompressionMethod::DEFLATE,
    ]
    .map(|method| zip(&files, method));
    for (name, archive) in [
        ("a.tar", plain.clone()),
        ("a.tgz", gzip(&plain)),
        ("archive", zstd::encode_all(&plain[..], 1).unwrap()),
        ("twice", gzip(&gzip(&plain))),
        ("a.zip", stored),
        ("b.zip", deflated),
    ] {
        let found = read(name, &archive);
        // The second file of this name begins with the first.
        let grown = SourceStatus::Duplicate(format!("{name}!b.log (2)").into());
        let first = (format!("{name}!b.log"), grown, String::new());
        assert_eq!(found[0], first);
        assert_eq!(found[1..], wanted(name));
    }
}

#[test]
fn folders_links_and_devices_of_an_archive_are_no_sources() {
    let mut builder = Builder::new(Vec::new());
    for kind in [
        EntryType::Directory,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
    ] {
        let mut header = entry(kind, 0);
        header.set_link_name("../../etc/passwd").unwrap();
        header.set_path(format!("{}", kind.as_byte())).unwrap();
        header.set_cksum();
        builder.append(&header, std::io::empty()).unwrap();
    }
    let mut header = entry(EntryType::Regular, 5);
    let name = b"../../escape\x1b[2J.log";
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_cksum();
    builder.append(&header, &b"line\n"[..]).unwrap();
    let found = read("a.tar", &builder.into_inner().unwrap());
    assert_eq!(found, [whole("a.tar!../../escape\u{1b}[2J.log", "line\n")]);
    let none = read("a.tar", &tar(&[("logs/", b"")]));
    assert_eq!(refused(&none[0]), ("a.tar", "the archive holds no files"));
    let files: [(&str, &[u8]); 2] = [("logs/", b""), ("logs/a.log", b"line\n")];
    let found = read("a.zip", &zip(&files, rawzip::CompressionMethod::STORE));
    assert_eq!(found, [whole("a.zip!logs/a.log", "line\n")]);
}

#[test]
fn an_archive_that_is_cut_off_keeps_what_it_has_and_is_a_gap() {
    let text = long("x");
    let files: [(&str, &[u8]); 3] = [
        ("one", text.as_bytes()),
        ("two", b"two\n"),
        ("three", text.as_bytes()),
    ];
    let plain = tar(&files);
    for archive in [plain.clone(), gzip(&plain)] {
        for part in [1, 3, 5, 7] {
            let found = read("a", &archive[..archive.len() * part / 8]);
            let gaps = found.iter().filter(|one| !one.1.is_whole());
            assert!(gaps.count() > 0, "{part}: {found:?}");
            let (name, reason) = refused(found.last().unwrap());
            assert_eq!(name, "a");
            assert!(!reason.is_empty());
            for (_, _, lines) in &found {
                assert!(lines.is_empty() || lines.ends_with('\n'));
            }
        }
    }
    // Only the mark at its end is missing.
    let found = read("a", &plain[..plain.len() - 1024]);
    assert_eq!(found.len(), 4);
    assert!(refused(&found[3]).1.ends_with("it has no end mark"));
    let zipped = zip(&files, rawzip::CompressionMethod::DEFLATE);
    let found = read("a", &zipped[..zipped.len() - 30]);
    assert!(
        refused(&found[0])
            .1
            .starts_with("the zip archive is cut off")
    );
}

#[test]
fn a_member_of_a_zip_that_is_not_what_its_directory_says_is_no_whole_log() {
    let files: [(&str, &[u8]); 1] = [("a.log", b"GET /orders\n")];
    let methods = [
        rawzip::CompressionMethod::STORE,
        rawzip::CompressionMethod::DEFLATE,
    ];
    for method in methods {
        let archive = zip(&files, method);
        let start = memchr::memmem::find(&archive, b"a.log").unwrap() + 5;
        let mut refused = 0;
        for place in start..archive.len() {
            let mut changed = archive.clone();
            changed[place] ^= 1;
            for (_, status, text) in read("a.zip", &changed) {
                let same = text.as_bytes() == files[0].1;
                assert!(same || !status.is_whole(), "{place}: {text:?}");
                refused += usize::from(!status.is_whole());
            }
        }
        // At least each byte of the content.
        assert!(refused >= files[0].1.len(), "{refused}");
    }
}

#[test]
fn archives_one_after_the_other_are_read_to_the_last() {
    let two = [tar(&[("a", b"a\n")]), tar(&[("b", b"b\n")])].concat();
    let wanted = [whole("x!a", "a\n"), whole("x!b", "b\n")];
    assert_eq!(read("x", &two), wanted);
    // What a tape's record has after the mark is nothing.
    let rest = [two, vec![b'x'; 3_000]].concat();
    assert_eq!(read("x", &rest), wanted);
}

#[test]
fn archives_inside_each_other_are_read_two_deep() {
    let inner = tar(&[("log", b"line\n"), ("log2", b"more\n")]);
    let packed = gzip(&inner);
    let files: [(&str, &[u8]); 3] = [("i.tar", &inner), ("i.tgz", &packed), ("last", b"last\n")];
    let wanted = |archive: &str| {
        [
            whole(&format!("{archive}!i.tar!log"), "line\n"),
            whole(&format!("{archive}!i.tar!log2"), "more\n"),
            whole(&format!("{archive}!last"), "last\n"),
        ]
    };
    let outer = tar(&files);
    let zipped = zip(&files, rawzip::CompressionMethod::DEFLATE);
    for (name, archive) in [
        ("o.tar", &outer),
        ("o.tgz", &gzip(&outer)),
        ("o.zip", &zipped),
    ] {
        let found = read(name, archive);
        let once: Vec<_> = found
            .into_iter()
            .filter(|one| !matches!(one.1, SourceStatus::Duplicate(_)))
            .collect();
        assert_eq!(once, wanted(name));
    }
    let deeper = read("x", &tar(&[("o.tar", &outer), ("z", &zipped)]));
    assert_eq!(refused(&deeper[0]).0, "x!o.tar!i.tar");
    assert!(refused(&deeper[0]).1.starts_with("more than two archives"));
    let (name, reason) = refused(deeper.last().unwrap());
    assert_eq!(name, "x!z");
    assert!(reason.contains("zip archive that is not a file of its own"));
}

#[test]
fn what_cannot_be_read_of_an_archive_is_refused_by_name_and_the_rest_is_read() {
    let files: [(&str, &[u8]); 2] = [("a.log", b"aaaa\n"), ("b.log", b"bbbb\n")];
    let stored = zip(&files, rawzip::CompressionMethod::STORE);
    let central = stored
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    let mut encrypted = stored.clone();
    encrypted[central + 8] |= 1;
    let found = read("a.zip", &encrypted);
    assert!(
        refused(&found[0])
            .1
            .starts_with("the member is encrypted: unpack")
    );
    assert_eq!(found[1], whole("a.zip!b.log", "bbbb\n"));
    let mut strange = stored.clone();
    strange[central + 10] = 14;
    let found = read("a.zip", &strange);
    assert!(
        refused(&found[0])
            .1
            .contains("method 14 (LZMA): unpack it first")
    );
    assert_eq!(found[1], whole("a.zip!b.log", "bbbb\n"));
    // A content that is not what the directory says.
    let mut changed = stored;
    let content = changed.windows(4).position(|four| four == b"aaaa").unwrap();
    changed[content] = b'z';
    let found = read("a.zip", &changed);
    assert!(!found[0].1.is_whole(), "{found:?}");
    assert_eq!(found[1], whole("a.zip!b.log", "bbbb\n"));

    let mut builder = Builder::new(Vec::new());
    let mut sparse = entry(EntryType::GNUSparse, 0);
    sparse.as_gnu_mut().unwrap().set_real_size(0);
    sparse.set_path("sparse.log").unwrap();
    sparse.set_cksum();
    builder.append(&sparse, std::io::empty()).unwrap();
    builder
        .append_pax_extensions([("GNU.sparse.major", &b"1"[..])])
        .unwrap();
    let mut header = entry(EntryType::Regular, 4);
    builder
        .append_data(&mut header, "pax.log", &b"1\n0\n"[..])
        .unwrap();
    let mut header = entry(EntryType::Regular, 5);
    builder
        .append_data(&mut header, "b.log", &b"bbbb\n"[..])
        .unwrap();
    let found = read("a.tar", &builder.into_inner().unwrap());
    for sparse in &found[..2] {
        assert!(
            refused(sparse)
                .1
                .starts_with("the member is stored with holes")
        );
    }
    assert_eq!(found[2], whole("a.tar!b.log", "bbbb\n"));
}
