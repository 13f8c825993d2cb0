//! The same against a store that speaks as Google's does: a commit is a put on the condition of a
//! generation, which the store counts. The emulators that registries have do not know that.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::server::Fault;
use crate::{World, files, log, text};

/// A world whose store is named by a key of a service account, as emulators are.
struct Google(World);

impl Google {
    fn new() -> Self {
        let world = World::new();
        world.add("logs/a.log", &log("billing", 1..6, 30));
        world.add("logs/b.log", &log("storefront-web", 4..9, 30));
        let account = serde_json::json!({
            "gcs_base_url": format!("http://127.0.0.1:{}", world.server.port),
            "disable_oauth": true,
            "client_email": "",
            "private_key": "",
            "private_key_id": "",
        });
        fs::write(world.path("account.json"), account.to_string()).unwrap();
        Self(world)
    }

    fn command(&self, args: &str) -> Command {
        let mut command = self.0.command(args);
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT"] {
            command.env_remove(name);
        }
        command
            .env("GOOGLE_SERVICE_ACCOUNT", "account.json")
            .env("GOOGLE_ALLOW_HTTP", "true");
        command
    }

    fn ok(&self, args: &str) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

#[test]
fn a_ledger_in_a_bucket_of_google_has_the_bytes_of_one_in_a_folder() {
    let google = Google::new();
    let world = &google.0;
    let conditions: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&conditions);
    world.server.plan(move |request| {
        assert!(!request.headers.contains_key("if-match") || request.method == "GET");
        let condition = request.headers.get("x-goog-if-generation-match");
        if request.method == "PUT" {
            seen.lock().unwrap().extend(condition.cloned());
        }
        Fault::None
    });
    for ledger in ["gs://b/ledger", "local"] {
        google.ok(&format!(
            "ingest gs://b/logs/a.log --catalog gs://b/openapi.yaml --ledger {ledger}"
        ));
        google.ok(&format!(
            "ingest gs://b/logs/**/b*.log --catalog openapi.yaml --ledger {ledger}"
        ));
        google.ok(&format!("ledger compact {ledger}"));
    }
    let local = files(&world.path("local"));
    let all = world.server.below("b/ledger/");
    let listed: BTreeMap<_, _> = all
        .iter()
        .filter(|(name, _)| local.contains_key(*name))
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    assert_eq!(listed, local);
    // Every put has its condition; only the manifest takes the place of another object.
    let conditions = std::mem::take(&mut *conditions.lock().unwrap());
    let replaced = conditions.iter().filter(|generation| *generation != "0");
    assert_eq!(replaced.count(), 3, "{conditions:?}");
    assert!(conditions.len() > 20);
    for share in 1..=3 {
        google.ok(&format!("ingest gs://b/logs --catalog openapi.yaml --shard {share}/3 --partial gs://b/parts/{share}"));
    }
    google.ok("ledger merge gs://b/parts/ --into gs://b/merged");
    google.ok("ingest gs://b/logs --catalog openapi.yaml --ledger whole");
    google.ok("ledger compact whole");
    let whole = files(&world.path("whole"));
    let merged = world.server.below("b/merged/");
    assert_eq!(merged.get("manifest.json"), whole.get("manifest.json"));
    google.ok("ledger prune gs://b/merged --keep 3d --remove");
    assert!(
        google
            .ok("ledger verify gs://b/merged")
            .contains("0 faults")
    );
    let left = world.server.below("b/merged/");
    assert!(
        !left
            .keys()
            .any(|name| name.contains("usage/day=2026-10-01"))
    );
}

#[test]
fn of_two_writers_in_a_bucket_of_google_one_is_refused_by_the_generation() {
    let google = Google::new();
    let world = &google.0;
    google.ok("ingest gs://b/logs/a.log --catalog openapi.yaml --ledger gs://b/ledger");
    // Before the commit of the one, another commit has been done.
    let server = world.server.clone();
    let mut once = true;
    world.server.plan(move |request| {
        if request.is_commit() && std::mem::take(&mut once) {
            let now = server.below("b/ledger/manifest.json");
            // Other bytes are no bytes of its own.
            server.put("b/ledger/manifest.json", &[&now[""][..], b"\n"].concat());
        }
        Fault::None
    });
    let mut late =
        google.command("ingest gs://b/logs/b.log --catalog openapi.yaml --ledger gs://b/ledger");
    let late = late.output().unwrap();
    assert_eq!(late.status.code(), Some(2), "{late:?}");
    assert!(
        text(&late.stderr).contains("was changed by another run meanwhile"),
        "{late:?}"
    );
    google.ok("ingest gs://b/logs/b.log --catalog openapi.yaml --ledger gs://b/ledger");
    assert!(
        google
            .ok("ledger verify gs://b/ledger")
            .contains("0 faults")
    );
}

#[test]
fn what_google_refuses_is_said_without_the_key() {
    let google = Google::new();
    google.0.server.plan(|_| Fault::Status(403));
    let mut denied = google.command("ingest gs://b/logs --catalog openapi.yaml --ledger l");
    let denied = denied.output().unwrap();
    assert_eq!(denied.status.code(), Some(2), "{denied:?}");
    assert!(
        text(&denied.stderr).contains("access is denied (SlowDown)"),
        "{denied:?}"
    );
    // A key that is none is not shown.
    fs::write(
        google.0.path("account.json"),
        "{\"private_key\": \"hunter2\"}",
    )
    .unwrap();
    let mut wrong = google.command("ingest gs://b/logs --catalog openapi.yaml --ledger l");
    let wrong = wrong.output().unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
}
