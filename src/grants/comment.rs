//! Comments of a YAML, TOML or HCL text, and the `keep` pragma in them.

use std::sync::Arc;

use super::GrantError;
use super::written::Syntax;
use crate::document::{Node, Value};
use crate::model::{Day, Keep, Place, Span};

/// One comment, from its `#` to the end of its line; in HCL from its `/*` to its `*/`, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    pub(super) span: Span,
    /// The last one, where it stands on lines of its own.
    pub(super) line: u32,
    /// Nothing but whitespace is in front of it.
    pub(super) own_line: bool,
}

/// Every comment of the text, in order.
///
/// A `#` opens a comment at the start of a line or after whitespace (YAML 1.2.2,
/// section 6.6), but not inside a scalar: so only the text between scalars is searched.
pub(super) fn comments(text: &str, roots: &[Node], syntax: Syntax) -> Vec<Comment> {
    let hcl = syntax == Syntax::Hcl;
    // In TOML a comment needs nothing in front of it.
    let toml = syntax == Syntax::Toml;
    let mut scalars = Vec::new();
    for root in roots {
        collect(text, root, &mut scalars);
    }
    scalars.sort_by_key(|span| span.start);
    let mut found = Vec::new();
    let mut at = 0;
    let (mut line, mut counted) = (1, 0);
    for gap_end in scalars.iter().map(|span| span.start).chain([text.len()]) {
        while at < gap_end {
            let bytes = text.as_bytes();
            let mut opens = bytes[at] == b'#'
                && (hcl
                    || toml
                    || at == 0
                    || at == 3 && text.starts_with('\u{feff}')
                    || bytes[at - 1].is_ascii_whitespace());
            opens |= hcl && (bytes[at..].starts_with(b"//") || bytes[at..].starts_with(b"/*"));
            if !opens {
                // Labels of blocks, and headers of further tables, are no scalars of the tree.
                at += if (hcl || toml) && bytes[at] == b'"' {
                    quoted(&bytes[at..])
                } else {
                    1
                };
                continue;
            }
            line += count_lines(&text[counted..at]);
            counted = at;
            let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let before = text[start..at].trim_start_matches('\u{feff}');
            let own_line = before.trim().is_empty();
            let end = if text[at..].starts_with("/*") {
                text[at..].find("*/").map(|more| at + more + 2)
            } else {
                text[at..].find(['\n', '\r']).map(|more| at + more)
            };
            let end = end.unwrap_or(text.len());
            if own_line {
                line += count_lines(&text[counted..end]);
                counted = end;
            }
            found.push(Comment {
                span: Span { start: at, end },
                line,
                own_line,
            });
            at = end;
        }
        if let Ok(index) = scalars.binary_search_by_key(&gap_end, |span| span.start) {
            at = at.max(scalars[index].end);
        }
    }
    found
}

/// How many bytes a string in double quotes has.
fn quoted(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

fn collect(text: &str, node: &Node, out: &mut Vec<Span>) {
    match &node.value {
        _ if node.alias => out.push(node.span),
        // A comment may follow the sign of a block scalar.
        Value::String(_) if text[node.span.start..].starts_with(['|', '>']) => {
            let scalar = &text[node.span.start..node.span.end];
            out.extend(scalar.find('\n').map(|newline| Span {
                start: node.span.start + newline,
                end: node.span.end,
            }));
        }
        Value::Seq(items) => items.iter().for_each(|item| collect(text, item, out)),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            collect(text, key, out);
            collect(text, value, out);
        }),
        _ if node.span.start < node.span.end => out.push(node.span),
        _ => {}
    }
}

/// Whether the comment has an attribute of a `keep`.
pub(super) fn mentions_attribute(text: &str, span: Span) -> bool {
    let comment = &text[span.start..span.end];
    comment.contains("until=") || comment.contains("reason=")
}

/// What a comment asks to keep.
pub(super) enum Pragma {
    /// It is an ordinary comment.
    None,
    /// It is a `keep` with attributes only.
    Keep(Keep),
    /// It starts with `keep` and goes on in prose, which is taken as the reason:
    /// when in doubt, keep.
    Prose(Keep),
}

/// What may follow the word.
const STOPS: [char; 5] = [':', ',', ';', '.', '!'];

/// Reads `# keep until=2027-03-31 reason="year-end job"`.
pub(super) fn pragma(text: &str, comment: Comment, file: &Arc<str>) -> Result<Pragma, GrantError> {
    let body = &text[comment.span.start..comment.span.end];
    let body = match body.strip_prefix("/*") {
        Some(inner) => inner.trim_end_matches("*/"),
        None => body.trim_start_matches("//").trim_start_matches('#'),
    };
    let body = body.trim();
    // `# Keep, for the audit` is meant as well; `# keep-alive` and `# keeps` are other words.
    let Some((_, rest)) = body
        .split_at_checked(4)
        .filter(|(word, _)| word.eq_ignore_ascii_case("keep"))
    else {
        return Ok(Pragma::None);
    };
    if !(rest.is_empty() || rest.starts_with([' ', '\t']) || rest.starts_with(STOPS)) {
        return Ok(Pragma::None);
    }
    let place = Place {
        file: Arc::clone(file),
        line: comment.line,
    };
    let bad = |message: String| GrantError::BadKeep {
        place: place.clone(),
        message,
    };
    let mut keep = Keep {
        until: None,
        reason: None,
    };
    let mut rest = rest.trim_start_matches(STOPS).trim();
    while let Some((name, value)) = attribute(rest) {
        let (value, after) = if let Some(open) = value.strip_prefix('"') {
            let Some((value, after)) = open.split_once('"') else {
                return Err(bad(format!(
                    "the quotes of `{name}` in a keep comment do not close"
                )));
            };
            (value, after)
        } else {
            value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()))
        };
        if !(after.is_empty() || after.starts_with(char::is_whitespace)) {
            return Err(bad(format!(
                "a space is missing after `{name}` in a keep comment"
            )));
        }
        match name {
            "until" if keep.until.is_none() => match Day::parse(value) {
                Some(day) => keep.until = Some(day),
                None => {
                    return Err(GrantError::BadDate {
                        place,
                        text: value.to_owned(),
                    });
                }
            },
            "reason" if keep.reason.is_none() => keep.reason = Some(value.to_owned()),
            "until" | "reason" => {
                return Err(bad(format!("`{name}` occurs twice in a keep comment")));
            }
            _ => return Err(bad(format!("unknown attribute `{name}` in a keep comment"))),
        }
        rest = after.trim_start();
    }
    if rest.is_empty() {
        return Ok(Pragma::Keep(keep));
    }
    if keep.until.is_some()
        || keep.reason.is_some()
        || rest.contains("until=")
        || rest.contains("reason=")
    {
        return Err(bad(format!(
            "`{rest}` in a keep comment is not an attribute"
        )));
    }
    keep.reason = Some(rest.to_owned());
    Ok(Pragma::Prose(keep))
}

/// Splits `name=value...`; the name is one word.
fn attribute(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let word = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    word.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    #[test]
    fn a_comment_after_the_sign_of_a_block_scalar_is_one_and_its_text_is_not() {
        let text = "a:\n- >- # keep\n  # no\n  x\n- y # z\nb: |\n  # no\n";
        let found = comments(text, &yaml::documents(text, "f").unwrap(), Syntax::Yaml);
        let shown: Vec<(u32, &str)> = found
            .iter()
            .map(|comment| (comment.line, &text[comment.span.start..comment.span.end]))
            .collect();
        assert_eq!(shown, [(2, "# keep"), (5, "# z")]);
    }
}
