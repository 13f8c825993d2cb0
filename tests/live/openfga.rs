//! `OpenFGA` with what `scopetrim enforce` wrote for it: its own tool, with the engine inside, is
//! asked the requests that were written beside it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::enforced::{table, world};
use crate::gateway;

/// Asks everything.
pub(crate) fn run() {
    let Some(program) = gateway::find("fga") else {
        println!("live: enforce openfga: skipped, no `fga` on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    world::write(folder.path(), &world::OPERATIONS, &world::CLIENTS);
    world::enforce(folder.path(), "openfga");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();

    // The checks that are written for its user, and the same with one answer turned round.
    let own = read("openfga-tests.fga.yaml");
    assert!(test(&program, folder.path(), &own), "{own}");
    for (one, other) in [
        ("can_call: true", "can_call: false"),
        ("can_call: false", "can_call: true"),
    ] {
        let turned = own.replacen(one, other, 1);
        assert!(turned != own && !test(&program, folder.path(), &turned));
    }

    // Every request, as the head of the files says that it is asked.
    let operations: Value = serde_json::from_str(&read("openfga-operations.json")).unwrap();
    let lines = table::Lines::of(&operations);
    let (mut asked, mut allowed) = (0, 0);
    let mut checks = String::new();
    for request in world::requests(folder.path()) {
        let [method, target] = ["method", "target"].map(|key| request[key].as_str().unwrap());
        let expected = request["allowed"] == true;
        asked += 1;
        allowed += usize::from(expected);
        let Some(line) = lines.decide(method, target.split('?').next().unwrap()) else {
            assert!(!expected, "{request}");
            continue;
        };
        let user = match request["client"].as_str().unwrap_or_default() {
            "" => "anonymous:nobody".to_owned(),
            name => format!("client:{}", encoded(name)),
        };
        checks.push_str(&format!(
            "  - {{ user: {}, object: {}, assertions: {{ can_call: {expected} }} }}\n",
            Value::from(user),
            line["operation"]
        ));
    }
    let (head, _) = own.split_once("  check:\n").unwrap();
    let all = format!("{head}  check:\n{checks}");
    assert!(test(&program, folder.path(), &all), "{all}");
    println!(
        "live: enforce openfga: {asked} requests, {allowed} allowed, {} asked of it",
        checks.lines().count()
    );
    assert!(allowed > 50 && asked > 2 * allowed, "{allowed} of {asked}");
}

/// Whether all checks of a file pass.
fn test(program: &Path, folder: &Path, text: &str) -> bool {
    let path = folder.join("asked.fga.yaml");
    std::fs::write(&path, text).unwrap();
    let ran = Command::new(program)
        .args(["model", "test", "--tests"])
        .arg(&path)
        .output()
        .unwrap();
    let passed = ran.status.success();
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("Checks "), "{said}");
    passed
}

fn encoded(name: &str) -> String {
    let encoded = name.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    });
    encoded.collect()
}
