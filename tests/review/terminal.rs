//! Keys for the program on a terminal of its own, by `script` of util-linux.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Case, case, edits, fs, json, proposed, text};

#[expect(
    clippy::print_stderr,
    reason = "a skipped test says so; nothing else would"
)]
fn has_script() -> bool {
    let asked = Command::new("script").arg("--version").output();
    let known = asked.is_ok_and(|own| String::from_utf8_lossy(&own.stdout).contains("util-linux"));
    if !known {
        eprintln!("skipped: there is no `script` of util-linux, which gives a terminal");
    }
    known
}

/// Starts a review, waits until it asks, and gives it the keys one by one; gives what was shown.
fn keys(case: &Case, keys: &[&str], asked: impl Fn()) -> String {
    let program = env!("CARGO_BIN_EXE_scopetrim");
    // What the terminal was set to is the same again when it ends, and a size has to be set.
    let command = format!(
        "stty rows 30 cols 100; stty -a > before; '{program}' review --out out --quiet; echo code $?; stty -a > after"
    );
    // That of an earlier review would be taken for the new one.
    let _ = fs::remove_file(case.path("typed"));
    let mut child = Command::new("script")
        .args([
            "--quiet",
            "--return",
            "--flush",
            "--command",
            &command,
            "typed",
        ])
        .current_dir(case.path(""))
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("script starts");
    let mut input = child.stdin.take().expect("a pipe");
    let shown = || fs::read(case.path("typed")).unwrap_or_default();
    // The alternate screen: only then are keys read as keys.
    waits(|| shown().windows(8).any(|part| part == b"\x1b[?1049h"));
    asked();
    for key in keys {
        let before = shown().len();
        input.write_all(key.as_bytes()).expect("a key");
        input.flush().expect("a key");
        // Each key redraws something.
        waits(|| shown().len() > before);
        sleep(Duration::from_millis(50));
    }
    child.wait().expect("script ends");
    String::from_utf8_lossy(&shown()).into_owned()
}

fn waits(until: impl Fn() -> bool) {
    let begun = Instant::now();
    while !until() && begun.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_error_gives_the_terminal_back_and_is_seen() {
    if !has_script() {
        return;
    }
    let case = case();
    let shown = keys(&case, &["a"], || {
        fs::remove_dir_all(case.path("out")).expect("the folder goes");
    });
    let (screen, after) = shown
        .rsplit_once("\u{1b}[?1049l")
        .expect("the screen is given back");
    assert!(screen.contains("a accept"), "{shown}");
    assert!(
        after.contains("error: cannot write") && after.contains("code 2"),
        "{shown}"
    );
    assert_eq!(text(&case, "before"), text(&case, "after"));
}

#[test]
fn keys_on_a_terminal_decide_and_a_lost_session_goes_on_where_it_stopped() {
    if !has_script() {
        return;
    }
    let case = case();
    // Accepts the first, then Ctrl-C.
    let shown = keys(&case, &["a", "\u{3}"], || ());
    assert!(shown.contains("code 0"), "{shown}");
    assert!(shown.contains("\u{1b}[?1049l"), "the screen is given back");
    assert!(shown.contains("\u{1b}[?25h"), "the cursor is given back");
    assert_eq!(text(&case, "before"), text(&case, "after"));
    let record = json(&case, "out/review.json");
    assert_eq!(
        (
            record["open"].as_u64(),
            edits(&json(&case, "out/plan.json")).len()
        ),
        (Some(3), 1)
    );
    // Goes on: rejects, defers, accepts.
    let shown = keys(
        &case,
        &["r", "n", "o", "\r", "d", "x", "\r", "\r", "a", "q"],
        || (),
    );
    assert!(
        shown.contains("2 accepted, 1 deferred, 1 rejected, 0 open"),
        "{shown}"
    );
    let accepted = edits(&json(&case, "out/plan.json"));
    assert_eq!(accepted.len(), 2);
    assert_eq!(case.run(&["apply", "out"]).code, Some(0));
    let left = proposed(&case);
    assert!(
        left.len() == 2 && accepted.iter().all(|own| !left.contains(own)),
        "{left:?}"
    );
}
