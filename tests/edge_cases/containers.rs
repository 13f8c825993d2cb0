//! What logs come in: compressed, in archives, in other codes of text, with holes; and files
//! that are no log.

use std::io::Write as _;

use crate::support::{Case, daily, line};
use crate::{ROUTES, app_holds, report, verdict};

/// The report of a run over one log, which ends with this code.
fn run(name: &str, bytes: impl AsRef<[u8]>, code: i32) -> serde_json::Value {
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "orders:write"]), "");
    case.write(name, bytes);
    let args = ["analyze", "--json", "--catalog", "routes.yaml", "--grants"];
    let ran = case.run(&[&args[..], &["grants.yaml", "--logs", name]].concat());
    report(&ran, code)
}

fn log() -> String {
    daily(100, "app", "GET /orders", 200)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).expect("memory");
    }
    builder.into_inner().expect("memory")
}

#[test]
fn n3_utf_16_with_a_byte_order_mark_is_read_like_the_same_text_in_utf_8() {
    let plain = run("log", log(), 0);
    for (order, mark) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], [0xff, 0xfe]),
        (u16::to_be_bytes, [0xfe, 0xff]),
    ] {
        let coded = log().replace('\n', "\r\n");
        let coded = coded.encode_utf16().flat_map(order);
        let coded: Vec<u8> = mark.into_iter().chain(coded).collect();
        let read = run("log", &coded, 0);
        assert_eq!(read["inputs"][0]["counted"], 100);
        assert_eq!(read["clients"], plain["clients"]);
        // Half a character at the end: it is cut off.
        let cut = run("log", &coded[..coded.len() - 1], 3);
        let status = cut["inputs"][0]["status"].as_str().expect("a status");
        assert!(status.starts_with("partial: the UTF-16"), "{status}");
        assert!(cut["inputs"][0]["counted"].as_u64() >= Some(99));
        let unmarked = run("log", &coded[2..], 3);
        let status = unmarked["inputs"][0]["status"].as_str().expect("a status");
        assert!(
            status.contains("without a byte order mark: convert"),
            "{status}"
        );
        assert_eq!(verdict(&unmarked, "app", "orders:write"), "undetermined");
    }
}

