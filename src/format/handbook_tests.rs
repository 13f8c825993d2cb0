//! `docs/formats.md` is written from the formats themselves.

use std::fmt::Write;

use super::ALL;
use super::detect::{recognised, samples};

const HEAD: &str = "\
# The log formats, one by one

Written from the program's own registry: `UPDATE_DOCS=1 cargo test --lib handbook` writes it again, and a test compares it.
[log-formats.md](log-formats.md) says what to look out for in each of them. The sample lines are invented; the tests read each of
them as the format under which it stands here.

A header that the caller sends is no identity unless the gateway sets it: let the gateway remove it from what comes in, and write what it
verified itself.
";

/// The whole document.
fn document() -> String {
    let mut text = HEAD.to_owned();
    for format in ALL {
        let name = format.name();
        let who = if format.tells_who_refused() {
            "Its lines can say who refused a request."
        } else {
            "Its lines do not say who refused a request."
        };
        let what = if format.names_operations() {
            " They name operations: no API description is needed."
        } else {
            ""
        };
        write!(text, "\n## `{name}`\n\n{}. {who}{what}\n", format.title()).unwrap();
        text.push_str("\n**Who calls.** ");
        let mut code = false;
        for line in format.identity_help().lines() {
            let shown = line.strip_prefix("    ");
            if shown.is_some() != code {
                text.push_str(if code { "```\n\n" } else { "\n```text\n" });
                code = !code;
            }
            text.push_str(shown.unwrap_or(line));
            text.push('\n');
        }
        if code {
            text.push_str("```\n");
        }
        let lines = samples(name);
        write!(
            text,
            "\n**A line.**\n\n```text\n{}\n```\n",
            lines.join("\n")
        )
        .unwrap();
    }
    text
}

#[test]
fn the_handbook_is_what_the_formats_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == document(), "run the test with UPDATE_DOCS=1");
}

#[test]
fn each_sample_of_the_handbook_is_read_as_the_format_under_which_it_stands() {
    let text = document();
    let mut sections = text.split("\n## `").skip(1);
    for format in ALL {
        let section = sections.next().unwrap();
        let (name, rest) = section.split_once('`').unwrap();
        assert_eq!(name, format.name());
        let (_, lines) = rest.split_once("**A line.**\n\n```text\n").unwrap();
        let lines = lines.trim_end().trim_end_matches("```");
        assert_eq!(recognised(lines.as_bytes())[0], name, "{lines}");
    }
}

#[test]
fn the_guide_has_a_row_for_each_format() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/log-formats.md");
    let guide = std::fs::read_to_string(path).unwrap();
    for format in ALL {
        let row = format!("\n| `{}` |", format.name());
        assert!(guide.contains(&row), "no row for `{}`", format.name());
    }
}
