//! Values that are written as text, for the configuration and for flags alike.
//!
//! In: text. Out: a value, or a sentence on what would be accepted.

use std::path::Path;

use crate::analysis::{Hints, Objective};
use crate::catalog::ScopeList;
use crate::event::mask::Mask;
use crate::format;
use crate::model::words::closest;
use crate::model::{Level, Sampled, ScopeMatch, SourcePattern};

/// A longer window than a hundred years is a typing mistake.
const LONGEST_WINDOW: u32 = 36_525;
/// A pattern that every input fits.
pub(super) const EVERY_SOURCE: &str = "*";

/// Reads a number of days (`90d`) or weeks (`13w`); the result is in days, at least 1.
///
/// Months are left out on purpose: how many days they have depends on the date.
pub fn parse_window(text: &str) -> Result<u32, String> {
    let days = match text.strip_suffix('d') {
        Some(days) => digits(days),
        None => text
            .strip_suffix('w')
            .and_then(digits)
            .and_then(|weeks| weeks.checked_mul(7)),
    };
    days.and_then(|days| u32::try_from(days).ok())
        .filter(|days| (1..=LONGEST_WINDOW).contains(days))
        .ok_or_else(|| {
            format!(
                "a window is 1 to {LONGEST_WINDOW} days, written `90d`, or weeks, written `13w`"
            )
        })
}

/// Reads an offset from UTC (`+02:00`, `-0430`, `UTC`); the result is in minutes east of it.
///
/// The name of a place is refused: it has one offset in summer and another in winter, and the
/// hour that happens twice would be guessed.
pub fn parse_zone(text: &str) -> Result<i32, String> {
    const HELP: &str = "write an offset from UTC, as in `+02:00`, or `UTC`";
    if ["UTC", "GMT", "Z"].contains(&text) {
        return Ok(0);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return Err(HELP.to_owned()),
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => rest.split_at(2),
        None => (rest, "00"),
    };
    let number = |text: &str, most: u64| {
        let known = digits(text).filter(|number| text.len() == 2 && *number <= most);
        known.and_then(|number| i32::try_from(number).ok())
    };
    // No zone is further from UTC than 14 hours.
    let offset = number(hours, 14).zip(number(minutes, 59));
    offset
        .map(|(hours, minutes)| sign * (hours * 60 + minutes))
        .ok_or_else(|| HELP.to_owned())
}

/// Reads a size in bytes: `1048576`, `1MiB`, `64KiB`, or decimal `1MB`; at least 1 byte.
pub fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 10] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("b", 1),
        ("", 1),
    ];
    let lower = text.to_ascii_lowercase();
    UNITS
        .iter()
        .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|number| (number, factor)))
        .and_then(|(number, factor)| digits(number.trim_end())?.checked_mul(*factor))
        .filter(|size| *size > 0)
        .ok_or_else(|| {
            "a size is a whole number of bytes with a unit: `64KiB`, `1MiB`, `1MB`".to_owned()
        })
}

/// Reads `/gw`, a prefix for every host, or `host=/v2`, a prefix for one.
pub fn parse_base_path(text: &str) -> Result<(Option<String>, String), String> {
    let (host, path) = match text.split_once('=') {
        Some((host, path)) if !host.starts_with('/') => (Some(host), path),
        _ => (None, text),
    };
    if !path.starts_with('/') || host.is_some_and(str::is_empty) {
        return Err(
            "a base path begins with `/`; for one host only, write `api.example.com=/v2`"
                .to_owned(),
        );
    }
    Ok((host.map(str::to_owned), path.to_owned()))
}

/// Reads `/v2`, or `/` for no base path at all.
pub fn parse_api_base(text: &str) -> Result<String, String> {
    if text.starts_with('/') && !text.contains(['?', '#', ' ']) {
        Ok(text.to_owned())
    } else {
        Err("write `/v2` when the log has the API's paths below that, and `/` when it has them bare".to_owned())
    }
}

/// Reads `gw-eu*=0.01`, the rate of some sources, or `0.01`, that of all.
pub fn parse_sampled(text: &str) -> Result<Sampled, String> {
    let (source, rate) = text.rsplit_once('=').unwrap_or((EVERY_SOURCE, text));
    let mut sampled = Sampled::default();
    let rate = rate.parse().unwrap_or(f64::NAN);
    sampled.add(SourcePattern::parse(source)?, rate)?;
    Ok(sampled)
}

/// How letter case counts when a request path is compared with a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathCase {
    /// `/Orders` and `/orders` are two paths (RFC 3986 section 6.2.2.1).
    #[default]
    Sensitive,
    /// They are one.
    Insensitive,
}

/// Reads whether letter case counts in paths.
pub fn path_case(text: &str) -> Result<PathCase, String> {
    one_of(
        text,
        &[
            ("sensitive", PathCase::Sensitive),
            ("insensitive", PathCase::Insensitive),
        ],
    )
}

/// Reads what several scopes in one OpenAPI requirement mean.
pub fn scopes(text: &str) -> Result<ScopeList, String> {
    one_of(text, &[("all", ScopeList::All), ("any", ScopeList::Any)])
}

