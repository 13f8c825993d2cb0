//! Reading as a whole: plain and packed files give the same lines, whatever is in front
//! of them, around them and at their end.

use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::worker_pool::read_some;
use super::*;
use crate::model::ContentDigest;

/// Non-blank lines with their offsets, and the beginnings of long ones.
#[derive(Default)]
struct Lines {
    all: Mutex<Vec<(u64, String)>>,
    long: Mutex<Vec<(u64, usize)>>,
}

impl BlockSink for Lines {
    type State = ();

    fn begin(&self) {}

    fn block(&self, (): &mut (), block: Block<'_>) {
        let mut at = block.offset;
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let text = text.trim_matches(['\0', ' ', '\n']);
            if !text.is_empty() {
                self.all.lock().unwrap().push((at, text.to_owned()));
            }
            at += line.len() as u64;
        }
    }

    fn beginning(&self, (): &mut (), beginning: Block<'_>) {
        assert!(beginning.bytes.len() <= BEGINNING);
        let line = (beginning.offset, beginning.bytes.len());
        self.long.lock().unwrap().push(line);
    }
}

struct Read {
    lines: Vec<(u64, String)>,
    long: Vec<(u64, usize)>,
    report: SourceReport,
    sample: Vec<u8>,
}

fn read_file(content: &[u8], packed: bool, line: usize) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(folder.path().join("log")).unwrap();
    if packed {
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap();
    } else {
        file.write_all(content).unwrap();
    }
    let sources = head(
        &discover(&["log".to_owned()], Path::new(folder.path())).unwrap(),
        &[],
    );
    let limits = Limits {
        line,
        threads: 2,
        ..Limits::default()
    };
    let sink = Lines::default();
    let (_, mut reports) = read_some(
        &sources,
        &vec![true; sources.len()],
        &limits,
        &sink,
        &AtomicU64::new(0),
    );
    let mut lines = sink.all.into_inner().unwrap();
    lines.sort();
    let mut long = sink.long.into_inner().unwrap();
    long.sort_unstable();
    Read {
        lines,
        long,
        report: reports.remove(0),
        sample: sources[0].sample().to_vec(),
    }
}

/// The same for a plain and a packed file.
fn read(content: &[u8], line: usize) -> Read {
    let plain = read_file(content, false, line);
    let packed = read_file(content, true, line);
    assert_eq!(plain.lines.len(), packed.lines.len());
    assert!(plain.lines == packed.lines, "plain and packed differ");
    assert_eq!(plain.long, packed.long);
    assert_eq!(plain.report.oversize, packed.report.oversize);
    assert_eq!(plain.report.oversize_at, packed.report.oversize_at);
    assert_eq!(plain.report.open_end, packed.report.open_end);
    assert_eq!(plain.report.read, packed.report.read);
    assert_eq!(plain.report.read, Some(ContentDigest::of(content)));
    plain
}

/// Records of different lengths, and where each begins when nothing is between them.
fn many(count: usize) -> Vec<String> {
    let record = |index: usize| {
        format!(
            "{{\"n\":{index},\"x\":\"{}\"}}",
            "y".repeat(index * 7 % 900)
        )
    };
    (0..count).map(record).collect()
}

#[test]
fn records_without_line_ends_are_read_at_their_places_over_many_blocks() {
    let records = many(4_000);
    for (open, gap, close) in [
        ("", "", ""),
        ("[", ",", "]\n"),
        ("", "\n", ""),
        ("", "\n", "\n"),
    ] {
        let content = format!("{open}{}{close}", records.join(gap));
        assert!(content.len() > 3 * BLOCK);
        let found = read(content.as_bytes(), 1 << 20);
        assert_eq!(found.lines.len(), records.len(), "{gap:?}");
        for ((at, text), wanted) in found.lines.iter().zip(&records) {
            assert_eq!(text, wanted);
            let at = usize::try_from(*at).unwrap();
            assert!(
                content[at..]
                    .trim_start_matches(['[', ','])
                    .starts_with(wanted)
            );
        }
        assert_eq!(
            (found.report.oversize, &found.report.status),
            (0, &SourceStatus::Complete)
        );
    }
}

