//! Closing brackets that are as far left as their key.
//!
//! ```yaml
//! scopes: [
//!   "orders:read"
//! ]
//! ```
//!
//! Many people write flow lists like this and the usual readers take it, but by the
//! letter (YAML 1.2.2, section 8.1, `s-flow-line-prefix`) the bracket has to be further right
//! than its key, and the parser says so in some of these cases. The bracket's column is all
//! that is wrong with it, so the line breaks and comments in front of it are blanked out
//! for the parser: the tree is the same, and every byte stays where it is.

use super::scalar::quoted_end;

/// The text with whitespace between the last token and the bracket.
///
/// `from` is a place in front of that token that lies outside of scalars.
/// `None` when nothing is between them that could be blanked out.
pub(super) fn join(text: &str, from: usize, bracket: usize) -> Option<String> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut end = from;
    let mut blank = true;
    while at < bracket {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => {
                blank = true;
                at += 1;
                continue;
            }
            b'#' if blank => {
                let rest = &bytes[at..bracket];
                at += rest
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(rest.len());
                continue;
            }
            b'"' | b'\'' if blank || matches!(bytes[at - 1], b'[' | b'{' | b',' | b':') => {
                at = quoted_end(text, at)?;
            }
            _ => at += 1,
        }
        blank = false;
        end = at;
    }
    let gap = text.get(end..bracket)?;
    if !gap.contains('\n') {
        return None;
    }
    let mut joined = String::with_capacity(text.len());
    joined.push_str(&text[..end]);
    joined.extend(std::iter::repeat_n(' ', gap.len()));
    joined.push_str(&text[bracket..]);
    Some(joined)
}
