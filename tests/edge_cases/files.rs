//! Files and pipes that are not what they should be.

use std::io::Read as _;
use std::process::Stdio;

use crate::support::{Case, daily};
use crate::{ROUTES, app_holds};

fn case() -> Case {
    let log = daily(100, "app", "GET /orders", 200);
    Case::of(ROUTES, &app_holds(&["orders:read", "orders:write"]), &log)
}

/// The flags of a complete analysis, but for those of one kind.
fn inputs(without: &str) -> Vec<&'static str> {
    let all = [
        ["--logs", "log.jsonl"],
        ["--catalog", "routes.yaml"],
        ["--grants", "grants.yaml"],
    ];
    all.into_iter()
        .filter(|[flag, _]| *flag != without)
        .flatten()
        .collect()
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_the_run_quietly_and_a_gate_with_an_error() {
    let case = case();
    let with = |command: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        [&[command][..], &inputs("")[..], more].concat()
    };
    let mut runs: Vec<(Vec<&str>, i32)> = vec![
        (vec!["man"], 141),
        (vec!["formats"], 141),
        (vec!["rules"], 141),
        (with("analyze", &["--json"]), 141),
        (with("analyze", &[]), 141),
        (with("explain", &["app"]), 141),
        (
            vec!["usage", "--logs", "log.jsonl", "--catalog", "routes.yaml"],
            141,
        ),
        (vec!["events", "--logs", "log.jsonl", "--ndjson"], 141),
        (with("check", &[]), 2),
        (with("check", &["--json"]), 2),
    ];
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        runs.push((vec!["completions", shell], 141));
    }
    for (args, code) in runs {
        for taken in [0, 1] {
            let mut command = case.command(&args);
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("a run");
            let mut out = child.stdout.take().expect("its output");
            let mut bytes = vec![0; taken];
            // What fits into the pipe is written before the reader is gone.
            if taken > 0 && args[0] != "completions" {
                continue;
            }
            out.read_exact(&mut bytes).expect("the first bytes");
            drop(out);
            let mut said = String::new();
            let mut err = child.stderr.take().expect("its talk");
            err.read_to_string(&mut said).expect("UTF-8");
            let ended = child.wait().expect("its end").code();
            assert!(
                !said.contains("error") && !said.contains("panicked"),
                "{args:?}: {said}"
            );
            let fine = ended == Some(code) || (taken > 0 && ended == Some(0));
            assert!(fine, "{args:?}: {ended:?} {said}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_file_of_the_configuration_that_is_a_device_or_pipe_is_refused_by_name() {
    let case = case();
    let made = std::process::Command::new("mkfifo")
        .arg(case.path("pipe"))
        .status();
    assert!(made.expect("mkfifo").success());
    for key in ["hash_key", "granted_since", "catalog", "grants", "logs"] {
        for name in ["/dev/zero", "pipe"] {
            let value = if ["hash_key", "granted_since"].contains(&key) {
                format!("'{name}'")
            } else {
                format!("['{name}']")
            };
            let rest = [
                ("logs", "log.jsonl"),
                ("catalog", "routes.yaml"),
                ("grants", "grants.yaml"),
            ];
            let mut text = format!("{key} = {value}\n");
            for (other, file) in rest.into_iter().filter(|(other, _)| *other != key) {
                text.extend([format!("{other} = ['{file}']\n")]);
            }
            case.write("scopetrim.toml", text);
            let run = case.run(&["analyze", "."]);
            assert_eq!(run.code, Some(2), "{key} {name}: {}", run.err);
            for word in [name, "not a regular file"] {
                assert!(run.err.contains(word), "{key} {name}: {}", run.err);
            }
        }
    }
}

#[test]
#[cfg(unix)]
fn what_is_named_on_the_command_line_may_come_through_a_pipe() {
    let case = case();
    case.write("since.csv", "app,orders:write,2024-01-01\n");
    case.write("key", "a secret of more than sixteen bytes");
    case.write("run.toml", "level = 'review'\n");
    let program = env!("CARGO_BIN_EXE_scopetrim");
    let script = format!(
        "'{program}' analyze -q --logs log.jsonl --grants grants.yaml --catalog <(cat routes.yaml) \
         --granted-since <(cat since.csv) --hash-key <(cat key) --config <(cat run.toml)"
    );
    let mut command = std::process::Command::new("bash");
    let ran = command
        .args(["-c", &script])
        .current_dir(case.path(""))
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}");
}

/// Stands in every place of every file of secrets.
const SECRET: &str = "hunter2xq";

/// Files that hold nothing for us.
fn secrets() -> Vec<String> {
    let files = [
        "root:$6$S:19000:0:99999:7:::\nS:$y$S/S:19000:0:\n",
        "S\n",
        "S",
        "S=S\nOTHER_S=\"S\"\n",
        "S = \"S\"\n[S]\nS = 1\n",
        "-----BEGIN S PRIVATE KEY-----\nSSSS==\n-----END S-----\n",
        "S: S\nother: {S: S}\n",
        "S: S\nS: S\n",
        "version: 1\nS: S\nservices: [S]\n",
        "- S\n- {S: S}\n",
        "S: [S, {S: S}]\n",
        "S:\n  - S S\n",
        "S:\n  - {scope: x, since: S}\n",
        "? [S]\n: *S\n",
        "{\"S\": \"S\"}\n",
        "{\"S\": [{\"S\": 1}]}\n",
        "{\"S\": 1, \"S\": 2}\n",
        "{\"S\": S}\n",
        "[\"S\", tru, S]\n",
        "{\"schema\": \"S\", \"issues\": [\"S\"], \"hash\": \"S\"}\n",
        "{\"schema\": \"scopetrim.baseline/1\", \"issues\": \"S\"}\n",
        "S,S\nS,S\n",
        "S,S,S\n",
        "user,password\n\"S\",S\n",
        "\"S\n",
        "%S\n!S &S *S @S `S\n",
        "\tS: S\n\u{0}S\n",
        "127.0.0.1 S S S\n",
    ];
    files.iter().map(|text| text.replace('S', SECRET)).collect()
}

#[test]
fn a_file_of_secrets_is_quoted_in_no_role() {
    let case = case();
    let roles: [&[&str]; 11] = [
        &["analyze", "--config", "FILE"],
        &["analyze", "--logs", "FILE"],
        &["events", "--logs", "FILE", "--format", "native"],
        &["analyze", "--catalog", "FILE"],
        &["analyze", "--grants", "FILE"],
        &["analyze", "--granted-since", "FILE"],
        &["analyze", "--hash-key", "FILE"],
        &["check", "--baseline", "FILE"],
        &["report", "--month", "2026-03", "--previous", "FILE"],
        &["backtest", "--follow", "FILE"],
        &["analyze", "--catalog", "refers.yaml"],
    ];
    for text in secrets() {
        for ending in ["", ".yaml", ".json", ".csv"] {
            let name = format!("theirs{ending}");
            case.write(&name, &text);
            case.write(
                "refers.yaml",
                format!("openapi: 3.0.0\npaths:\n  /a:\n    $ref: '{name}#/a'\n"),
            );
            for role in roles {
                let mut args: Vec<&str> = role
                    .iter()
                    .map(|word| if *word == "FILE" { &name } else { *word })
                    .collect();
                if args[0] != "events" {
                    args.extend(inputs(args[1]));
                }
                let run = case.run(&args);
                let said = format!("{}{}", run.out, run.err);
                assert!(
                    !said.contains(SECRET),
                    "{args:?} of {text:?} ended with {:?}: {said}",
                    run.code
                );
                // No other file is wrong.
                assert!(
                    run.code == Some(0) || said.contains("theirs"),
                    "{args:?}: {said}"
                );
            }
        }
    }
}

#[test]
fn a_file_that_is_named_with_a_flag_does_not_take_the_folder_that_follows() {
    let case = case();
    case.write("scopetrim.toml", "logs = ['log.jsonl']\n");
    for args in [
        ["--catalog", "routes.yaml", "--grants", "grants.yaml", "."],
        ["--grants", "grants.yaml", "--catalog", "routes.yaml", "."],
        [".", "--grants", "grants.yaml", "--catalog", "routes.yaml"],
    ] {
        let run = case.run(&[&["analyze"][..], &args].concat());
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.err);
    }
    case.write("more.yaml", "version: 1\nroutes:\n  GET /more: more:read\n");
    let twice = [
        "catalog",
        "--catalog",
        "routes.yaml",
        "--catalog",
        "more.yaml",
    ];
    let run = case.run(&twice);
    assert!(
        run.out.contains("/more") && run.out.contains("/orders"),
        "{}",
        run.err
    );
    // As a shell expands a pattern.
    let run = case.run(&["events", "--logs", "log.jsonl", "log.jsonl", "--ndjson"]);
    assert_eq!(run.out.lines().count(), 100, "{}", run.err);
}

