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
