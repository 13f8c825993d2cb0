//! Hostile text made harmless for one kind of output.
//!
//! In: a name, a path or a message from a log, a policy or a catalogue.
//! Out: the same text, with what the output would act on made visible.
//!
//! Invariants:
//! * the result is one line, except inside a quoted CSV field;
//! * harmless text is not changed, and [`terminal`] applied twice is applied once.
//!
//! JSON has a writer of its own (`json_text`). Look-alike
//! letters of other scripts are shown as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text for a terminal or a diff comment: what moves the cursor, reorders text
/// or is invisible becomes `\u{1b}`.
///
/// Bidirectional controls are those of UAX #9; they can make a removal read
/// like another one. So that a log of CI obeys nothing, the beginning of a command of its
/// own (`::error::`, `##vso[`) is shown as its code too.
pub(crate) fn terminal(text: &str) -> Cow<'_, str> {
    let commands = text.contains("::") || text.contains("##");
    if !text.chars().any(is_unseen) && !commands {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, letter) in text.char_indices() {
        if is_unseen(letter) || commands && is_command(text, at) {
            push_code(&mut safe, letter);
        } else {
            safe.push(letter);
        }
    }
    Cow::Owned(safe)
}

/// Whether a command of a CI system begins here: of GitHub (`::add-mask::x`, where a line may
/// begin), or of Azure Pipelines (`##vso[…]`, `##[…]`, anywhere). An address (`::ffff:192.0.2.1`) is none.
///
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>,
/// <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>
fn is_command(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    let Some(name) = rest.strip_prefix("::") else {
        return rest.starts_with("##[") || rest.starts_with("##vso[");
    };
    let word = name.split(char::is_whitespace).next().unwrap_or_default();
    let in_address = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    before.chars().next_back().is_none_or(char::is_whitespace)
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !word.chars().all(in_address)
}

/// A text field of a CSV file (RFC 4180), which a spreadsheet must not take for a formula.
///
/// A field that starts (after spaces) with `=`, `+`, `-`, `@`, tab or carriage
/// return, or one of their full-width forms, gets an apostrophe in front, as
/// OWASP's note on CSV injection advises. A field that already starts with an
/// apostrophe gets a second one, so that taking one away restores every field.
pub(crate) fn csv_field(text: &str) -> Cow<'_, str> {
    let formula = |letter: char| {
        matches!(
            letter,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    let guarded = text.starts_with('\'') || text.trim_start_matches(' ').starts_with(formula);
    // Semicolon and tab separate fields for spreadsheets of some countries.
    let special = |letter: char| matches!(letter, ',' | ';' | '"' | '\t' | '\r' | '\n');
    let quoted = guarded || text.contains(special) || text.starts_with(' ') || text.ends_with(' ');
    if !quoted {
        return Cow::Borrowed(text);
    }
    let mut field = String::with_capacity(text.len() + 4);
    field.push('"');
    if guarded {
        field.push('\'');
    }
    field.push_str(&text.replace('"', "\"\""));
    field.push('"');
    Cow::Owned(field)
}

/// A name as a field of a CSV file: no formula, and what nobody sees made visible.
pub(crate) fn csv_text(text: &str) -> String {
    csv_field(&terminal(text)).into_owned()
}

/// Text inside a paragraph or a table cell of Markdown (`CommonMark` 2.4, GFM tables and autolinks).
///
/// GitHub turns `@name` into a mention even after a backslash; only a code span
/// would stop that, and it is not used here.
pub(crate) fn markdown(text: &str) -> Cow<'_, str> {
    let harmless =
        |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | ',' | '/' | '\'');
    if text
        .chars()
        .all(|letter| harmless(letter) && !is_unseen(letter))
        && !starts_a_block(text)
    {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut letters = text.chars().peekable();
    let mut at_start = true;
    while let Some(letter) = letters.next() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                safe.push('\\');
                safe.push(letter);
            }
            // `https://` and `www.` would become links.
            ':' if letters.peek() == Some(&'/') => safe.push_str("\\:"),
            '.' if safe.to_ascii_lowercase().ends_with("www") => safe.push_str("\\."),
            '#' | '+' | '-' | '=' if at_start => {
                safe.push('\\');
                safe.push(letter);
            }
            // `1.` and `1)` would start a list.
            '.' | ')'
                if !safe.is_empty()
                    && safe.bytes().all(|byte| byte.is_ascii_digit())
                    && letters.peek().is_none_or(|next| next.is_whitespace()) =>
            {
                safe.push('\\');
                safe.push(letter);
            }
            _ if is_unseen(letter) => {
                safe.push('\\');
                push_code(&mut safe, letter);
            }
            _ => safe.push(letter),
        }
        at_start = at_start && letter == ' ';
    }
    Cow::Owned(safe)
}

fn starts_a_block(text: &str) -> bool {
    text.starts_with([' ', '\t', '#', '+', '-', '='])
}

fn push_code(text: &mut String, letter: char) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\u{{{:x}}}", u32::from(letter));
}

