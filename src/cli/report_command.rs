//! How the program was called, for the evidence of a report.

use std::ffi::OsString;
use std::path::Path;

use crate::model::words::shell_word;

/// The command line without what only says where the output goes or how fast it comes,
/// so that the same report has the same bytes wherever it is written.
pub(super) fn line(line: &[OsString]) -> String {
    const WITH_VALUE: [&str; 6] = [
        "--out",
        "--output",
        "--format",
        "--threads",
        "--now",
        "--color",
    ];
    const ALONE: [&str; 2] = ["--quiet", "-q"];
    let mut words = vec!["scopetrim".to_owned()];
    let mut line = line.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = line.next() {
        let name = word.split('=').next().unwrap_or_default();
        if WITH_VALUE.contains(&name) {
            if !word.contains('=') {
                line.next();
            }
        } else if !ALONE.contains(&&*word) {
            words.push(shell_word(&word));
        }
    }
    words.join(" ")
}

/// The flags with which another command reads the same input: `--dir shop --level review`.
/// `folder` is the one that was named without a flag.
pub(super) fn inputs(line: &[OsString], folder: Option<&Path>) -> String {
    const WITH_VALUE: [&str; 8] = [
        "--out",
        "--format",
        "--threads",
        "--now",
        "--month",
        "--previous",
        "--organisation",
        "--pseudonymise",
    ];
    const ALONE: [&str; 2] = ["--quiet", "-q"];
    let mut folder = folder.map(Path::as_os_str);
    let mut words = Vec::new();
    let line = line.iter().skip_while(|word| *word != "report");
    let mut line = line.skip(1);
    while let Some(word) = line.next() {
        let text = word.to_string_lossy();
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (&*text, None),
        };
        if WITH_VALUE.contains(&name) {
            if value.is_none() {
                line.next();
            }
        } else if folder == Some(word) {
            folder = None;
            words.push(format!("--dir {}", shell_word(&text)));
        } else if name == "--log-format" {
            // Other commands have no format of their own, and call that of the logs so.
            let value = value.map(|value| format!("={}", shell_word(value)));
            words.push(format!("--format{}", value.unwrap_or_default()));
        } else if !ALONE.contains(&&*text) {
            words.push(shell_word(&text));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_command_reads_the_same_input_with_the_flags_that_are_left() {
        let said = |text: &str, folder: Option<&str>| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            inputs(&words, folder.map(Path::new))
        };
        assert_eq!(
            said(
                "x -q report shop --month 2026-10 --out a --format=html --previous b --level review",
                Some("shop")
            ),
            "--dir shop --level review"
        );
        assert_eq!(
            said(
                "x report --month=2026-10 --organisation shop shop",
                Some("shop")
            ),
            "--dir shop"
        );
        assert_eq!(
            said(
                "x report --logs it's --log-format kong --log-format=a$b",
                None
            ),
            "--logs 'it'\\''s' --format kong --format='a$b'"
        );
    }

    #[test]
    fn where_the_output_goes_is_not_part_of_the_evidence() {
        let said = |text: &str| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            line(&words)
        };
        assert_eq!(
            said(
                "/usr/bin/scopetrim report shop --month 2026-10 --out a --format=html,md -q --threads 2"
            ),
            "scopetrim report shop --month 2026-10"
        );
        assert_eq!(
            said("x report it's --logs *.gz"),
            "scopetrim report 'it'\\''s' --logs '*.gz'"
        );
    }
}
