//! The commands that are proposed, with what the present call needs to find its inputs again.

use crate::model::Level;
use crate::model::words::shell_word;

/// How the program was called: what other subcommands need, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    /// The folder to start from, as it was named.
    pub(crate) folder: Option<String>,
    /// Flags and their values, in the order of the help.
    pub(crate) flags: Vec<String>,
    /// Where the files of the result are, when they were written.
    pub(crate) out: Option<String>,
    /// What `apply` needs to read the policy files as this run did.
    pub(crate) formats: Vec<String>,
    /// Whether the policy files are those of today: older ones are not edited.
    pub(crate) of_today: bool,
}

impl Call {
    /// `scopetrim explain [DIR] CLIENT ...`.
    pub(super) fn explain(&self, client: &str) -> Vec<String> {
        self.command("explain", &[client], &[])
    }

    /// `scopetrim analyze [DIR] ... --stats`.
    pub(super) fn with_stats(&self) -> Vec<String> {
        self.command("analyze", &[], &["--stats"])
    }

    /// The same analysis at another level.
    pub(super) fn at_level(&self, level: Level) -> Vec<String> {
        let mut call = self.clone();
        if let Some(at) = call.flags.iter().position(|flag| flag == "--level") {
            call.flags.drain(at..(at + 2).min(call.flags.len()));
        }
        call.command("analyze", &[], &["--level", level.name()])
    }

    /// The commands that make the edits of the diff; none when it is one of the past.
    pub(super) fn apply(&self, level: Level) -> Vec<Vec<String>> {
        const FOLDER: &str = "result";
        if !self.of_today {
            return Vec::new();
        }
        let mut commands = Vec::new();
        let folder = self.out.as_deref().unwrap_or(FOLDER);
        if self.out.is_none() {
            commands.push(self.command("analyze", &[], &["--out", FOLDER]));
        }
        let mut apply = ["scopetrim", "apply", folder, "--level", level.name()]
            .map(shell_word)
            .to_vec();
        apply.extend(self.formats.iter().map(|word| shell_word(word)));
        commands.push(apply);
        commands
    }

    /// Names come before the flags, because a flag may take every word up to the next one.
    fn command(&self, name: &str, names: &[&str], more: &[&str]) -> Vec<String> {
        let words = ["scopetrim", name].into_iter();
        let words = words
            .chain(self.folder.as_deref())
            .chain(names.iter().copied())
            .chain(self.flags.iter().map(String::as_str))
            .chain(more.iter().copied());
        words.map(shell_word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            folder: Some("a shop".to_owned()),
            flags: ["--logs", "x", "y", "--level", "likely"]
                .map(str::to_owned)
                .to_vec(),
            formats: vec!["--config".to_owned(), "it's.toml".to_owned()],
            of_today: true,
            out: None,
        }
    }

    #[test]
    fn a_name_stands_before_the_flags_and_words_are_quoted_for_a_shell() {
        assert_eq!(
            call().explain("app").join(" "),
            "scopetrim explain 'a shop' app --logs x y --level likely"
        );
        assert_eq!(
            call().at_level(Level::Review).join(" "),
            "scopetrim analyze 'a shop' --logs x y --level review"
        );
    }

    #[test]
    fn a_result_that_is_not_there_is_written_first_and_one_of_the_past_is_not_applied() {
        let lines = |call: &Call| -> Vec<String> {
            let commands = call.apply(Level::Likely);
            commands.iter().map(|words| words.join(" ")).collect()
        };
        assert_eq!(
            lines(&call()),
            [
                "scopetrim analyze 'a shop' --logs x y --level likely --out result",
                "scopetrim apply result --level likely --config 'it'\\''s.toml'",
            ]
        );
        let written = Call {
            out: Some("there".to_owned()),
            formats: Vec::new(),
            ..call()
        };
        assert_eq!(lines(&written), ["scopetrim apply there --level likely"]);
        let past = Call {
            of_today: false,
            ..call()
        };
        assert!(lines(&past).is_empty());
    }
}
