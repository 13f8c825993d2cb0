//! The directive around a format string, as people copy it from a configuration.
//!
//! In: a format string, or `log_format name '...';` and the like. Out: the string alone, as
//! the server has it after it read its configuration.

use super::Token;

/// The tokens of a string whose directives begin with `%`, and in which `%%` is a percent sign:
/// `each` takes the directive at a place, and gives the place after it.
pub(super) fn after_percents(
    text: &str,
    each: impl Fn(usize, &mut Vec<Token>) -> Result<usize, String>,
) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(len) = text[at..].find('%') {
        push(&mut tokens, &text[at..at + len]);
        at += len;
        if text[at..].starts_with("%%") {
            push(&mut tokens, "%");
            at += 2;
        } else {
            at = each(at, &mut tokens)?;
        }
    }
    push(&mut tokens, &text[at..]);
    Ok(tokens)
}

/// Appends text to the last text.
pub(super) fn push(tokens: &mut Vec<Token>, text: &str) {
    if text.is_empty() {
        return;
    }
    match tokens.last_mut() {
        Some(Token::Text(last)) => last.push_str(text),
        _ => tokens.push(Token::Text(text.to_owned())),
    }
}

/// A word of a configuration, and whether it was in quotes.
struct Word {
    text: String,
    quoted: bool,
}

/// The words of a directive: quoted ones may hold blanks, and a backslash hides the next sign.
fn words(text: &str, singles: bool) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        if first.is_whitespace() || first == ';' {
            continue;
        }
        let quote = matches!(first, '"' | '\'').then_some(first);
        let mut word = String::new();
        if quote.is_none() {
            word.push(first);
        }
        loop {
            let Some(c) = chars.next() else {
                if quote.is_some() {
                    return None;
                }
                break;
            };
            match (c, quote) {
                (c, Some(quote)) if c == quote => break,
                ('\\', Some('\'')) if !singles => word.push('\\'),
                ('\\', _) => match chars.next() {
                    Some('n') => word.push('\n'),
                    Some('t') => word.push('\t'),
                    Some(c @ ('"' | '\'' | '\\' | ' ' | '#')) => word.push(c),
                    Some(c) => word.extend(['\\', c]),
                    None => return None,
                },
                (c, None) if c.is_whitespace() || c == ';' => break,
                (c, _) => word.push(c),
            }
        }
        words.push(Word {
            text: word,
            quoted: quote.is_some(),
        });
    }
    Some(words)
}

/// NGINX: the kind of escapes, and the string.
pub(super) fn nginx(text: &str) -> Result<(Option<String>, String), String> {
    let text = text.trim();
    let directive = text
        .strip_prefix("log_format")
        .filter(|rest| rest.starts_with(char::is_whitespace));
    let body = directive.unwrap_or(text);
    let starts = body.trim_start();
    if directive.is_none() && !starts.starts_with(['\'', '"']) && !starts.starts_with("escape=") {
        return Ok((None, text.to_owned()));
    }
    let words = words(body, true).ok_or("a quote is opened and not closed")?;
    // A format that begins with a quote of its own.
    let bare = |word: &Word| !word.quoted && !word.text.starts_with("escape=");
    if directive.is_none() && words.iter().any(bare) {
        return Ok((None, text.to_owned()));
    }
    let mut escape = None;
    let mut string = String::new();
    let mut named = directive.is_none();
    for word in words {
        if let Some(kind) = word.text.strip_prefix("escape=").filter(|_| !word.quoted) {
            escape = Some(kind.to_owned());
        } else if named {
            string.push_str(&word.text);
        } else {
            named = true;
        }
    }
    if string.is_empty() {
        return Err("the directive has no format: `log_format name '...';`".to_owned());
    }
    Ok((escape, string))
}

/// Apache: `LogFormat "..." name`, `CustomLog path "..."`.
pub(super) fn apache(text: &str) -> Result<String, String> {
    let text = text.trim();
    let begins = |word: &str| {
        text.get(..word.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    let skip = if begins("LogFormat ") {
        1
    } else if begins("CustomLog ") || begins("TransferLog ") {
        2
    } else if text.starts_with('"') && text.ends_with('"') && text.contains("\\\"") {
        0
    } else {
        // Copied from between the quotes of the directive.
        return Ok(text.replace("\\\"", "\""));
    };
    let words = words(text, false).ok_or("a quote is opened and not closed")?;
    let word = words.into_iter().nth(skip);
    let word = word.filter(|word| word.text.contains('%'));
    word.map(|word| word.text)
        .ok_or_else(|| "the directive has no format: `LogFormat \"...\" name`".to_owned())
}

/// HAProxy: `log-format "..."`.
pub(super) fn haproxy(text: &str) -> Result<String, String> {
    let text = text.trim();
    let directive = text
        .strip_prefix("log-format")
        .filter(|rest| rest.starts_with(char::is_whitespace));
    let Some(body) = directive.or_else(|| text.starts_with(['"', '\'']).then_some(text)) else {
        return Ok(text.replace("\\ ", " "));
    };
    let words = words(body, false).ok_or("a quote is opened and not closed")?;
    let word = words.into_iter().next();
    word.map(|word| word.text)
        .ok_or_else(|| "the directive has no format: `log-format \"...\"`".to_owned())
}
