//! The samples of a description: lines, and what is read from them.
//!
//! In: a description. Out: for each of its samples the values that were read, next to those
//! that it expects.

use std::collections::BTreeMap;

use super::Mapping;
use super::unwrap::Lines;
use crate::format::clock::Clock;
use crate::format::{
    Claims, Decision, LogFormat as _, RawRecord, RecordReader, Scratch, Skip, Token, detect,
};
use crate::model::AnsweredBy;

/// A sample that was read.
pub(crate) struct Checked {
    /// Each value that was read or is expected: its name, what was read, what is expected.
    pub(crate) values: Vec<(String, Option<String>, Option<String>)>,
    /// Why there is no record, and why none is expected.
    pub(crate) skipped: Option<&'static str>,
    pub(crate) expected_skip: Option<String>,
    number: usize,
}

/// Whose values are secrets.
pub(crate) const SECRET: [&str; 2] = ["credential", "token_id"];

impl Checked {
    /// The values that are not as expected.
    pub(crate) fn wrong(&self) -> impl Iterator<Item = &(String, Option<String>, Option<String>)> {
        let values = self.values.iter();
        values.filter(|(name, read, expected)| {
            expected
                .as_ref()
                .is_some_and(|expected| !same(name, read.as_deref(), expected))
        })
    }

    /// What is wrong, in words.
    pub(crate) fn problem(&self) -> Option<String> {
        let number = self.number;
        match (self.skipped, &self.expected_skip) {
            (Some(read), Some(expected)) if read != expected => {
                return Some(format!(
                    "sample {number} is skipped as `{read}`, and `{expected}` is expected"
                ));
            }
            (None, Some(expected)) => {
                return Some(format!(
                    "sample {number} is a record, and is expected to be skipped as `{expected}`"
                ));
            }
            (Some(read), None) => {
                return Some(format!("sample {number} cannot be read: `{read}`"));
            }
            _ => {}
        }
        let (name, read, expected) = self.wrong().next()?;
        let expected = expected.as_deref().unwrap_or_default();
        Some(match read {
            Some(read) => format!(
                "sample {number}: `{name}` is read as `{read}`, and `{expected}` is expected"
            ),
            None => format!("sample {number}: `{name}` is not there, and `{expected}` is expected"),
        })
    }
}

/// Whether a value is as expected: of times the instant counts, of scopes the names.
fn same(name: &str, read: Option<&str>, expected: &str) -> bool {
    let Some(read) = read else {
        return expected.is_empty();
    };
    match name {
        "time" => {
            let instant = |text: &str| Clock::default().any(text.as_bytes());
            instant(read).is_some() && instant(read) == instant(expected)
        }
        "token_iat" | "token_exp" | "expires" => {
            let instant = |text: &str| Clock::default().any(text.as_bytes());
            instant(read) == instant(expected)
        }
        _ => read == expected,
    }
}

impl Mapping {
    /// Reads every sample.
    pub(crate) fn checked(&self) -> Vec<Checked> {
        let samples = self.samples.iter().enumerate();
        samples
            .map(|(number, sample)| {
                let read = self.read_sample(&sample.line);
                let (skipped, mut read) = match read {
                    Ok(values) => (None, values),
                    Err(skip) => (Some(skip.name()), BTreeMap::new()),
                };
                let mut values: Vec<_> = sample
                    .expect
                    .iter()
                    .map(|(name, value)| {
                        let own = match name.as_str() {
                            "expires" => "token_exp",
                            "path" => "target",
                            name => name,
                        };
                        (name.clone(), read.remove(own), Some(text_of(value)))
                    })
                    .collect();
                values.extend(
                    read.into_iter()
                        .map(|(name, value)| (name.to_owned(), Some(value), None)),
                );
                Checked {
                    values,
                    skipped,
                    expected_skip: sample.skip.clone(),
                    number: number + 1,
                }
            })
            .collect()
    }

    /// What a record has to say, of the last record of a text.
    fn read_sample(&self, text: &str) -> Result<BTreeMap<&'static str, String>, Skip> {
        let mut bytes = text.trim_end_matches(['\n', '\r']).as_bytes().to_vec();
        if !self.compiled.unwrap.is_empty() {
            Lines::new(self.compiled.unwrap.clone()).open(&mut bytes);
        }
        let reader = self.open(&bytes);
        let mut scratch = Scratch::asking(true);
        reader.begin(bytes.len() as u64, &mut scratch);
        let lines = bytes.split(|byte| *byte == b'\n').map(detect::trim);
        let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
        let Some((last, before)) = lines.split_last() else {
            return Err(Skip::Blank);
        };
        for line in before {
            let _ = reader.parse(line, &mut scratch);
        }
        read(&*reader, last, &mut scratch)
    }
}

fn read(
    reader: &dyn RecordReader,
    line: &[u8],
    scratch: &mut Scratch,
) -> Result<BTreeMap<&'static str, String>, Skip> {
    reader.parse(line, scratch).map(|record| values(&record))
}

/// A record by the names of the fields.
fn values(record: &RawRecord<'_>) -> BTreeMap<&'static str, String> {
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let seconds = |time: i64| moment(time.saturating_mul(1_000));
    let Claims {
        token:
            Token {
                issued,
                expires,
                credential,
                ..
            },
        ..
    } = record.claims;
    let all = [
        ("time", Some(moment(record.time))),
        ("method", Some(text(record.method))),
        ("target", Some(text(record.target))),
        ("template", record.template.map(text)),
        ("client", record.client.map(text)),
        ("client_alt", record.client_alt.map(text)),
        ("status", record.status.map(|status| status.to_string())),
        (
            "upstream_status",
            record.upstream_status.map(|status| status.to_string()),
        ),
        ("request_id", record.request_id.map(text)),
        ("host", record.host.map(text)),
        ("subject", record.subject.map(text)),
        ("credential", record.credential.map(text)),
        (
            "scopes",
            record
                .token_scopes
                .map(|scopes| scope_names(&text(scopes)).join(" ")),
        ),
        ("client_ip", record.client_ip.map(text)),
        ("user_agent", record.user_agent.map(text)),
        ("token_iat", issued.map(seconds)),
        ("token_exp", expires.map(seconds)),
        ("token_id", credential.map(text)),
        (
            "answered_by",
            match record.answered_by {
                AnsweredBy::Unknown => None,
                AnsweredBy::Gateway => Some("gateway".to_owned()),
                AnsweredBy::Upstream => Some("upstream".to_owned()),
            },
        ),
        (
            "decision",
            match record.decision {
                Decision::Unsaid => None,
                Decision::Allowed => Some("allowed".to_owned()),
                Decision::Denied => Some("denied".to_owned()),
            },
        ),
    ];
    let there = all.into_iter();
    there
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn moment(time: i64) -> String {
    match chrono::DateTime::from_timestamp_millis(time) {
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        None => time.to_string(),
    }
}

fn scope_names(text: &str) -> Vec<String> {
    if let Ok(list) = serde_json::from_str::<Vec<String>>(text) {
        return list;
    }
    let names = text.split([' ', ',']).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// A value of TOML as a value that is read.
fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) => list.iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
