//! GoAccess: `log-format %h %^[%d:%t %^] "%r" %s %b "%R" "%u"`, with its date and time formats.
//!
//! Source: GoAccess manual, "Custom log/date format".

use super::directive;
use super::known::Known;
use super::{Token, Tokens, Var, wrong};
use crate::format::declared::Meaning;
use crate::format::mapping::Answered;
use crate::format::mapping::field::Unescape;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;

/// The formats that it knows by name.
const NAMED: [(&str, &str); 4] = [
    ("COMBINED", r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#),
    ("VCOMBINED", r#"%v:%^ %h %^[%d:%t %^] "%r" %s %b "%R" "%u""#),
    ("COMMON", r#"%h %^[%d:%t %^] "%r" %s %b"#),
    ("VCOMMON", r#"%v:%^ %h %^[%d:%t %^] "%r" %s %b"#),
];

/// The three lines of its configuration.
struct Formats<'t> {
    log: &'t str,
    date: &'t str,
    time: &'t str,
}

fn formats(given: &str) -> Formats<'_> {
    let mut formats = Formats {
        log: "",
        date: "%d/%b/%Y",
        time: "%H:%M:%S",
    };
    for line in given.lines().map(str::trim) {
        let value = |key: &str| {
            let rest = line.trim_start_matches("--").strip_prefix(key)?;
            Some(rest.trim_start_matches([' ', '=', '\t']).trim())
        };
        if let Some(text) = value("date-format") {
            formats.date = text;
        } else if let Some(text) = value("time-format") {
            formats.time = text;
        } else if !line.is_empty() {
            formats.log = value("log-format").unwrap_or(line);
        }
    }
    let named = NAMED.iter().find(|(name, _)| *name == formats.log);
    formats.log = named.map_or(formats.log, |(_, text)| text);
    formats
}

pub(super) fn tokens(given: &str) -> Result<(String, Tokens), String> {
    let formats = formats(given);
    let text = formats.log.to_owned();
    let tokens = directive::after_percents(&text, |at, tokens| {
        if text[at..].starts_with("%~") {
            tokens.push(Token::Blanks);
            return Ok(at + 2);
        }
        let (end, known) = match whole_time(&text[at..], &formats) {
            Some((len, pattern)) => {
                let form = TimeForm::parse(&pattern).map_err(|why| wrong(&text, at, &why))?;
                (at + len, Known::time(form, 0))
            }
            None => (at + 2, specifier(&text, at)?),
        };
        tokens.push(Token::Var(Var {
            name: text[at..end].to_owned(),
            at,
            known: known.unescape(Unescape::Backslash),
        }));
        Ok(end)
    })?;
    let tokens = Tokens {
        all: tokens,
        quotes_escaped: true,
        repaired: true,
        answered: Answered::Upstream,
        messages: None,
    };
    Ok((text, tokens))
}

/// Date and time as one value, with the zone that GoAccess itself skips: `%d:%t %^]`.
fn whole_time(rest: &str, formats: &Formats<'_>) -> Option<(usize, String)> {
    if let Some(after) = rest.strip_prefix("%x") {
        let seconds = matches!(formats.date, "%s" | "%f" | "%*");
        // The time of a timestamp of its own is the whole of it.
        let pattern = if formats.time.contains("%Y") || formats.time.contains("%s") {
            formats.time.to_owned()
        } else if seconds {
            "epoch_auto".to_owned()
        } else {
            format!("{} {}", formats.date, formats.time)
        };
        return Some((rest.len() - after.len(), pattern));
    }
    let after = rest.strip_prefix("%d")?;
    let end = after.find('%')?;
    let between = &after[..end];
    let after = after[end..].strip_prefix("%t")?;
    if after.starts_with(" %^]") {
        let pattern = format!("{}{between}{} %z", formats.date, formats.time);
        return Some((rest.len() - after.len() + " %^".len(), pattern));
    }
    Some((
        rest.len() - after.len(),
        format!("{}{between}{}", formats.date, formats.time),
    ))
}

fn specifier(text: &str, at: usize) -> Result<Known, String> {
    let letter = text[at + 1..].chars().next();
    Ok(match letter {
        Some('h') => Known::of(Meaning::ClientIp).class(Class::Word),
        Some('v') => Known::of(Meaning::Host),
        Some('e') => Known::of(Meaning::Client).rank(9).basic(),
        Some('r') => Known::of(Meaning::RequestLine),
        Some('m') => Known::of(Meaning::Method).class(Class::Word),
        Some('U') => Known::of(Meaning::Target),
        Some('q') => Known::of(Meaning::Query),
        Some('s') => Known::of(Meaning::Status),
        Some('u') => Known::of(Meaning::UserAgent),
        Some('b' | 'D' | 'T' | 'L' | 'n') => Known::number(),
        Some('H' | 'K' | 'C') => Known::word(),
        Some('d' | 't') => {
            return Err(wrong(
                text,
                at,
                "the date and the time stand together, as in `%d:%t`, or are one value, `%x`",
            ));
        }
        Some('^' | 'R' | 'k' | 'M') => Known::skipped(),
        _ => {
            return Err(wrong(
                text,
                at,
                "this is no specifier of GoAccess; a field that is skipped is `%^`",
            ));
        }
    })
}