/// Characters that a reader cannot see, or that change how others are shown.
pub(super) fn is_unseen(letter: char) -> bool {
    // Nearly every letter is one of these, and texts can be long.
    if letter.is_ascii() {
        return letter.is_ascii_control();
    }
    let odd_space = letter != ' ' && letter.is_whitespace();
    odd_space
        || letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that escaped text takes on a terminal; an approximation of Unicode's East Asian Width (UAX #11).
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(letter: char) -> usize {
    match u32::from(letter) {
        0x0300..=0x036f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f => {
            0
        }
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

/// How many letters of escaped text fit into so many columns.
pub(super) fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    text.chars()
        .take_while(|letter| {
            used += width(*letter);
            used <= room
        })
        .count()
}

/// Escaped text in at most `most` columns; what is cut is marked with `…`.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let text = terminal(text);
    if columns(&text) <= most {
        return bounded_marks(&text);
    }
    let mut short = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += width(letter);
        if used > most {
            break;
        }
        short.push(letter);
    }
    short = bounded_marks(&short);
    short.push('…');
    short
}

/// Marks that stack on one letter can paint over other lines: at most two stay.
fn bounded_marks(text: &str) -> String {
    let mut marks = 0;
    text.chars()
        .filter(|letter| {
            marks = if width(*letter) == 0 { marks + 1 } else { 0 };
            marks <= 2
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_or_reorders_text_reaches_the_terminal() {
        assert_eq!(terminal("a\u{1b}[2J\r\nb"), "a\\u{1b}[2J\\u{d}\\u{a}b");
        assert_eq!(terminal("ok\u{202e}gnp"), "ok\\u{202e}gnp");
        assert_eq!(terminal("a\u{200b}b\u{9b}31m"), "a\\u{200b}b\\u{9b}31m");
        assert_eq!(terminal("billing\u{a0}"), "billing\\u{a0}");
        assert!(matches!(terminal("orders:read/é 東京"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_name_begins_a_command_of_a_ci_system() {
        assert_eq!(terminal("::error::x"), "\\u{3a}:error::x");
        assert_eq!(terminal("a ::add-mask::b"), "a \\u{3a}:add-mask::b");
        assert_eq!(
            terminal("x##vso[a]b ###[c]"),
            "x\\u{23}#vso[a]b #\\u{23}#[c]"
        );
        for plain in [
            "Foo::Bar",
            "::1",
            "::ffff:192.0.2.1",
            "a ## b",
            "arn:aws:iam::1:user",
        ] {
            assert!(matches!(terminal(plain), Cow::Borrowed(_)) || terminal(plain) == plain);
        }
    }

    #[test]
    fn a_spreadsheet_sees_text_and_never_a_formula() {
        assert_eq!(
            csv_field("=HYPERLINK(\"http://x\")"),
            "\"'=HYPERLINK(\"\"http://x\"\")\""
        );
        for start in ["=", "+", "-", "@", "\t", "\r", "  =", "＝"] {
            let field = csv_field(start).into_owned();
            assert!(field.starts_with("\"'"), "{start:?} became {field}");
        }
        assert_eq!(csv_field("a,b"), "\"a,b\"");
        assert_eq!(csv_field("'a"), "\"''a\"");
        assert_eq!(csv_field("orders:read"), "orders:read");
    }

    #[test]
    fn markdown_makes_no_link_no_cell_no_tag_and_no_list() {
        assert_eq!(markdown("a|b"), "a\\|b");
        assert_eq!(
            markdown("[x](https://e.example)"),
            "\\[x\\](https\\://e.example)"
        );
        assert_eq!(markdown("<img src=x>"), "&lt;img src=x&gt;");
        assert_eq!(markdown("a\n\n# b"), "a\\\\u{a}\\\\u{a}# b");
        assert_eq!(markdown("- a"), "\\- a");
        assert_eq!(markdown("1. a"), "1\\. a");
        assert_eq!(markdown("www.e.example"), "www\\.e.example");
        assert_eq!(markdown("billing-sync"), "billing-sync");
    }

    #[test]
    fn cutting_counts_wide_letters_and_marks_the_cut() {
        assert_eq!(cut("billing-sync", 12), "billing-sync");
        assert_eq!(cut("billing-sync", 8), "billing…");
        assert_eq!(cut("東京大阪", 5), "東京…");
        assert_eq!(
            cut(&format!("a{}", "\u{301}".repeat(50)), 5)
                .chars()
                .count(),
            3
        );
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_visible_line_and_escaping_again_changes_nothing(text in "\\PC*|.*|(\\p{C}|a)*|[:#a \\[]*") {
            let once = terminal(&text).into_owned();
            prop_assert!(!once.chars().any(is_unseen));
            prop_assert_eq!(terminal(&once).into_owned(), once.clone());
            prop_assert!(columns(&cut(&text, 20)) <= 20);
            prop_assert!(!markdown(&text).contains('\n'));
        }

        #[test]
        fn a_csv_reader_gets_the_text_back(text in "[ ,;\"'=+@\t\r\na-]{0,12}") {
            let line = format!("{},x\r\n", csv_field(&text));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            let field = record.get(0).unwrap();
            prop_assert_eq!(record.len(), 2);
            prop_assert_eq!(field.strip_prefix('\'').unwrap_or(field), text);
        }
    }
}
