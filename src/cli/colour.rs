//! Whether results are coloured: decided once, from the flag, the environment and the terminal.

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::report::paint::Paint;

/// When results are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless the environment says otherwise (`NO_COLOR`, `CLICOLOR_FORCE`).
    #[default]
    Auto,
    /// Also into a file or a pipe.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// The colours for standard output.
    pub(super) fn paint(self) -> Paint {
        let stdout = std::io::stdout();
        let on = match self {
            Self::Auto => AutoStream::choice(&stdout) != ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        };
        if on {
            // Consoles of Windows take codes only after they were asked to.
            let _asked = AutoStream::always_ansi(stdout);
        }
        Paint::new(on)
    }

    /// The same for help and for errors of the parser, which prints them itself.
    pub(super) fn of_parser(self) -> clap::ColorChoice {
        match self {
            Self::Auto => clap::ColorChoice::Auto,
            Self::Always => clap::ColorChoice::Always,
            Self::Never => clap::ColorChoice::Never,
        }
    }

    /// What the arguments say before they are parsed: an error of the parser is coloured, too.
    pub(super) fn stated(line: &[std::ffi::OsString]) -> Self {
        let mut words = line.iter().filter_map(|word| word.to_str());
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--color") {
                Some("") => words.next(),
                Some(rest) => rest.strip_prefix('='),
                None if word == "--" => break,
                None => None,
            };
            if let Some(value) = value {
                return Self::from_str(value, false).unwrap_or_default();
            }
        }
        Self::Auto
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_known_before_the_arguments_are_parsed() {
        let of = |text: &str| {
            let line: Vec<_> = text.split(' ').map(Into::into).collect();
            Colour::stated(&line)
        };
        assert_eq!(of("scopetrim analyze --color never"), Colour::Never);
        assert_eq!(of("scopetrim --color=always analyze"), Colour::Always);
        assert_eq!(of("scopetrim analyze --color purple"), Colour::Auto);
        assert_eq!(of("scopetrim analyze -- --color never"), Colour::Auto);
    }
}
