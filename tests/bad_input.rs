//! Input that cannot be right: what the user is told, and that nothing which
//! looks like a result is printed.
#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

mod support;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use support::{Case, Run, daily, line};

const ROUTES: &str =
    "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n";
const GRANTS: &str = "version: 1\nclients:\n  app:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n";
/// Lines of a small terminal.
const SCREEN: usize = 24;

fn case() -> Case {
    Case::of(ROUTES, GRANTS, &daily(100, "app", "GET /orders", 200))
}

/// The run failed, says these words and what to do, on one screen, and no result.
#[track_caller]
fn refused(run: &Run, words: &[&str]) {
    assert_eq!(run.code, Some(2), "{}\n{}", run.out, run.err);
    assert_eq!(run.out, "", "no result: {}", run.err);
    told(run, words);
    assert!(
        run.err.starts_with("error: "),
        "the sentence first: {}",
        run.err
    );
    let helps = |line: &str| line.trim_start().starts_with("help: ");
    assert!(run.err.lines().any(helps), "no advice: {}", run.err);
}

/// The output fits one screen and is not a crash.
#[track_caller]
fn told(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.err.contains(word), "{word} is missing: {}", run.err);
    }
    let lines = run.err.lines().count();
    assert!(lines <= SCREEN, "{lines} lines: {}", run.err);
    for crash in ["panicked", "stack backtrace", "RUST_BACKTRACE", "src/"] {
        assert!(!run.err.contains(crash), "{crash}: {}", run.err);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let case = case();
    let with = |logs, catalog, grants| {
        let args = ["analyze", "--json", "--logs", logs, "--catalog", catalog];
        case.run(&[&args[..], &["--grants", grants]].concat())
    };
    let (log, routes, grants) = ("log.jsonl", "routes.yaml", "grants.yaml");
    refused(&with("gone.jsonl", routes, grants), &["`gone.jsonl`"]);
    refused(&with("gone/*.gz", routes, grants), &["`gone/*.gz`"]);
    refused(&with(log, "gone.yaml", grants), &["gone.yaml"]);
    let run = with(log, routes, "gone.yml");
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    told(&run, &["gone.yml", "No such file"]);
    refused(&case.analyze(&["--config", "gone.toml"]), &["`gone.toml`"]);
    refused(&case.run(&["analyze", "gone"]), &["`gone`"]);
    refused(&case.run(&["analyze", "."]), &["scopetrim.toml"]);
}

