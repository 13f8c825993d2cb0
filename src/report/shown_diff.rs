//! A diff for a terminal.
//!
//! In: a diff as `git apply` wants it, which carries the policy file's own bytes.
//! Out: the same lines for reading, with what a terminal would act on made visible.
//!
//! A diff that needed this no longer applies, and says so first. What is piped or
//! written to a file stays exact and does not come through here.

use std::borrow::Cow;

use super::escape;

/// The diff, or its escaped form after a line that says where the exact one is.
pub(crate) fn for_terminal(diff: &str) -> Cow<'_, str> {
    let shown: Vec<Cow<'_, str>> = diff.split('\n').map(line).collect();
    if shown.iter().all(|line| matches!(line, Cow::Borrowed(_))) {
        return Cow::Borrowed(diff);
    }
    Cow::Owned(format!(
        "# control characters of the policy file are shown as \\u{{..}}: take the exact diff from --out or from a pipe\n{}",
        shown.join("\n")
    ))
}

/// Tabs, and the carriage return of a line end, do no harm.
fn line(text: &str) -> Cow<'_, str> {
    let body = text.strip_suffix('\r').unwrap_or(text);
    let parts: Vec<Cow<'_, str>> = body.split('\t').map(escape::terminal).collect();
    if parts.iter().all(|part| matches!(part, Cow::Borrowed(_))) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(parts.join("\t") + &text[body.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_of_the_policy_file_cannot_move_the_cursor() {
        let diff = "--- a/g\n+++ b/g\n@@ -1,2 +1 @@\n # hi\u{1b}[2J\u{202e}\r\n-\tx\n";
        let shown = for_terminal(diff);
        assert!(shown.starts_with("# control characters"), "{shown}");
        assert!(
            shown.contains(" # hi\\u{1b}[2J\\u{202e}\r\n-\tx\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_harmless_diff_is_the_diff() {
        let diff = "--- a/g\r\n+++ b/g\n@@ -1 +0,0 @@\n-\té — naïve\r\n";
        assert!(matches!(for_terminal(diff), Cow::Borrowed(same) if same == diff));
    }
}