#[test]
fn what_shows_the_data_says_how_many_lines_are_lost_and_ends_as_incomplete() {
    let case = case();
    let log = daily(300, "app", "GET /orders", 200);
    case.write("log.jsonl", format!("{log}{{\"method\": \"GET\", \"pa\n"));
    for command in ["events", "usage"] {
        let run = case.run(&[command, "--logs", "log.jsonl", "--catalog", "routes.yaml"]);
        assert_eq!(run.code, Some(3), "{command}: {}", run.err);
        assert!(
            run.err.contains("lines without an event: "),
            "{command}: {}",
            run.err
        );
        case.write("fine.jsonl", &log);
        let run = case.run(&[command, "--logs", "fine.jsonl", "--catalog", "routes.yaml"]);
        assert_eq!(run.code, Some(0), "{command}: {}", run.err);
    }
}

#[test]
fn a_format_that_fits_no_line_is_refused_with_the_name_of_the_log() {
    let case = case();
    for command in ["events", "usage", "analyze"] {
        let mut args = vec![command];
        args.extend(inputs(if command == "analyze" { "" } else { "--grants" }));
        args.extend(["--format", "combined"]);
        let run = case.run(&args);
        assert_eq!(run.code, Some(2), "{command}: {}", run.err);
        for word in ["log.jsonl", "`combined`"] {
            assert!(run.err.contains(word), "{command}: {}", run.err);
        }
    }
}
