//! What an archive may cost, and that what is in one counts once.

use super::archive_tests::{long, read_all, refused, tar, whole, zip};
use super::unpack_tests::gzip;
use super::*;

#[test]
fn an_archive_may_not_unpack_to_more_than_the_limits_whatever_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let limits = Limits {
        ratio: 100,
        ratio_from: 1 << 20,
        members: 3,
        ..Limits::default()
    };
    let zeros = vec![0; 4 << 20];
    let files: [(&str, &[u8]); 2] = [("zeros", &zeros), ("log", b"line\n")];
    put("a.tgz", &gzip(&tar(&files)));
    put("a.zip", &zip(&files, rawzip::CompressionMethod::DEFLATE));
    for name in ["a.tgz", "a.zip"] {
        let found = read_all(folder.path(), &[name], &limits);
        let (shown, reason) = refused(found.last().unwrap());
        assert_eq!(shown, name);
        assert!(reason.contains("decompression bomb"), "{reason}");
        let blank = |text: &str| text.trim_matches('\0').is_empty();
        assert!(found.iter().all(|one| blank(&one.2)), "{name}");
    }
    let five = ["1", "2", "3", "4", "5"].map(|name| (name, name.as_bytes()));
    put("many.tar", &tar(&five));
    put("many.zip", &zip(&five, rawzip::CompressionMethod::STORE));
    for name in ["many.tar", "many.zip"] {
        let found = read_all(folder.path(), &[name], &limits);
        let (shown, reason) = refused(found.last().unwrap());
        assert_eq!(shown, name);
        assert!(
            reason.starts_with("more than 3 files in the archive"),
            "{reason}"
        );
    }
    // Two entries of the directory for one content.
    let content = [b'x'; 5_000];
    let once = zip(&[("a", &content[..])], rawzip::CompressionMethod::STORE);
    let at = |mark: &[u8]| once.windows(4).position(|four| four == mark).unwrap();
    let (central, end) = (at(b"PK\x01\x02"), at(b"PK\x05\x06"));
    let entry = &once[central..end];
    let mut twice = [&once[..end], entry, &once[end..]].concat();
    let end = end + entry.len();
    let size = u32::try_from(2 * entry.len()).unwrap().to_le_bytes();
    twice[end + 8..end + 12].copy_from_slice(&[2, 0, 2, 0]);
    twice[end + 12..end + 16].copy_from_slice(&size);
    put("twice.zip", &twice);
    let found = read_all(folder.path(), &["twice.zip"], &limits);
    assert!(refused(&found[0]).1.contains("overlap"), "{found:?}");
}

#[test]
fn a_content_counts_once_whether_it_is_in_an_archive_or_next_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let (long, short) = (long("long"), "short\n");
    let grown = format!("{long}and more\n");
    let files: [(&str, &[u8]); 2] = [
        ("access.log.1", long.as_bytes()),
        ("access.log.2.gz", &gzip(short.as_bytes())),
    ];
    put("a.tar.gz", &gzip(&tar(&files)));
    put("b.zip", &zip(&files, rawzip::CompressionMethod::DEFLATE));
    put("c.log", grown.as_bytes());
    put("d.log", short.as_bytes());
    let found = read_all(folder.path(), &["*"], &Limits::default());
    let names: Vec<&str> = found.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "a.tar.gz!access.log.1",
            "a.tar.gz!access.log.2.gz",
            "b.zip!access.log.1",
            "b.zip!access.log.2.gz",
            "c.log",
            "d.log",
        ]
    );
    let twice = |index: usize| matches!(found[index].1, SourceStatus::Duplicate(_));
    assert!(twice(0) && twice(2) && twice(3) && twice(5), "{found:?}");
    assert_eq!(found[1], whole("a.tar.gz!access.log.2.gz", short));
    assert_eq!(found[4], whole("c.log", &grown));
}
