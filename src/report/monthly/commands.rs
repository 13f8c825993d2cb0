//! The commands that a reader of the report calls next.
//!
//! Invariant: each of them reads the input of the report, up to the same day; a name in it
//! is one word for a shell.

use crate::model::words::shell_word;
use crate::model::{Day, Level};
use crate::report::View;

/// What the commands have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    inputs: String,
    as_of: Day,
    level: Level,
}

impl Commands {
    pub(super) fn of(inputs: &str, view: &View<'_>) -> Self {
        Self {
            inputs: inputs.to_owned(),
            as_of: view.analysis.window.to,
            level: view.level,
        }
    }

    /// Shows every fact behind the verdicts of a client.
    pub fn explain(&self, client: &str) -> String {
        if client.starts_with('-') {
            // What begins like a flag comes last, behind the end of the flags.
            return format!(
                "scopetrim explain {} -- {}",
                self.input(),
                shell_word(client)
            );
        }
        format!("scopetrim explain {} {}", shell_word(client), self.input())
    }

    /// Writes the plan: the diff, its proof and its undo.
    pub fn plan(&self) -> String {
        format!("scopetrim analyze {} --out plan", self.input())
    }

    /// Shows the edits of the plan without making them.
    pub fn dry_run(&self) -> String {
        format!("{} --dry-run", self.apply())
    }

    /// Makes the edits of the plan.
    pub fn apply(&self) -> String {
        // The highest level of a plan is `review`: what is manual has no edit.
        let level = self.level.min(Level::Review);
        format!("scopetrim apply plan --level {}", level.name())
    }

    /// Proposes roles, as a page.
    pub fn roles(&self) -> String {
        // `--objective` says there what is small about roles.
        let input = self.input();
        let words = input.split(' ').map(|word| match word.split_once('=') {
            Some(("--objective", value)) => format!("--scope-objective={value}"),
            None if word == "--objective" => "--scope-objective".to_owned(),
            _ => word.to_owned(),
        });
        let words: Vec<String> = words.collect();
        format!(
            "scopetrim roles mine {} --html > roles.html",
            words.join(" ")
        )
    }

    fn input(&self) -> String {
        let until = format!("--as-of {}", self.as_of);
        if self.inputs.is_empty() {
            until
        } else {
            format!("{} {until}", self.inputs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_and_no_flag_of_a_command() {
        let commands = Commands {
            inputs: "--dir shop".to_owned(),
            as_of: Day::parse("2026-10-31").unwrap(),
            level: Level::Likely,
        };
        let shop = "--dir shop --as-of 2026-10-31";
        for (name, told) in [
            ("billing", format!("scopetrim explain billing {shop}")),
            ("a $(b)", format!("scopetrim explain 'a $(b)' {shop}")),
            ("--help", format!("scopetrim explain {shop} -- --help")),
        ] {
            assert_eq!(commands.explain(name), told);
        }
        assert_eq!(commands.apply(), "scopetrim apply plan --level likely");
        assert_eq!(
            commands.plan(),
            format!("scopetrim analyze {shop} --out plan")
        );
        let risk = Commands {
            inputs: "--dir shop --objective risk --hints=first".to_owned(),
            ..commands
        };
        let inputs = "--dir shop --scope-objective risk --hints=first --as-of 2026-10-31";
        let told = format!("scopetrim roles mine {inputs} --html > roles.html");
        assert_eq!(risk.roles(), told);
    }
}
