//! `[[noise]]`, `[sampled]` and `format`: what is stated about the logs.
//!
//! A noise rule lets a permission go that the requests may have needed, so one that
//! covers every request is refused.

use super::names::NOISE_KEYS;
use super::reader::{Section, Value};
use super::values::{EVERY_SOURCE, every_source, log_format};
use super::{Config, ConfigError};
use crate::model::{Noise, Sampled, SourcePattern};

/// A noise rule has at least one of these keys.
const WHAT: [&str; 4] = ["source", "path", "status", "caller"];

pub(super) fn noise(section: &Section<'_>) -> Result<Noise, ConfigError> {
    let (mut source, mut path, mut status, mut caller) = (None, None, Vec::new(), None);
    let (mut reason, mut owner, mut until) = (None, None, None);
    for value in section.entries() {
        match value.key {
            "source" => source = Some(value.parse(SourcePattern::parse)?),
            "path" => path = Some(value.parse(path_glob)?),
            "status" => {
                status = value.statuses()?;
                if status.is_empty() {
                    let help = "name at least one status code, or take the line out";
                    return Err(value.bad("[]", help));
                }
            }
            "caller" => caller = Some(value.text()?),
            "reason" => reason = Some(value.text()?),
            "owner" => owner = Some(value.text()?),
            "until" => until = Some(value.day()?),
            _ => return Err(section.unknown(value, &NOISE_KEYS)),
        }
    }
    let mut given = section
        .entries()
        .iter()
        .filter(|value| WHAT.contains(&value.key));
    let first = given.next().ok_or_else(|| section.missing_all(&WHAT))?;
    let rule = Noise {
        source,
        path,
        status,
        caller,
        until,
        reason: reason.ok_or_else(|| section.missing("reason"))?,
        owner,
        place: section.place(),
    };
    if says_something(&rule) {
        return Ok(rule);
    }
    let help = "the rule would cover every request; say more of those that are noise";
    first.parse(|_| Err(help.to_owned()))
}

/// Whether some key is more than `*`.
fn says_something(rule: &Noise) -> bool {
    let patterns = [
        rule.source.as_ref().map(SourcePattern::as_str),
        rule.path.as_deref(),
        rule.caller.as_deref(),
    ];
    let says = |text: &str| {
        let text = text.trim_start_matches('/');
        !text.bytes().all(|byte| byte == b'*')
    };
    !rule.status.is_empty() || patterns.into_iter().flatten().any(says)
}

/// Another beginning would fit no path.
fn path_glob(text: &str) -> Result<String, String> {
    if text.starts_with(['/', '*', '?']) {
        Ok(text.to_owned())
    } else {
        Err("a path begins with `/`; `*name` fits it anywhere".to_owned())
    }
}

/// One rate for every source, or a table of them.
pub(super) fn sampled(value: &Value<'_>) -> Result<Sampled, ConfigError> {
    let mut sampled = Sampled::default();
    let mut add = |entry: &Value<'_>, source: &str| {
        let (text, rate) = entry.number()?;
        let source = SourcePattern::parse(source).map_err(|help| value.bad(source, help))?;
        let added = sampled.add(source, rate);
        added.map_err(|help| entry.bad(text, help))
    };
    match value.section("`[sampled]`") {
        Ok(section) => {
            let mut entries = section.entries().iter();
            entries.try_for_each(|entry| add(entry, entry.key))?;
        }
        Err(_) => add(value, EVERY_SOURCE)?,
    }
    Ok(sampled)
}

/// One format for every source, or a table of them.
pub(super) fn formats(
    config: &Config,
    value: &Value<'_>,
) -> Result<Vec<(Option<SourcePattern>, String)>, ConfigError> {
    alone(config, value)?;
    let Ok(section) = value.section("`[format]`") else {
        return Ok(every_source(value.parse(log_format)?));
    };
    let one = |entry: &Value<'_>| {
        let source = SourcePattern::parse(entry.key);
        let source = source.map_err(|help| value.bad(entry.key, help))?;
        Ok((Some(source), entry.parse(log_format)?))
    };
    section.entries().iter().map(one).collect()
}

/// The format string of a server, for every source.
pub(super) fn format_string(
    config: &Config,
    value: &Value<'_>,
) -> Result<Vec<(Option<SourcePattern>, String)>, ConfigError> {
    alone(config, value)?;
    Ok(every_source(value.parse(super::values::format_string)?))
}

/// `format` and `log_format_string` say the same thing.
fn alone(config: &Config, value: &Value<'_>) -> Result<(), ConfigError> {
    let help = "`format` and `log_format_string` both say how the logs are read; keep one of them, or name formats for each source under [format]";
    if config.format.is_empty() {
        return Ok(());
    }
    Err(value.bad("a second one", help))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use crate::model::{Day, Logged, SourcePattern};

    fn read(text: &str) -> Logged {
        parse(text, "x").unwrap().logged
    }

    #[test]
    fn a_noise_rule_arrives_as_written() {
        let text = "[[noise]]\nsource = 'gw-eu*'\npath = '/wp-*'\nstatus = [400, 404]\ncaller = 'masscan/*'\n\
                    reason = 'scanner'\nowner = 'sre'\nuntil = 2027-06-30\n\n[[noise]]\nstatus = [408]\nreason = 'r'\n";
        let rules = read(text).noise;
        let first = &rules[0];
        assert_eq!(
            first.source.as_ref().map(SourcePattern::as_str),
            Some("gw-eu*")
        );
        assert_eq!(
            (first.path.as_deref(), first.caller.as_deref()),
            (Some("/wp-*"), Some("masscan/*"))
        );
        assert_eq!(first.status, [400, 404]);
        assert_eq!(
            (first.reason.as_str(), first.owner.as_deref(), first.until),
            ("scanner", Some("sre"), Day::parse("2027-06-30"))
        );
        let places: Vec<String> = rules.iter().map(|noise| noise.place.to_string()).collect();
        assert_eq!(places, ["x:1", "x:10"]);
        assert_eq!((rules[1].source.as_ref(), rules[1].until), (None, None));
    }

    #[test]
    fn a_source_may_be_all_when_another_key_says_what_the_noise_is() {
        for what in ["status = [404]", "path = '/wp-*'", "caller = 'nmap*'"] {
            let text = format!("[[noise]]\nsource = '*'\n{what}\nreason = 'r'");
            assert_eq!(read(&text).noise.len(), 1, "{what}");
        }
    }

    #[test]
    fn rates_are_of_one_source_each_or_of_all() {
        let table = read("[sampled]\n'*' = 0.5\n'gw-eu*' = 0.01\ngw-us = 1\n").sampled;
        assert_eq!(table.rate_of("logs/gw-eu-1.log"), Some(0.01));
        assert_eq!(table.rate_of("logs/gw-us.log"), Some(0.5));
        assert_eq!(read("sampled = 0.1").sampled.rate_of("-"), Some(0.1));
        assert_eq!(read("").sampled.rate_of("-"), None);
    }

    #[test]
    fn whether_every_operation_is_logged_is_unknown_until_it_is_said() {
        assert_eq!(read("").all_operations, None);
        assert_eq!(
            read("all_operations_logged = true").all_operations,
            Some(true)
        );
        assert_eq!(
            read("all_operations_logged = false").all_operations,
            Some(false)
        );
    }
}