#[test]
fn n4_n5_line_ends_of_windows_and_a_last_line_without_one_change_nothing() {
    let plain = run("log", log(), 0);
    for text in [log().replace('\n', "\r\n"), log().trim_end().to_owned()] {
        let read = run("log", &text, 0);
        assert_eq!(read["inputs"][0]["counted"], 100);
        assert_eq!(read["clients"], plain["clients"]);
    }
    let clf = "198.51.100.23 - app [02/Jan/2026:12:00:00 +0000] \"GET /orders HTTP/1.1\" 200\r\n";
    let case = Case::new();
    case.write("access.log", clf);
    let ran = case.run(&["events", "--ndjson", "--logs", "access.log"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("\"status\":200"), "{}", ran.out);
    assert!(!ran.out.contains("\\r"), "{}", ran.out);
}

#[test]
fn n7_n8_members_in_a_row_and_names_that_do_not_fit_change_nothing() {
    let plain = run("log.gz", log(), 0);
    let half = log().len() / 2;
    let members = [
        gzip(&log().as_bytes()[..half]),
        gzip(&log().as_bytes()[half..]),
    ];
    for (name, bytes) in [
        ("log.zst", gzip(log().as_bytes())),
        ("log", members.concat()),
        ("log.txt", gzip(&members.concat())),
    ] {
        let read = run(name, bytes, 0);
        assert_eq!(read["inputs"][0]["counted"], 100, "{name}");
        assert_eq!(read["clients"], plain["clients"], "{name}");
    }
}

#[test]
fn n10_holes_of_nul_bytes_are_passed_over_with_one_warning() {
    for packed in [false, true] {
        for hole in [100, 4_096, 100_000] {
            let nul = "\0".repeat(hole);
            for (text, where_) in [
                (format!("{nul}{}", log()), "begins"),
                (log() + &nul, "ends"),
            ] {
                let bytes = if packed {
                    gzip(text.as_bytes())
                } else {
                    text.into_bytes()
                };
                let read = run("log", bytes, 0);
                let input = &read["inputs"][0];
                assert_eq!(input["counted"], 100, "{hole}");
                assert_eq!(input["status"], "checked");
                let warnings = read["warnings"].as_array().expect("a list");
                let holes = warnings.iter().filter(|one| one["code"] == "hole-in-log");
                let holes: Vec<&str> = holes.filter_map(|one| one["message"].as_str()).collect();
                assert_eq!(holes.len(), 1, "{holes:?}");
                assert!(
                    holes[0].contains(&format!("{where_} with {hole} NUL bytes")),
                    "{holes:?}"
                );
            }
        }
    }
}

#[test]
fn n13_lines_of_another_format_are_counted_and_make_no_grant_unused() {
    let clf = "198.51.100.23 - app [02/Jan/2026:12:00:00 +0000] \"POST /orders HTTP/1.1\" 200 12\n";
    let mixed: Vec<String> = log().lines().map(|own| format!("{own}\n{clf}")).collect();
    let mixed = mixed.concat();
    let case = Case::of(ROUTES, &app_holds(&["orders:read", "orders:write"]), &mixed);
    let ran = case.analyze(&["--json"]);
    // Each line is certain to be of one format, and read by it.
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let read: serde_json::Value = serde_json::from_str(&ran.out).expect("a report");
    assert_eq!(read["inputs"][0]["records"], 200);
    let verdict = verdict(&read, "app", "orders:write");
    assert!(!verdict.starts_with("remove"), "{verdict}");
}

#[test]
fn the_files_of_an_archive_are_inputs_of_the_run_by_their_own_names() {
    let other = daily(100, "other", "GET /orders", 200);
    let (first, second) = (log(), other + &line(99, "app", "POST /orders", 200));
    let packed = gzip(second.as_bytes());
    let files = [
        ("logs/access.log", first.as_bytes()),
        ("logs/access.log.1.gz", &packed),
    ];
    let read = run("logs.tar.gz", gzip(&tar(&files)), 0);
    let inputs = read["inputs"].as_array().expect("a list");
    let told: Vec<_> = inputs
        .iter()
        .map(|input| (input["path"].as_str(), input["counted"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("logs.tar.gz!logs/access.log"), Some(100)),
            (Some("logs.tar.gz!logs/access.log.1.gz"), Some(101)),
        ]
    );
    assert_eq!(verdict(&read, "app", "orders:write"), "keep");
    // Cut off: what is missing may have the only use.
    let archive = gzip(&tar(&files));
    let cut = run("logs.tar.gz", &archive[..archive.len() - 40], 3);
    assert_eq!(verdict(&cut, "app", "orders:write"), "undetermined");
}

#[test]
fn the_name_of_a_member_reaches_no_terminal_raw() {
    let name = "../../e\u{1b}[2J\u{9b}31m\u{202e}.log";
    let case = Case::of(ROUTES, &app_holds(&["orders:read"]), "");
    case.write("a.tar", tar(&[(name, log().as_bytes())]));
    case.write("b.tar", tar(&[(name, b"no log at all\nbut prose\n")]));
    for args in [
        &["formats", "detect", "a.tar", "b.tar"][..],
        &[
            "analyze",
            "--catalog",
            "routes.yaml",
            "--grants",
            "grants.yaml",
            "--logs",
            "a.tar",
        ],
        &[
            "analyze",
            "--catalog",
            "routes.yaml",
            "--grants",
            "grants.yaml",
            "--logs",
            "b.tar",
        ],
    ] {
        let ran = case.run(args);
        for text in [&ran.out, &ran.err] {
            let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(raw), "{text:?}");
        }
    }
    let written = std::fs::read_dir(case.path(".")).expect("the folder");
    assert_eq!(written.count(), 5, "nothing is unpacked to disk");
}

#[test]
fn files_that_are_no_log_in_text_form_are_refused_by_name_with_what_to_do() {
    for (head, told) in [
        (&b"PAR1\x15\x04"[..], "the Parquet file cannot be read"),
        (b"PARE\x15\x04", "encrypted Parquet: export"),
        (b"Obj\x01\x04\x14avro.codec", "Avro: export"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z archive: unpack"),
        (b"Rar!\x1a\x07\x01\0", "rar archive: unpack"),
    ] {
        let read = run("file", [head, &[0; 400]].concat(), 3);
        let status = read["inputs"][0]["status"].as_str().expect("a status");
        assert!(status.contains(told), "{status}");
        assert_eq!(verdict(&read, "app", "orders:write"), "undetermined");
    }
}
