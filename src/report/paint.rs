//! Colours for a terminal: of a diff and of levels.
//!
//! In: a line that is escaped already. Out: the same line, with codes around its parts, or as
//! it is. The width of a line is known before it is painted.

use std::borrow::Cow;

use anstyle::{AnsiColor, Effects, Style};

use crate::model::Level;

/// Whether to paint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// With colours, or without.
    pub(crate) const fn new(on: bool) -> Self {
        Self { on }
    }

    /// A line that matters most.
    pub(super) fn strong(self, line: &str) -> String {
        self.with(Style::new().effects(Effects::BOLD), line)
    }

    /// A line that begins with this level.
    pub(super) fn leading_level(self, line: &str, level: Level) -> String {
        let name = level.name().to_uppercase();
        match line.strip_prefix(name.as_str()) {
            Some(rest) => format!("{}{rest}", self.with(of_level(level), &name)),
            None => line.to_owned(),
        }
    }

    /// A diff with its comments, line by line.
    pub(crate) fn diff(self, text: &str) -> Cow<'_, str> {
        if !self.on {
            return Cow::Borrowed(text);
        }
        let lines = text.split('\n').map(|line| {
            // A code between a carriage return and the line's end would be printed at its start.
            let (body, end) = line
                .strip_suffix('\r')
                .map_or((line, ""), |body| (body, "\r"));
            match of_line(body) {
                Some(style) => format!("{}{end}", self.with(style, body)),
                None => line.to_owned(),
            }
        });
        Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

fn of_level(level: Level) -> Style {
    let colour = match level {
        Level::Safe => AnsiColor::Green,
        Level::Likely => AnsiColor::Cyan,
        Level::Review => AnsiColor::Yellow,
        Level::Manual => AnsiColor::Magenta,
    };
    Style::new()
        .fg_color(Some(colour.into()))
        .effects(Effects::BOLD)
}

/// As `git diff` paints it.
fn of_line(line: &str) -> Option<Style> {
    let heads = ["--- a/", "--- \"a/", "+++ b/", "+++ \"b/"];
    if heads.iter().any(|head| line.starts_with(head)) {
        return Some(Style::new().effects(Effects::BOLD));
    }
    let colour = match line.as_bytes().first()? {
        b'@' => AnsiColor::Cyan,
        b'-' => AnsiColor::Red,
        b'+' => AnsiColor::Green,
        b'#' => return Some(Style::new().effects(Effects::DIMMED)),
        _ => return None,
    };
    Some(Style::new().fg_color(Some(colour.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "# why\n--- a/g\n+++ b/g\n@@ -1,2 +1 @@\n a\n-b\r\n";

    #[test]
    fn without_colours_nothing_is_added() {
        let paint = Paint::new(false);
        assert_eq!(paint.diff(DIFF), DIFF);
        assert_eq!(paint.leading_level("LIKELY  x", Level::Likely), "LIKELY  x");
        assert_eq!(paint.strong("x"), "x");
    }

    #[test]
    fn a_diff_is_painted_as_git_paints_it() {
        let painted = Paint::new(true).diff(DIFF).into_owned();
        insta::assert_snapshot!(painted.replace('\u{1b}', "ESC").replace('\r', "CR"), @r"
        ESC[2m# whyESC[0m
        ESC[1m--- a/gESC[0m
        ESC[1m+++ b/gESC[0m
        ESC[36m@@ -1,2 +1 @@ESC[0m
         a
        ESC[31m-bESC[0mCR
        ");
    }

    #[test]
    fn only_a_leading_level_is_painted() {
        let paint = Paint::new(true);
        let line = paint.leading_level("LIKELY  LIKELY", Level::Likely);
        assert!(line.ends_with("  LIKELY"), "{line:?}");
        assert_eq!(line.matches('\u{1b}').count(), 3, "{line:?}");
        assert_eq!(paint.leading_level("  LIKELY", Level::Likely), "  LIKELY");
    }
}
