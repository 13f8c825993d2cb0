//! Writes the audit log of `samples/cluster`: a year and some of a small Kubernetes cluster.
//!
//!     cargo run --example make_cluster -- samples/cluster
//!
//! Same bytes on every run: no clock, no chance, no time stamp in the gzip header. `roles.yaml` and `bindings.yaml` are written by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a generator of fixed data may panic on a wrong table"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use chrono::{Days, NaiveDate};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

const DAYS: u64 = 420;

/// Who does what, on each day whose number leaves the last value when divided by the one before it.
const CALLS: [(&str, &str, &str, &str, u64, u64); 12] = [
    (
        "system:serviceaccount:shop:ci",
        "apps",
        "deployments",
        "get",
        1,
        0,
    ),
    (
        "system:serviceaccount:shop:ci",
        "apps",
        "deployments",
        "patch",
        1,
        0,
    ),
    (
        "system:serviceaccount:shop:ci",
        "",
        "configmaps",
        "get",
        1,
        0,
    ),
    (
        "system:serviceaccount:shop:backup",
        "",
        "secrets",
        "list",
        7,
        3,
    ),
    (
        "system:serviceaccount:shop:backup",
        "",
        "persistentvolumeclaims",
        "list",
        1,
        0,
    ),
    (
        "system:serviceaccount:monitoring:prometheus",
        "",
        "pods",
        "list",
        1,
        0,
    ),
    (
        "system:serviceaccount:monitoring:prometheus",
        "",
        "pods",
        "watch",
        1,
        0,
    ),
    (
        "system:serviceaccount:monitoring:prometheus",
        "",
        "services",
        "watch",
        1,
        0,
    ),
    ("jane@example.com", "", "pods", "get", 5, 1),
    ("jane@example.com", "", "pods/log", "get", 5, 1),
    ("jane@example.com", "", "pods/exec", "create", 150, 120),
    ("root-operator", "", "nodes", "list", 30, 2),
];

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("usage: make_cluster FOLDER")?;
    write(Path::new(&folder)).map_err(|error| format!("cannot write to `{folder}`: {error}"))
}

fn write(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = fs::File::create(folder.join("audit.log.gz"))?;
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(file, Compression::best());
    let first = NaiveDate::from_ymd_opt(2025, 9, 1).unwrap();
    for day in 0..DAYS {
        let date = first.checked_add_days(Days::new(day)).unwrap();
        for (number, call) in (0..).zip(CALLS).filter(|(_, call)| day % call.4 == call.5) {
            writeln!(gzip, "{}", event(date, (day, number), call))?;
        }
        // What is refused is no use.
        if day % 20 == 4 {
            let call = ("jane@example.com", "", "secrets", "get", 0, 0);
            let mut refused = event(date, (day, 90), call);
            refused["responseStatus"]["code"] = json!(403);
            refused["annotations"]["authorization.k8s.io/decision"] = json!("forbid");
            writeln!(gzip, "{refused}")?;
        }
    }
    gzip.finish()?.sync_all()
}

fn event(
    date: NaiveDate,
    (day, number): (u64, u64),
    (user, group, resource, verb, ..): (&str, &str, &str, &str, u64, u64),
) -> Value {
    let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
    let at = format!(
        "{date}T{:02}:{:02}:07.{:06}Z",
        6 + number % 12,
        day % 60,
        number * 1_000
    );
    let prefix = if group.is_empty() {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{group}/v1")
    };
    let mut object = json!({"resource": resource, "namespace": "shop", "apiVersion": "v1"});
    for (key, value) in [("apiGroup", group), ("subresource", sub)] {
        if !value.is_empty() {
            object[key] = json!(value);
        }
    }
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "auditID": format!("{day:08x}-0000-4000-8000-{number:012x}"),
        "stage": "ResponseComplete",
        "requestURI": format!("{prefix}/namespaces/shop/{resource}"),
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["198.51.100.23"], "userAgent": "kubectl/v1.31.0",
        "objectRef": object,
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": at, "stageTimestamp": at,
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
    })
}
