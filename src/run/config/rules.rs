//! `[rules.F3]`, `[[toxic]]` and `[categories]`.
//!
//! A rule is named by its number or its id. Each threshold is read in its own unit.

use super::names::TOXIC_KEYS;
use super::reader::{Section, Value};
use super::{Config, ConfigError, parse_window};
use crate::analysis::category::Category;
use crate::finding::{self, Doc, RuleSettings, Severity, Threshold, Toxic, Unit};

/// Keys that every rule has, in addition to its thresholds.
pub const RULE_KEYS: [&str; 3] = ["enabled", "severity", "allow"];
/// The key of `[categories]` in addition to the names of the categories.
pub const NO_CATEGORY: &str = "none";

pub(super) fn read_rules(config: &mut Config, value: &Value<'_>) -> Result<(), ConfigError> {
    let section = value.section("`[rules]`")?;
    for value in section.entries() {
        let Some(rule) = finding::by_name(value.key) else {
            let known: Vec<&str> = finding::ALL.iter().map(|rule| rule.doc().number).collect();
            return Err(section.unknown(value, &known));
        };
        let section = value.section("`[rules.…]`")?;
        let settings = rule_settings(rule.doc(), &section)?;
        config
            .rules
            .rules
            .insert(rule.doc().number.to_owned(), settings);
    }
    Ok(())
}

fn rule_settings(doc: &'static Doc, section: &Section<'_>) -> Result<RuleSettings, ConfigError> {
    let mut settings = RuleSettings::default();
    for value in section.entries() {
        match value.key {
            "enabled" => settings.enabled = value.flag()?,
            "severity" => settings.severity = Some(value.parse(severity)?),
            "allow" => settings.allow = value.texts()?,
            key => {
                let Some(threshold) = doc.thresholds.iter().find(|threshold| threshold.key == key)
                else {
                    let thresholds = doc.thresholds.iter().map(|threshold| threshold.key);
                    let known: Vec<&str> = RULE_KEYS.into_iter().chain(thresholds).collect();
                    return Err(section.unknown(value, &known));
                };
                settings
                    .thresholds
                    .insert(threshold.key, read_threshold(threshold, value)?);
            }
        }
    }
    Ok(settings)
}

fn read_threshold(threshold: &Threshold, value: &Value<'_>) -> Result<u64, ConfigError> {
    match threshold.unit {
        Unit::Days => value.parse(|text| parse_window(text).map(u64::from)),
        Unit::Seconds => value.parse(parse_span),
        Unit::Count => value.integer(0, 1_000_000_000),
        Unit::Percent => value.integer(0, 100),
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text)
        .ok_or_else(|| "one of `note`, `low`, `medium`, `high`, `critical`".to_owned())
}

/// Reads `45s`, `15m`, `1h`, `2d` as seconds.
fn parse_span(text: &str) -> Result<u64, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    units
        .iter()
        .find_map(|(unit, factor)| {
            let digits = text.strip_suffix(unit)?;
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .parse::<u64>()
                .ok()
                .filter(|_| plain)?
                .checked_mul(*factor)
        })
        .filter(|seconds| (1..=3_650 * 86_400).contains(seconds))
        .ok_or_else(|| "a time is a whole number with a unit: `45s`, `15m`, `1h`, `2d`".to_owned())
}

/// Pairs of scopes that one client should not hold together.
pub(super) fn read_toxic(value: &Value<'_>) -> Result<Vec<Toxic>, ConfigError> {
    let tables = value.sections("`[[toxic]]`")?;
    tables.iter().map(toxic).collect()
}

fn toxic(section: &Section<'_>) -> Result<Toxic, ConfigError> {
    let (mut a, mut b, mut reason) = (None, None, None);
    for value in section.entries() {
        match value.key {
            "a" => a = Some(value.text()?),
            "b" => b = Some(value.text()?),
            "reason" => reason = Some(value.text()?),
            _ => return Err(section.unknown(value, &TOXIC_KEYS)),
        }
    }
    let toxic = Toxic {
        a: a.ok_or_else(|| section.missing("a"))?,
        b: b.ok_or_else(|| section.missing("b"))?,
        reason: reason.ok_or_else(|| section.missing("reason"))?,
    };
    match section.entries().iter().find(|value| value.key == "b") {
        Some(value) if toxic.a == toxic.b && !toxic.a.contains('*') => {
            Err(value.bad(toxic.b, "`a` and `b` are the same scope; a pair needs two"))
        }
        _ => Ok(toxic),
    }
}

pub(super) fn read_categories(config: &mut Config, value: &Value<'_>) -> Result<(), ConfigError> {
    let section = value.section("`[categories]`")?;
    for value in section.entries() {
        if value.key == NO_CATEGORY {
            config.categories.none = value.texts()?;
        } else if let Some(category) = Category::parse(value.key) {
            config.categories.add.insert(category, value.texts()?);
        } else {
            let names = Category::ALL.map(Category::name);
            let known: Vec<&str> = names.into_iter().chain([NO_CATEGORY]).collect();
            return Err(section.unknown(value, &known));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_rule_is_set_by_number_or_id_and_each_threshold_in_its_unit() {
        let text = "[rules.F3]\nmax_lifetime = '2h'\nseverity = 'high'\nallow = ['ops*']\n\
                    [rules.unused-client]\nidle = '30d'\nenabled = false\n[rules.f8]\nmax_exposure = 70\n";
        let rules = parse(text, "x").unwrap().rules.rules;
        assert_eq!(rules["F3"].thresholds["max_lifetime"], 7_200);
        assert_eq!(rules["F3"].severity, Some(Severity::High));
        assert_eq!(rules["F3"].allow, ["ops*"]);
        assert_eq!(rules["F6"].thresholds["idle"], 30);
        assert!(!rules["F6"].enabled);
        assert_eq!(rules["F8"].thresholds["max_exposure"], 70);
    }

    #[test]
    fn an_unknown_rule_key_or_value_is_an_error_with_its_line() {
        for (text, part) in [
            ("[rules.F99]\nenabled = true", "F99"),
            ("[rules.F3]\nmax_lifetme = '1h'", "max_lifetme"),
            ("[rules.F3]\nmax_lifetime = '1y'", "1y"),
            ("[rules.F3]\nseverity = 'bad'", "bad"),
            ("[rules.F8]\nmax_exposure = 101", "101"),
            ("[categories]\nmoeny = ['x']", "moeny"),
        ] {
            let error = parse(text, "x").unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn pairs_that_exclude_each_other_arrive_alongside_the_settings_of_rules() {
        let pair =
            "[[toxic]]\na = 'payments:create'\nb = 'payments:approve'\nreason = 'four eyes'\n";
        let parsed = parse(&format!("{pair}[rules.F30]\nseverity = 'low'\n"), "x")
            .unwrap()
            .rules;
        let settings = parsed.of(finding::by_name("F30").unwrap().doc());
        assert_eq!(settings.severity, Some(Severity::Low));
        assert_eq!(
            settings.toxic,
            [Toxic {
                a: "payments:create".to_owned(),
                b: "payments:approve".to_owned(),
                reason: "four eyes".to_owned(),
            }]
        );
    }

    #[test]
    fn categories_are_lists_of_globs() {
        let text = "[categories]\nmoney = ['* /wallets/*']\nnone = ['DELETE /carts/*']";
        let overrides = parse(text, "x").unwrap().categories;
        assert_eq!(overrides.add[&Category::Money], ["* /wallets/*"]);
        assert_eq!(overrides.none, ["DELETE /carts/*"]);
    }
}