#[test]
fn an_input_that_is_not_given_is_asked_for() {
    let case = case();
    refused(&case.run(&["analyze"]), &["--catalog FILE"]);
    let args = ["analyze", "--catalog", "routes.yaml"];
    refused(&case.run(&args), &["--grants FILE"]);
    let args = [&args[..], &["--grants", "grants.yaml"]].concat();
    refused(&case.run(&args), &["--logs PATH"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_not_an_empty_folder() {
    use std::os::unix::fs::PermissionsExt;

    let case = case();
    case.write("closed/log.jsonl", daily(100, "app", "GET /orders", 200));
    let closed = case.path("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&closed).is_ok();
    let args = ["analyze", "--json", "--catalog", "routes.yaml", "--grants"];
    let run = case.run(&[&args[..], &["grants.yaml", "--logs", "closed"]].concat());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    if is_root {
        // Nothing is closed to root.
        assert_eq!(run.code, Some(0), "{}", run.err);
    } else {
        refused(&run, &["closed"]);
    }
}

#[test]
fn a_file_that_is_not_a_log_is_named_and_not_read_as_one() {
    let case = case();
    let binary: Vec<u8> = (0..20_000_u32)
        .map(|n| ((n * 7919) >> 3).to_le_bytes()[0])
        .collect();
    let utf16: Vec<u8> = daily(100, "app", "GET /orders", 200)
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let files: [(&str, Vec<u8>); 5] = [
        ("noise.log", binary),
        (
            "table.parquet",
            [&b"PAR1\x15\x04"[..], &[0; 400], b"PAR1"].concat(),
        ),
        (
            "logs.zip",
            [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[9; 400]].concat(),
        ),
        ("wide.log", utf16),
        (
            "prose.log",
            b"Dear all,\nplease find the logs attached.\n".to_vec(),
        ),
    ];
    for (name, bytes) in files {
        case.write(name, bytes);
        let args = ["analyze", "--catalog", "routes.yaml", "--grants"];
        let run = case.run(&[&args[..], &["grants.yaml", "--logs", name]].concat());
        if run.code == Some(3) {
            // Known not to be text: the run ends, and says of nothing that it can go.
            assert!(run.out.starts_with("incomplete: "), "{}", run.out);
            assert!(run.out.contains(name), "{name}: {}", run.out);
            assert!(!run.out.contains("diff --git"), "{name}: {}", run.out);
            told(&run, &[]);
        } else {
            refused(&run, &[name]);
        }
    }
}

#[test]
fn a_format_that_does_not_fit_gives_no_removal() {
    let case = case();
    for format in ["kong", "combined"] {
        let run = case.analyze(&["--format", format, "--level", "review"]);
        assert!(matches!(run.code, Some(2 | 3)), "{}\n{}", run.out, run.err);
        assert!(!run.out.contains("diff --git"), "{}", run.out);
        told(&run, &[]);
        let all = format!("{}{}", run.out, run.err);
        assert!(all.contains("log.jsonl"), "{all}");
    }
    let run = case.analyze(&["--format", "kongg"]);
    refused(&run, &["`kongg`", "did you mean `kong`?"]);
}

#[test]
fn a_syntax_error_in_a_file_is_named_with_its_line() {
    let case = case();
    case.write(
        "grants.yaml",
        GRANTS.replace("    scopes:", "    scopes: ["),
    );
    let run = case.analyze(&["--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    told(&run, &["error: grants.yaml:6:7: "]);
    case.write("grants.yaml", GRANTS);
    case.write("routes.yaml", ROUTES.replace("  POST", " POST"));
    refused(&case.analyze(&["--json"]), &["routes.yaml:4:2: "]);
    case.write("routes.yaml", ROUTES.replace("GET /", "GTE /"));
    refused(&case.analyze(&["--json"]), &["routes.yaml:3", "GTE"]);
    case.write("routes.yaml", ROUTES);
    case.write("scopetrim.toml", "window = 90d\n");
    refused(&case.analyze(&["--json"]), &["scopetrim.toml:1"]);
}

#[test]
fn names_that_nobody_defines_are_errors_or_warnings_with_a_suggestion() {
    let case = case();
    case.write(
        "grants.yaml",
        GRANTS.replace("orders:write", "orders:wirte"),
    );
    let run = case.analyze(&["--stats"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("did you mean `orders:write`?"), "{words}");
    assert!(words.contains("grants.yaml:7"), "{words}");

    let role = GRANTS.replace("    scopes:\n", "    roles: [clrek]\n    scopes:\n");
    let role = role.replace("clients:", "roles:\n  clerk: [orders:read]\nclients:");
    case.write("grants.yaml", role);
    refused(
        &case.analyze(&["--json"]),
        &["grants.yaml:7", "`clrek`", "clerk"],
    );

    case.write("grants.yaml", GRANTS.replace("scopes", "scope"));
    refused(
        &case.analyze(&["--json"]),
        &["grants.yaml:5", "`scope`", "scopes"],
    );
    case.write("grants.yaml", GRANTS);

    case.write("scopetrim.toml", "[alias]\nx = \"y\"\n");
    refused(
        &case.analyze(&["--json"]),
        &["scopetrim.toml:1", "unknown key `alias`", "`aliases`"],
    );
}

#[test]
fn an_empty_log_is_incomplete_and_said_first() {
    let case = Case::of(ROUTES, GRANTS, "");
    let run = case.analyze(&["--level", "review"]);
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.out.starts_with("incomplete: "), "{}", run.out);
    assert!(!run.out.contains("diff --git"), "{}", run.out);
    assert!(!run.out.contains("1970"), "an invented day: {}", run.out);
    told(&run, &[]);
    let run = case.analyze(&["--json"]);
    assert_eq!(run.code, Some(3));
    told(&run, &["incomplete", "no records"]);
}

#[test]
fn a_log_without_clients_says_which_line_the_gateway_needs() {
    let case = case();
    let nobody = daily(100, "app", "GET /orders", 200).replace("\"client_id\":\"app\",", "");
    case.write("log.jsonl", nobody);
    refused(
        &case.analyze(&["--json"]),
        &["name no client", "`client_id`"],
    );
    let kong = "{\"request\":{\"method\":\"GET\",\"uri\":\"/orders\",\"headers\":{}},\"response\":{\"status\":200},\
                \"latencies\":{\"proxy\":3},\"route\":{\"name\":\"o\"},\"service\":{\"name\":\"s\"},\"started_at\":1767225954366}\n";
    case.write("log.jsonl", kong.repeat(100));
    refused(
        &case.analyze(&["--json"]),
        &[
            "name no client",
            "custom_fields_by_lua",
            "consumer.custom_id",
        ],
    );
}

#[test]
fn days_outside_the_data_are_not_silence() {
    let case = case();
    for days in [
        &["--as-of", "2019-05-01"][..],
        &["--since", "2027-01-01"],
        &["--since", "2026-03-01", "--as-of", "2026-02-01"],
    ] {
        let run = case.analyze(&[days, &["--json"]].concat());
        refused(&run, &["2026-01-01", "2026-04-10"]);
    }
}

#[test]
fn a_value_that_means_nothing_is_refused_with_an_example() {
    let case = case();
    let values: [(&[&str], &str); 14] = [
        (&["--window", "ninety"], "90d"),
        (&["--window", "0d"], "90d"),
        (&["--window=-5d"], "`-5d`"),
        (&["--window", "99999999999999d"], "90d"),
        (&["--as-of", "31.10.2026"], "2026-10-31"),
        (&["--as-of", "2026-02-30"], "2026-10-31"),
        (&["--since", ""], "2026-10-31"),
        (&["--match", "wildcard"], "wildcard:DELIM"),
        (&["--match", "fuzzy"], "exact"),
        (&["--max-line", "lots"], "1MiB"),
        (&["--max-line", "0"], "1MiB"),
        (&["--max-reject-share", "7"], "from 0 to 1"),
        (&["--max-reject-share", "NaN"], "from 0 to 1"),
        (&["--max-reject-share=-0.1"], "from 0 to 1"),
    ];
    for (args, word) in values {
        let run = case.analyze(&[args, &["--json"]].concat());
        refused(&run, &[word]);
    }
    for (flag, value) in [("--level", "all"), ("--scopes", "some"), ("--hints", "no")] {
        let run = case.analyze(&[flag, value]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        told(&run, &[flag, value, "possible values"]);
    }
}

#[test]
fn an_output_folder_that_cannot_be_written_leaves_no_result_on_the_screen() {
    let case = case();
    case.write("taken", "a file");
    for out in ["taken", "taken/below"] {
        refused(&case.analyze(&["--json", "--out", out]), &["taken"]);
    }
    // The name of one artefact is taken by a folder.
    case.write("half/report.json/x", "");
    let run = case.analyze(&["--json", "--out", "half"]);
    refused(&run, &["half/report.json"]);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_without_a_word() {
    let case = case();
    let inputs = ["analyze", "--logs", "log.jsonl", "--catalog", "routes.yaml"];
    for more in [&["--json"][..], &[]] {
        let args = [&inputs[..], &["--grants", "grants.yaml"], more].concat();
        let mut command = case.command(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        drop(child.stdout.take());
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("UTF-8");
        let code = child.wait().expect("it ends").code();
        assert_eq!((code, said.as_str()), (Some(141), ""));
    }
}

/// The first character that a terminal would obey, or that turns the text around.
fn obeyed(text: &str) -> Option<char> {
    text.chars()
        .find(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
}

/// Colour, clear screen, title, C1, right-to-left override, and a line that looks like ours.
const EVIL: &str = "e\u{1b}[31m\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}vil\n# proof";

#[test]
fn a_name_with_terminal_escapes_reaches_no_output_raw() {
    let case = case();
    let log = daily(100, "app", "GET /orders", 200)
        + &daily(100, EVIL, "GET /orders", 200)
        + &line(99, &format!("x{EVIL}"), "GET /orders", 200)
        + &line(99, "app", &format!("GET /{EVIL}"), 200);
    case.write("log.jsonl", log);
    let run = case.analyze(&["--level", "review"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains(r"e\u{1b}[31m"), "shown: {}", run.out);
    assert_eq!(obeyed(&run.out), None, "{:?}", run.out);
    assert_eq!(obeyed(&run.err), None, "{:?}", run.err);
    let forged = |line: &str| line.starts_with("# proof") && !line.contains("replayed");
    assert!(!run.out.lines().any(forged), "{}", run.out);
    let run = case.analyze(&["--json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).expect("a report");
    assert_eq!(report["only_in_log"][0]["requests"], 100);
    assert_eq!(obeyed(&run.err), None, "{:?}", run.err);
    assert!(!run.out.contains('\u{1b}'), "JSON escapes it");
    // Nor is a path of the user trusted.
    let run = case.run(&["analyze", "--logs", "x", "--catalog", EVIL]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert_eq!(obeyed(&run.err), None, "{:?}", run.err);
}

#[test]
fn a_policy_with_control_characters_is_refused_and_not_shown_raw() {
    let case = case();
    let quoted = serde_json::to_string(EVIL).unwrap();
    case.write(
        "grants.yaml",
        format!("{GRANTS}  {quoted}:\n    scopes: [orders:read]\n"),
    );
    let run = case.analyze(&[]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    told(&run, &["grants.yaml:8", "control character"]);
    assert_eq!(obeyed(&run.err), None, "{:?}", run.err);
    // What reverses text is not a control character, and may be part of a name.
    case.write(
        "grants.yaml",
        format!("{GRANTS}  \"a\u{202e}b\":\n    scopes: [orders:read]\n"),
    );
    let run = case.analyze(&["--level", "review"]);
    // The body of the diff has to be the file's own bytes, or `git apply` would refuse it.
    let (ours, _) = run.out.split_once("\n--- a/").expect("a diff");
    assert!(ours.contains(r"a\u{202e}b"), "{ours}");
    assert_eq!(obeyed(ours), None, "{ours:?}");
    assert_eq!(obeyed(&run.err), None, "{:?}", run.err);
}

#[test]
#[cfg(not(feature = "object-storage"))]
fn an_address_without_object_storage_names_the_feature() {
    let name = "s3://bucket/logs";
    let words = ["`s3://bucket/", "the cargo feature `object-storage`"];
    for flag in ["--logs", "--ledger", "--catalog", "--grants"] {
        refused(&case().run(&["analyze", flag, name]), &words);
    }
    let status = ["ledger", "status", "s3://bucket/l"];
    refused(&case().run(&status), &words);
}
