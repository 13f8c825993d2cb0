//! How the program was called, for the evidence of a report.

use std::ffi::OsString;

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

#[cfg(test)]
mod tests {
    use super::*;

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
