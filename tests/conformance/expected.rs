//! What other parsers' test suites expect of a line: samples with the fields that they state.
//!
//! In: an expectation file. Out: the samples, each with its fields as text. A field that is not
//! stated is not compared.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// One sample and what is expected of it.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// The line, or lines, as they were logged.
    pub(crate) sample: String,
    /// Under the names of the columns of `events`; `target` is the path with its query.
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Expected {
    fn set(&mut self, name: &'static str, value: &str) {
        if !matches!(value, "" | "-" | "0") {
            self.fields.insert(name, value.to_owned());
        }
    }

    /// Whether it is a request at all: messages have no status.
    pub(crate) fn is_request(&self) -> bool {
        self.fields.contains_key("status")
    }
}

/// The samples of an expectation file, if it is one.
pub(crate) fn of(path: &Path) -> Option<Vec<Expected>> {
    let name = path.file_name()?.to_str()?;
    let text = || std::fs::read_to_string(path).ok();
    if name.ends_with("parser.assert") {
        Some(assertions(&text()?))
    } else if name.ends_with("_tests.yaml") {
        Some(samples_of_yaml(&text()?))
    } else if name.starts_with("vrl--parse_nginx") || name.starts_with("vrl--parse_apache") {
        Some(calls(&text()?))
    } else {
        None
    }
}

/// `results["s01-parse"]["name"][0].Evt.Meta["http_status"] == "200"`, a line for each field.
fn assertions(text: &str) -> Vec<Expected> {
    let mut all: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("results[\"s01-parse\"][\"") else {
            continue;
        };
        let parts = rest
            .split_once("\"][")
            .and_then(|(_, rest)| rest.split_once("].Evt."))
            .and_then(|(number, rest)| Some((number.parse().ok()?, rest.split_once(" == ")?)));
        let Some((number, (key, value))) = parts else {
            continue;
        };
        if let Ok(Value::String(value)) = serde_json::from_str(value) {
            all.entry(number).or_default().insert(key.to_owned(), value);
        }
    }
    let keys = [
        ("client_ip", &["Meta[\"source_ip\"]"][..]),
        (
            "client_id",
            &[
                "Meta[\"user\"]",
                "Parsed[\"remote_user\"]",
                "Parsed[\"auth\"]",
            ],
        ),
        (
            "method",
            &["Meta[\"http_verb\"]", "Meta[\"verb\"]", "Parsed[\"verb\"]"],
        ),
        ("target", &["Meta[\"http_path\"]", "Parsed[\"request\"]"]),
        ("status", &["Meta[\"http_status\"]"]),
        ("time", &["Meta[\"timestamp\"]"]),
        ("host", &["Meta[\"target_fqdn\"]", "Meta[\"http_host\"]"]),
    ];
    let read = |own: &BTreeMap<String, String>| {
        let mut expected = Expected {
            sample: own.get("Parsed[\"message\"]").cloned().unwrap_or_default(),
            ..Expected::default()
        };
        for (name, keys) in keys {
            if let Some(value) = keys.iter().find_map(|key| own.get(*key)) {
                expected.set(name, value);
            }
        }
        expected
    };
    all.values().map(read).collect()
}

/// The little of YAML that these files use: a `sample`, then a tree of scalars by indentation.
fn samples_of_yaml(text: &str) -> Vec<Expected> {
    let keys = [
        ("custom.network.client.ip", "client_ip"),
        ("custom.http.auth", "client_id"),
        ("custom.http.method", "method"),
        ("custom.http.url", "target"),
        ("custom.http.status_code", "status"),
        ("timestamp", "time"),
    ];
    let mut all: Vec<Expected> = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let inner = line.trim_start();
        let indent = line.len() - inner.len();
        let Some((key, value)) = inner.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let value = if value.starts_with('|') {
            let mut block = String::new();
            while let Some(next) = lines
                .next_if(|next| next.is_empty() || next.len() - next.trim_start().len() > indent)
            {
                block.push_str(next.trim_start());
                block.push('\n');
            }
            block.trim_end().to_owned()
        } else {
            serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('\'').to_owned())
        };
        if key == "sample" {
            path.clear();
            all.push(Expected {
                sample: value,
                ..Expected::default()
            });
            continue;
        }
        path.retain(|(own, _)| *own < indent);
        path.push((indent, key.to_owned()));
        let whole: Vec<&str> = path.iter().map(|(_, key)| key.as_str()).collect();
        let whole = whole.join(".");
        let whole = whole.strip_prefix("result.").unwrap_or(&whole);
        let name = keys.iter().find(|(own, _)| *own == whole);
        if let (Some((_, name)), Some(expected)) = (name, all.last_mut())
            && key != "custom"
        {
            expected.set(name, &value);
        }
    }
    all
}

/// A call with its sample in `s'…'`, and the object that it gives.
fn calls(text: &str) -> Vec<Expected> {
    let Ok(Value::Array(all)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let read = |each: &Value| {
        let call = each["call"].as_str()?;
        let sample = call.split_once("s'")?.1.split_once("',")?.0;
        let mut expected = Expected {
            sample: sample.replace("\\\\", "\\"),
            ..Expected::default()
        };
        let get = |key: &str| match &each["expected"][key] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let client = get("client");
        expected.set("client_ip", if client.is_empty() { "-" } else { &client });
        expected.set("client_id", &get("user"));
        expected.set("time", &get("timestamp"));
        expected.set("status", &get("status"));
        let (method, path) = (get("method"), get("path"));
        expected.set("method", &method);
        expected.set("target", &path);
        let request = get("request");
        let mut words = request.split(' ');
        if let (Some(method), Some(target)) = (words.next(), words.next()) {
            expected.set("method", method);
            expected.set("target", target);
        }
        Some(expected)
    };
    all.iter().filter_map(read).collect()
}