#[test]
fn a_hole_in_front_is_passed_over_whatever_its_length() {
    for hole in [
        1,
        511,
        4_096,
        65_535,
        65_536,
        65_537,
        BLOCK - 1,
        BLOCK,
        3 * BLOCK + 5,
    ] {
        let mut content = vec![0; hole];
        content.extend_from_slice(b"{\"first\":1}\n{\"second\":2}\n");
        let found = read(&content, 1_000);
        let at = |text: &str| {
            found
                .lines
                .iter()
                .find(|line| line.1 == text)
                .map(|line| line.0)
        };
        assert!(at("{\"first\":1}").is_some(), "{hole}");
        assert_eq!(at("{\"second\":2}"), Some(hole as u64 + 12), "{hole}");
        assert_eq!(found.report.oversize, 0, "{hole}");
        assert!(found.sample.ends_with(b"\"second\":2}\n"), "{hole}");
    }
    for blank in [0, b'\n'] {
        for len in [100, 200_000] {
            let found = read(&vec![blank; len], 50);
            assert_eq!(
                (found.lines.len(), found.report.oversize),
                (0, 0),
                "{blank} {len}"
            );
        }
    }
}

#[test]
fn a_first_line_longer_than_the_head_is_part_of_the_sample_or_passed_over() {
    for (len, is_part) in [(70_000, true), (1 << 20, true), (5 << 20, false)] {
        let content = format!("{}\n{}", "x".repeat(len), "short\n".repeat(50));
        let found = read(content.as_bytes(), 8 << 20);
        assert_eq!(found.sample.contains(&b'x'), is_part, "{len}");
        assert!(found.sample.ends_with(&b"short\n".repeat(50)), "{len}");
        assert_eq!(found.lines.len(), 51, "{len}");
    }
}

#[test]
fn a_line_is_read_whole_up_to_the_limit_and_counted_once_after_it() {
    for len in [10, BLOCK - 8, BLOCK, 2 * BLOCK + 3, 5 * BLOCK] {
        let content = format!("first\n{}\nlast\n", "x".repeat(len));
        let whole = read(content.as_bytes(), 8 * BLOCK);
        assert_eq!((whole.lines.len(), whole.report.oversize), (3, 0), "{len}");
        if len > BLOCK {
            let cut = read(content.as_bytes(), BLOCK);
            assert_eq!((cut.lines.len(), cut.report.oversize), (2, 1), "{len}");
            assert_eq!(cut.report.oversize_at, Some(6), "{len}");
            assert_eq!(cut.long, [(6, BEGINNING)], "{len}");
        }
    }
    // Also when it is the last one.
    let open = read("x".repeat(3 * BLOCK).as_bytes(), BLOCK);
    assert_eq!((open.report.oversize, open.report.open_end), (1, None));
}

#[test]
fn the_last_line_is_handed_on_when_it_has_no_end() {
    for before in [0, 10, BLOCK, 2 * BLOCK - 9] {
        let content = format!("{}\nopen end", "x".repeat(before));
        let found = read(content.as_bytes(), 8 * BLOCK);
        assert_eq!(
            found.report.open_end.as_deref(),
            Some(&b"open end"[..]),
            "{before}"
        );
        let closed = read(format!("{content}\n").as_bytes(), 8 * BLOCK);
        assert_eq!(closed.report.open_end, None);
    }
    let mut report = read(b"a\nb", 100).report;
    report.judge_end(|line| line == b"b");
    assert_eq!(report.status, SourceStatus::Complete);
    let mut report = read(b"a\nb", 100).report;
    report.judge_end(|_| false);
    assert!(matches!(report.status, SourceStatus::Partial(_)));
    assert_eq!(report.digest, None);
}
