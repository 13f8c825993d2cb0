//! Audit records of Azure Kubernetes Service, which diagnostic settings export in entries of
//! their own: the record is a text in `properties.log`.
//!
//! Other categories of the cluster come into the same file: entries of its components are passed
//! over. `properties` may itself be a text that holds JSON.
//!
//! Source: Azure's reference of the categories `kube-audit` and `kube-audit-admin`.

use serde_json::Value;

use super::Audit;
use crate::format::{RawRecord, RecordReader, SampleLine, Scratch, Skip};

/// What the categories of audit records begin with.
const AUDIT: &str = "kube-audit";
/// Categories of a cluster's components.
const COMPONENTS: [&str; 5] = ["kube-", "cloud-", "cluster-", "csi-", "guard"];

/// Whether a line is an entry with a record.
pub(super) fn is_entry(line: &SampleLine<'_>) -> bool {
    line.says("category", |own| {
        own.to_ascii_lowercase().starts_with(AUDIT)
    }) && line.at("properties").is_some()
}

/// Reads entries, and records that stand alone between them.
pub(super) struct Entries;

impl RecordReader for Entries {
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let entry: Value = serde_json::from_slice(line).map_err(|_| Skip::Malformed)?;
        let category = entry.get("category").and_then(Value::as_str);
        let Some(category) = category.map(str::to_ascii_lowercase) else {
            return Audit.parse(line, scratch);
        };
        if !category.starts_with(AUDIT) {
            let component = COMPONENTS.iter().any(|own| category.starts_with(own));
            return Err(if component {
                Skip::OtherRecord
            } else {
                Skip::MissingField
            });
        }
        let record = record(&entry).ok_or(Skip::MissingField)?;
        let all = scratch.claims;
        let Scratch {
            json,
            clock,
            text,
            repaired,
            ..
        } = scratch;
        repaired.clear();
        repaired.extend_from_slice(record.trim().as_bytes());
        Audit::read(repaired, all, json, clock, text)
    }
}

/// The record that an entry holds.
fn record(entry: &Value) -> Option<String> {
    let log = |properties: &Value| Some(properties.get("log")?.as_str()?.to_owned());
    match entry.get("properties")? {
        Value::String(text) => log(&serde_json::from_str(text).ok()?),
        properties => log(properties),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::testing::read;

    const RECORD: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/pods","verb":"list","user":{"username":"erp"},"objectRef":{"resource":"pods"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T12:00:00.117Z"}"#;

    fn entry(category: &str, properties: &Value) -> String {
        serde_json::json!({
            "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "category": category,
            "properties": properties,
            "time": "2026-01-02T12:00:01Z",
        })
        .to_string()
    }

    #[test]
    fn the_record_in_an_entry_is_read_also_where_its_properties_are_a_text() {
        let object = serde_json::json!({"log": format!("{RECORD}\n"), "stream": "stdout"});
        let text = Value::String(object.to_string());
        for line in [
            entry("kube-audit", &object),
            entry("kube-audit-admin", &object),
            entry("kube-audit", &text),
        ] {
            let line = line + "\n";
            let seen = crate::format::detect::detect(line.as_bytes());
            assert_eq!(
                seen.format().map(|format| format.name()),
                Some("kubernetes-audit")
            );
            read(&Audit, line.trim_end(), |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(record.client, Some(&b"erp"[..]));
                assert_eq!(record.named.unwrap().operation, b"pods:list");
            });
        }
    }

    #[test]
    fn entries_of_components_are_passed_over_and_others_are_not() {
        let sample = entry("kube-audit", &serde_json::json!({"log": RECORD}));
        let reader = crate::format::LogFormat::open(&Audit, sample.as_bytes());
        let mut scratch = Scratch::default();
        for (line, skip) in [
            (
                entry("kube-apiserver", &serde_json::json!({"log": "x"})),
                Skip::OtherRecord,
            ),
            (
                entry("GatewayLogs", &serde_json::json!({"method": "GET"})),
                Skip::MissingField,
            ),
            (
                entry("kube-audit", &serde_json::json!({})),
                Skip::MissingField,
            ),
            ("{".to_owned(), Skip::Malformed),
        ] {
            let read = reader.parse(line.as_bytes(), &mut scratch);
            assert_eq!(read.unwrap_err(), skip, "{line}");
        }
        assert!(reader.parse(RECORD.as_bytes(), &mut scratch).is_ok());
    }
}
