//! A policy with everything that gateways differ on, and the program run on it.

use std::path::Path;
use std::process::Command;

/// Each operation asks for a scope of its own: `s` and its number.
pub(crate) const OPERATIONS: [&str; 17] = [
    "GET /orders",
    "POST /orders",
    "GET /orders/{id}",
    "GET /orders/export",
    "DELETE /orders/{id}",
    "GET /orders/{id}/lines/{line}.json",
    "GET /users/@me",
    "GET /users/{id}",
    "ANY /admin/**",
    "GET /files/{path+}",
    "OPTIONS /orders",
    "POST /orders/{id}:cancel",
    "GET /Reports/$all",
    "GET /Reports/{name}",
    "GET /{tenant}/a.b/c+d",
    "HEAD /tenants/{id}",
    "GET /with%20space/caf\u{e9}",
];

/// Names that mean something to one language or another, and their scopes.
pub(crate) const CLIENTS: [(&str, &[usize]); 9] = [
    ("billing", &[0, 2, 5, 7, 9, 13]),
    ("Billing", &[0]),
    ("exporter", &[3, 6, 12, 14]),
    (
        "root",
        &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    ),
    ("idle", &[]),
    ("we\"i\\ird; } deny all; #", &[0, 1, 11]),
    ("${HOME}", &[1, 16]),
    ("\u{fc}n\u{ef}", &[2, 15]),
    ("1|2", &[4]),
];

/// Writes the policy into a folder. Of one day of requests nothing follows, so nothing is removed.
pub(crate) fn write(folder: &Path, operations: &[&str], clients: &[(&str, &[usize])]) {
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let quoted = |text: &str| serde_json::json!(text).to_string();
    let mut routes = String::from("version: 1\nroutes:\n");
    for (number, operation) in operations.iter().enumerate() {
        routes.push_str(&format!("  {}: s{number}\n", quoted(operation)));
    }
    put("routes.yaml", routes);
    let mut grants = String::from("version: 1\nclients:\n");
    for (name, scopes) in clients {
        let scopes: Vec<String> = scopes.iter().map(|number| format!("s{number}")).collect();
        grants.push_str(&format!(
            "  {}:\n    since: 2024-01-01\n    scopes: [{}]\n",
            quoted(name),
            scopes.join(", ")
        ));
    }
    put("grants.yaml", grants);
    put(
        "public.json",
        serde_json::json!({
            "openapi": "3.1.0",
            "info": { "title": "health", "version": "1" },
            "paths": { "/health": { "get": { "security": [], "responses": { "200": { "description": "up" } } } } }
        })
        .to_string(),
    );
    let record = serde_json::json!({
        "time": "2026-01-01T12:00:00Z", "client_id": clients[0].0, "method": "GET", "path": "/health", "status": 200,
    });
    put("log.jsonl", format!("{record}\n"));
}

/// Has the policy written for a target, into the same folder.
pub(crate) fn enforce(folder: &Path, target: &str) {
    run(folder, &["enforce", "--target", target, "--out", "."]);
}

/// Runs a command on the files of the folder; what it prints.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let (command, more) = arguments.split_first().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    let files = [
        "--logs",
        "log.jsonl",
        "--grants",
        "grants.yaml",
        "--catalog",
        "routes.yaml",
        "--catalog",
        "public.json",
        "--quiet",
    ];
    let ran = program
        .current_dir(folder)
        .arg(command)
        .args(files)
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(matches!(ran.status.code(), Some(0 | 3)), "{said}");
    ran.stdout
}

/// The requests that were written beside the policy.
pub(crate) fn requests(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder.join("scopetrim-requests.ndjson")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
