//! The command: what it takes away, what it names, and what it refuses to write.

use std::path::Path;
use std::process::{Command, Output};

use crate::table::Table;

const ROUTES: &str = "version: 1\nroutes:\n  GET /orders: orders:read\n  POST /orders: orders:write\n  GET /reports: reports:read\n  GET /me: authenticated\n";
const GRANTS: &str = "version: 1\nclients:\n  shop:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n      - orders:write\n      - reports:read\n  sk_live_4eC39HqLyjWDarjtT1zdp7dc:\n    since: 2024-01-01\n    scopes:\n      - orders:read\n";

fn case(folder: &Path) {
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    put("routes.yaml", ROUTES);
    put("grants.yaml", GRANTS);
    let mut log = String::new();
    for day in 0..240_u32 {
        let (month, day) = (day / 28 + 1, day % 28 + 1);
        let mut line = |client: &str, method: &str, path: &str, status: u16| {
            let record = serde_json::json!({
                "time": format!("2026-{month:02}-{day:02}T12:00:00Z"), "client_id": client, "method": method, "path": path, "status": status,
            });
            log.push_str(&format!("{record}\n"));
        };
        line("shop", "GET", "/orders", 200);
        line("shop-token-id", "GET", "/reports", 200);
        line("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "GET", "/orders", 200);
    }
    put("log.jsonl", &log);
}

fn enforce(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
    command.current_dir(folder).args([
        "enforce",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        "grants.yaml",
    ]);
    command
        .args(["--alias", "shop-token-id=shop"])
        .args(more)
        .output()
        .unwrap()
}

fn table(folder: &Path, more: &[&str]) -> (Table, String) {
    let ran = enforce(
        folder,
        &[&["--target", "table", "--out", "out"], more].concat(),
    );
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{said}");
    let text = std::fs::read_to_string(folder.join("out/table.json")).unwrap();
    (Table::of(&text), said)
}

#[test]
fn what_is_removed_is_refused_and_needed_is_less_than_granted() {
    let folder = tempfile::tempdir().unwrap();
    case(folder.path());
    let (safe, _) = table(folder.path(), &["--level", "safe"]);
    let (granted, said) = table(folder.path(), &["--level", "review"]);
    let (needed, _) = table(folder.path(), &["--level", "review", "--for", "needed"]);
    let shop = |table: &Table, request: &str| {
        let (method, path) = request.split_once(' ').unwrap();
        let by_name = table.allows(Some("shop"), method, path);
        assert_eq!(
            by_name,
            table.allows(Some("shop-token-id"), method, path),
            "the name that gateways know"
        );
        by_name
    };
    let all = |request: &str| [&safe, &granted, &needed].map(|table| shop(table, request));
    assert_eq!(all("GET /orders"), [true; 3]);
    assert_eq!(all("GET /reports"), [true; 3]);
    assert_eq!(all("POST /orders"), [true, false, false]);
    assert_eq!(all("GET /me"), [true, true, false]);
    assert!(!granted.allows(None, "GET", "/me") && !granted.allows(Some("stranger"), "GET", "/me"));
    assert!(
        said.contains("no security scheme calls them public") && said.contains("GET /me"),
        "{said}"
    );
}

#[test]
fn a_name_that_is_a_secret_is_in_no_file_and_equal_input_gives_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    case(folder.path());
    for target in [
        "envoy", "istio", "nginx", "haproxy", "kong", "apisix", "cedar", "rego", "casbin",
        "openfga", "table",
    ] {
        let mut texts = Vec::new();
        for out in ["one", "two"] {
            let ran = enforce(folder.path(), &["--target", target, "--out", out]);
            assert_eq!(ran.status.code(), Some(0), "{ran:?}");
            let said = String::from_utf8(ran.stderr).unwrap();
            assert!(said.contains("1 name that is a secret left out"), "{said}");
            let written = String::from_utf8(ran.stdout).unwrap();
            let files: Vec<Vec<u8>> = written
                .lines()
                .map(|name| std::fs::read(folder.path().join(name)).unwrap())
                .collect();
            assert!(files.len() >= 2, "{written}");
            texts.push(files);
        }
        assert_eq!(texts[0], texts[1], "{target}");
        let whole = String::from_utf8(texts[0].concat()).unwrap();
        assert!(
            !whole.contains("sk_live") && !whole.contains("736B5F6C697665"),
            "{target}"
        );
        assert!(
            whole.contains("2026-01-01 to ") && whole.contains("Digest of what it allows: blake3:"),
            "{whole}"
        );
        assert!(!whole.contains(folder.path().to_str().unwrap()), "{target}");
    }
}

#[test]
fn what_no_gateway_can_enforce_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    case(folder.path());
    let ran = enforce(folder.path(), &["--target", "perimeter", "--out", "out"]);
    assert_eq!(ran.status.code(), Some(2));
    let host = |name: &str| {
        serde_json::json!({
            "openapi": "3.1.0", "info": { "title": name, "version": "1" }, "servers": [{ "url": format!("https://{name}.example.com") }],
            "paths": { "/x": { "get": { "security": [], "responses": { "200": { "description": "up" } } } } }
        })
        .to_string()
    };
    for name in ["a", "b"] {
        std::fs::write(folder.path().join(format!("{name}.json")), host(name)).unwrap();
    }
    let ran = enforce(
        folder.path(),
        &[
            "--catalog-of",
            "file=\"a.json\", host=\"a.example.com\"",
            "--catalog-of",
            "file=\"b.json\", host=\"b.example.com\"",
            "--target",
            "table",
            "--out",
            "out",
        ],
    );
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(
        said.contains("several hosts") && said.contains("help: "),
        "{said}"
    );
}

#[test]
fn a_name_that_is_no_target_is_told_what_to_take_instead() {
    let folder = tempfile::tempdir().unwrap();
    case(folder.path());
    for (name, why, instead) in [
        ("aws", "crosses `/`", "--target table, cedar or rego"),
        ("aws-apigw", "crosses `/`", "--target table, cedar or rego"),
        ("authorizationpolicy", "`7%2Fx`", "use --target istio"),
        ("express", "no target of its own", "use --target table"),
        ("spring", "no target of its own", "use --target table"),
        (
            "spring-security",
            "no target of its own",
            "use --target table",
        ),
        ("opa", "its language is Rego", "use --target rego"),
        // Of others the program knows nothing, and lists those that there are, not these.
        (
            "perimeter",
            "invalid value 'perimeter'",
            "casbin, openfga, table]",
        ),
    ] {
        let ran = enforce(folder.path(), &["--target", name, "--out", "out"]);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{said}");
        assert!(
            said.contains(name) && said.contains(why) && said.contains(instead),
            "{said}"
        );
        assert!(!folder.path().join("out").exists());
    }
    let help = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .args(["enforce", "--help"])
        .output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let (_, values) = help.split_once("--target <NAME>\n").unwrap();
    let (values, _) = values.split_once(']').unwrap();
    assert!(values.contains("envoy, istio, "), "{values}");
    for hidden in ["aws", "express", "spring", "opa,", "authorizationpolicy"] {
        assert!(!values.contains(hidden), "{values}");
    }
}
