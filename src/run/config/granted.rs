//! `[[granted]]` and `[calendar]`: what is stated about ages and about days.

use glob::Pattern;

use super::ConfigError;
use super::names::{CALENDAR_KEYS, GRANTED_KEYS};
use super::reader::{Section, Value};
use crate::model::{Calendar, Closed, Stated, StatedOf};

/// A statement has exactly one of these keys.
const WHAT: [&str; 2] = ["file", "client"];

pub(super) fn granted(section: &Section<'_>) -> Result<Stated, ConfigError> {
    let (mut of, mut before, mut reason, mut owner) = (None, None, None, None);
    for value in section.entries() {
        match value.key {
            "file" | "client" => {
                let text = value.text()?;
                if of.is_some() {
                    let help = "keep one of `file` and `client`, and write a second `[[granted]]` for the other";
                    return Err(value.bad(text, help));
                }
                of = Some(if value.key == "client" {
                    StatedOf::Client(text)
                } else {
                    StatedOf::File(value.parse(pattern)?)
                });
            }
            "granted_before" => before = Some(value.day()?),
            "reason" => reason = Some(value.text()?),
            "owner" => owner = Some(value.text()?),
            _ => return Err(section.unknown(value, &GRANTED_KEYS)),
        }
    }
    Ok(Stated {
        of: of.ok_or_else(|| section.missing_all(&WHAT))?,
        before: before.ok_or_else(|| section.missing("granted_before"))?,
        reason: reason.ok_or_else(|| section.missing("reason"))?,
        owner,
        place: section.place(),
    })
}

/// A glob over paths.
pub(crate) fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::new(text.trim_start_matches("./"))
        .map_err(|error| format!("not a pattern over paths: {}", error.msg))
}

pub(super) fn closed(value: &Value<'_>) -> Result<Vec<Closed>, ConfigError> {
    let section = value.section("`[calendar]`")?;
    // Together they must leave some day open.
    let (mut all, mut calendar) = (Vec::new(), Calendar::default());
    for value in section.entries() {
        match value.key {
            "closed" => {
                for item in value.items()? {
                    // A TOML date is not a string.
                    let closed = match item.day() {
                        Ok(day) => Closed::day(day),
                        Err(_) => item.parse(Closed::parse)?,
                    };
                    calendar
                        .close(closed)
                        .map_err(|why| item.bad(closed.name(), why))?;
                    all.push(closed);
                }
            }
            _ => return Err(section.unknown(value, &CALENDAR_KEYS)),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use crate::model::{Calendar, Day};

    #[test]
    fn a_statement_arrives_as_written() {
        let text = "[[granted]]\nfile = './policies/*.json'\ngranted_before = 2025-01-01\nreason = 'export of 2024'\nowner = 'iam'\n\n\
                    [[granted]]\nclient = 'erp-*'\ngranted_before = '2024-06-30'\nreason = 'r'\n";
        let stated = parse(text, "x").unwrap().granted;
        let said: Vec<String> = stated
            .iter()
            .map(|stated| {
                format!(
                    "{} {} {}: {}",
                    stated.place,
                    stated.label(),
                    stated.before,
                    stated.reason
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                "x:1 file `policies/*.json` 2025-01-01: export of 2024",
                "x:7 client `erp-*` 2024-06-30: r"
            ]
        );
        assert_eq!(
            (stated[0].owner.as_deref(), stated[1].owner.as_deref()),
            (Some("iam"), None)
        );
    }

    #[test]
    fn closed_days_are_dates_texts_spans_and_weekdays() {
        let text = "[calendar]\nclosed = [2026-12-24, '2026-12-31..2027-01-01', 'sunday']";
        let mut calendar = Calendar::default();
        for closed in parse(text, "x").unwrap().closed {
            calendar.close(closed).unwrap();
        }
        let closed = |text| calendar.is_closed(Day::parse(text).unwrap());
        assert!(closed("2026-12-24") && closed("2027-01-01") && closed("2026-12-27"));
        assert!(!closed("2026-12-25"));
    }
}
