//! `[[sources]]`: which gateways, nodes or regions are expected to have data, and since when.

use super::ConfigError;
use super::names::SOURCE_KEYS;
use super::reader::Section;
use crate::model::{ExpectedSource, SourcePattern};

pub(super) fn source(section: &Section<'_>) -> Result<ExpectedSource, ConfigError> {
    let (mut source, mut since, mut until) = (None, None, None);
    for value in section.entries() {
        match value.key {
            "source" => source = Some(value.parse(SourcePattern::parse)?),
            "since" => since = Some(value.day()?),
            "until" => {
                let day = value.day()?;
                if since.is_some_and(|since| day < since) {
                    let help = "the last day on which it is expected is not before the first one";
                    return Err(value.bad(day.to_string(), help));
                }
                until = Some(day);
            }
            _ => return Err(section.unknown(value, &SOURCE_KEYS)),
        }
    }
    Ok(ExpectedSource {
        source: source.ok_or_else(|| section.missing("source"))?,
        since,
        until,
    })
}

/// Those of the list are expected on every day. What is no pattern names no input.
pub(crate) fn expected(listed: Vec<String>, stated: Vec<ExpectedSource>) -> Vec<ExpectedSource> {
    let word = |text: String| SourcePattern::parse(&text).unwrap_or(SourcePattern::Word(text));
    let always = listed
        .into_iter()
        .map(|text| ExpectedSource::always(word(text)));
    always.chain(stated).collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use crate::model::Day;

    #[test]
    fn an_expected_source_arrives_as_written() {
        let text = "[[sources]]\nsource = 'gw-eu*'\nsince = 2026-03-01\nuntil = '2026-06-30'\n\n[[sources]]\nsource = 'gw-1'\n";
        let sources = parse(text, "x").unwrap().sources;
        let said: Vec<_> = sources
            .iter()
            .map(|own| (own.source.as_str(), own.since, own.until))
            .collect();
        let day = Day::parse;
        assert_eq!(
            said,
            [
                ("gw-eu*", day("2026-03-01"), day("2026-06-30")),
                ("gw-1", None, None)
            ]
        );
        assert!(sources[0].is_expected(Day::parse("2026-06-30").unwrap()));
        assert!(!sources[0].is_expected(Day::parse("2026-02-28").unwrap()));
    }

    #[test]
    fn one_without_a_name_or_that_ends_before_it_begins_is_refused() {
        for (text, why) in [
            ("[[sources]]\nsince = 2026-03-01", "has no `source`"),
            (
                "[[sources]]\nsource = 'a'\nsince = 2026-03-01\nuntil = 2026-02-01",
                "2026-02-01",
            ),
            ("[[sources]]\nsource = 'a'\nsicne = 2026-03-01", "sicne"),
        ] {
            let error = parse(text, "x").unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