pub(super) fn matching(text: &str) -> Result<ScopeMatch, String> {
    ScopeMatch::parse(text).ok_or_else(|| {
        "one of `exact`, `wildcard:DELIM`, `hierarchy:DELIM`, `glob`, `glob-any-case`; DELIM is one character, as in `wildcard::`".to_owned()
    })
}

/// Reads the place of the vendor's privilege hint.
pub fn hints(text: &str) -> Result<Hints, String> {
    one_of(
        text,
        &[
            ("first", Hints::First),
            ("tiebreak", Hints::Tiebreak),
            ("ignore", Hints::Ignore),
        ],
    )
}

/// Reads what is minimised first.
pub fn objective(text: &str) -> Result<Objective, String> {
    one_of(
        text,
        &[("reach", Objective::Reach), ("risk", Objective::Risk)],
    )
}

/// Reads the level up to which removals are written. `manual` is not a choice: such a removal cannot be written.
pub fn level(text: &str) -> Result<Level, String> {
    one_of(
        text,
        &[
            ("safe", Level::Safe),
            ("likely", Level::Likely),
            ("review", Level::Review),
        ],
    )
}

/// Reads the name of a log format.
pub fn log_format(text: &str) -> Result<String, String> {
    // A file that describes one; it is read with the settings.
    if is_description(text) {
        return Ok(text.to_owned());
    }
    if format::mapping::format_string::is_stated(text) {
        return format_string(text);
    }
    match format::by_name(text) {
        Some(format) => Ok(format.name().to_owned()),
        None => Err(accepted(
            text,
            format::ALL.iter().map(|format| format.name()),
        )),
    }
}

/// Checks a format string with the name of its server: `nginx:$remote_addr ...`.
///
/// What is missing in it may be in the rest of the configuration, and is said with the settings.
pub fn format_string(text: &str) -> Result<String, String> {
    format::mapping::format_string::stated(text).map(|_| text.to_owned())
}

/// A log format that counts for every input.
pub fn every_source(format: String) -> Vec<(Option<SourcePattern>, String)> {
    vec![(None, format)]
}

/// Whether a log format is named by a file that describes it.
pub(crate) fn is_description(format: &str) -> bool {
    if format::mapping::format_string::is_stated(format) {
        return false;
    }
    Path::new(format)
        .extension()
        .is_some_and(|own| own.eq_ignore_ascii_case("toml"))
}

/// A pattern of the `regex` crate.
pub fn parse_pattern(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("an empty pattern would mask every path".to_owned());
    }
    let single = [text.to_owned()];
    Mask::new(&single).map(|_| text.to_owned()).map_err(|why| {
        let last = why.lines().last().unwrap_or_default();
        format!(
            "not a regular expression: {}",
            last.trim_start_matches("error: ")
        )
    })
}

/// The classes of [`crate::analysis::weight`].
pub(super) fn data_class(text: &str) -> Result<u64, String> {
    one_of(
        text,
        &[
            ("public", 1),
            ("internal", 2),
            ("personal", 4),
            ("secret", 8),
            ("payment", 8),
        ],
    )
}

fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    match choices.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(*value),
        None => Err(accepted(text, choices.iter().map(|(name, _)| *name))),
    }
}

/// What is meant, or else everything that is accepted.
pub(super) fn accepted<'a>(text: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(similar) = closest(text, known.clone()) {
        return format!("did you mean `{similar}`?");
    }
    let all: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    format!("known here: {}", all.join(", "))
}

/// Digits only: neither sign nor white space.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_days_or_weeks_and_nothing_else() {
        assert_eq!(parse_window("90d"), Ok(90));
        assert_eq!(parse_window("13w"), Ok(91));
        for bad in [
            "",
            "d",
            "90",
            "0d",
            "-1d",
            "+1d",
            "3m",
            "1y",
            "90 d",
            "9e1d",
            "99999999999999999999d",
            "5218w1d",
            "36526d",
        ] {
            assert!(parse_window(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_size_knows_binary_and_decimal_units() {
        assert_eq!(parse_size("1MiB"), Ok(1 << 20));
        assert_eq!(parse_size("64 kib"), Ok(65_536));
        assert_eq!(parse_size("2MB"), Ok(2_000_000));
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!(parse_size("512B"), Ok(512));
        for bad in [
            "",
            "MiB",
            "0",
            "1.5MiB",
            "-1",
            "1PiB",
            "18446744073709551615GiB",
        ] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_path_is_for_all_hosts_or_for_one() {
        assert_eq!(parse_base_path("/gw"), Ok((None, "/gw".to_owned())));
        assert_eq!(
            parse_base_path("a.example=/v2"),
            Ok((Some("a.example".to_owned()), "/v2".to_owned()))
        );
        assert_eq!(
            parse_base_path("/a=b"),
            Ok((None, "/a=b".to_owned())),
            "an equals sign may be in a path"
        );
        assert!(parse_base_path("gw").is_err());
        assert!(parse_base_path("=/v2").is_err());
    }

    #[test]
    fn a_wrong_choice_names_the_near_one_or_all() {
        assert_eq!(level("likly"), Err("did you mean `likely`?".to_owned()));
        assert_eq!(
            objective("x"),
            Err("known here: `reach`, `risk`".to_owned())
        );
        assert!(level("manual").is_err());
    }
}
