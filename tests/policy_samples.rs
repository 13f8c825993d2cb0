//! The samples with policies of products: what goes, what stays, and how the files look then.

#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

use std::io::Read as _;
use std::process::Command;

/// What names the files of the sample that has no configuration of its own: `init` writes one in the quick start.
const NGINX: [&str; 6] = [
    "--logs",
    "samples/nginx/access.log.gz",
    "--catalog",
    "samples/nginx/openapi.yaml",
    "--grants",
    "samples/nginx/clients.yaml",
];

/// The changed lines that a run on a sample prints.
fn changed(sample: &[&str]) -> String {
    let rest = ["--level", "review", "--no-blame", "--quiet"];
    let printed = run(&[&["analyze"], sample, &rest].concat());
    let line = |line: &&str| line.starts_with(['-', '+']) && !line.starts_with("---");
    let lines: Vec<&str> = printed.lines().filter(line).collect();
    lines.join("\n")
}

fn run(args: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .output()
        .expect("a run");
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{said}");
    String::from_utf8(ran.stdout).expect("text")
}

/// Each grant that is not in the diff: its client, its name, the verdict and the level.
fn others(sample: &[&str]) -> Vec<String> {
    let rest = ["--level", "review", "--no-blame", "--quiet", "--json"];
    let report = run(&[&["analyze"], sample, &rest].concat());
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let clients = report["clients"].as_array().expect("clients").iter();
    let mut all = Vec::new();
    for client in clients {
        for term in client["terms"].as_array().expect("terms") {
            if term["verdict"] != "keep" && term["level"] != "review" {
                let of = [
                    &client["id"],
                    &term["term"],
                    &term["verdict"],
                    &term["level"],
                ]
                .map(text);
                all.push(of.join(" ").trim_end().to_owned());
            }
        }
    }
    all
}

#[test]
fn kong_and_keycloak_lose_the_same_rights_and_keep_their_comments() {
    let expected = r"+++ b/samples/gateway/kong.yaml
-      - group: invoices-all     # asked for in 2024, for a page that never came
-    acls: [{group: orders-read}, {group: orders-write}]
+    acls: [{group: orders-read}]
-      - group: customers-read
+++ b/samples/gateway/realm.yaml
-      - invoices          # see kong.yaml
-    defaultClientScopes: [orders:read, orders:write]
+    defaultClientScopes: [orders:read]";
    assert_eq!(changed(&["samples/gateway"]), expected);
    // Kept by its line, and a client scope that carries a claim as well.
    let others = others(&["samples/gateway"]);
    assert!(
        others.contains(&"warehouse customers:read remove manual".to_owned()),
        "{others:?}"
    );
    assert!(
        !others
            .iter()
            .any(|line| line.starts_with("billing orders-write remove")),
        "{others:?}"
    );
}

#[test]
fn how_a_file_was_read_is_told_without_the_values_of_other_keys() {
    let files = ["samples/gateway/kong.yaml", "samples/gateway/realm.yaml"];
    let told = run(&[&["grants", "explain", "--json"][..], &files].concat());
    for value in [
        "shop.internal",
        "STOREFRONT_SECRET",
        "team-web",
        "hardcoded",
        "300",
    ] {
        assert!(!told.contains(value), "{value}: {told}");
    }
    let rows: Vec<serde_json::Value> = serde_json::from_str(&told).expect("rows");
    let of = |what: &str| {
        let rows = rows.iter().filter(|row| row["what"] == what);
        rows.map(|row| {
            let cells = ["line", "holder", "grant", "path"].map(|key| row[key].to_string());
            cells.join(" ").replace('"', "")
        })
        .collect::<Vec<_>>()
    };
    let formats = rows.iter().filter(|row| row["what"] == "format");
    let formats: Vec<&str> = formats.filter_map(|row| row["why"].as_str()).collect();
    assert!(
        formats[0].starts_with("kong: `_format_version`"),
        "{formats:?}"
    );
    assert!(
        formats[1].starts_with("keycloak-realm: a `realm`"),
        "{formats:?}"
    );
    let grants = of("grant");
    assert!(
        grants.contains(&"40 storefront invoices-all consumers[0].acls[3].group".to_owned()),
        "{grants:?}"
    );
    let frozen = of("frozen");
    assert_eq!(
        frozen,
        [
            "27 storefront customers:read clients[0].defaultClientScopes[2]",
            "45 warehouse customers:read clients[3].defaultClientScopes[1]",
        ]
    );
    let others = of("other");
    assert!(
        others.contains(&"23 null null clients[].secret".to_owned()),
        "{others:?}"
    );
}

#[test]
fn auth0_and_terraform_lose_what_was_never_used_and_expressions_stay() {
    let expected = r#"+++ b/samples/tenant-files/tenant.yaml
-      - read:orders       # for the first version of the billing run
-    scope: [read:orders, write:orders, read:invoices]
+    scope: [read:orders, read:invoices]
+++ b/samples/tenant-files/grants.tf
-    "write:orders",   # the smoke test no longer places orders
-    "read:invoices",
-  scopes    = ["read:orders", "write:invoices", var.extra_scopes]
+  scopes    = ["read:orders", var.extra_scopes]"#;
    assert_eq!(changed(&["samples/tenant-files"]), expected);
    let others = others(&["samples/tenant-files"]);
    assert_eq!(
        others,
        ["auth0_client.warehouse ${var.extra_scopes} unobservable"]
    );
}

#[test]
fn nginx_and_a_list_of_clients_lose_what_was_never_used_and_keep_what_a_line_says() {
    let expected = r"+++ b/samples/nginx/clients.yaml
-      - customers:write      # for the address form
-    scopes: [orders:read, orders:write, invoices:read]
+    scopes: [orders:read, orders:write]
-      - orders:write
-    scopes: [orders:read, orders:write, customers:read]
+    scopes: [orders:read, orders:write]
-      - invoices:write
-    scopes: [orders:read]
+    scopes: []
-      - orders:write         # cancelled by telephone, until the shop could";
    assert_eq!(changed(&NGINX), expected);
    // A comment on the line holds two of them at review, and a line that says so keeps a third.
    let likely = [
        "billing orders:write",
        "mobile-app invoices:read",
        "partner-feed orders:read",
        "reports invoices:write",
        "warehouse customers:read",
    ];
    assert_eq!(
        others(&NGINX),
        likely.map(|grant| format!("{grant} remove likely"))
    );
}

#[test]
fn api_gateway_and_terraform_lose_one_scope_for_each_client() {
    let expected = r#"+++ b/samples/aws/clients.tf
-    "shop/invoices.read", # for a page that never came
-  allowed_oauth_scopes = ["shop/orders.read", "shop/orders.write", "shop/invoices.read", "shop/invoices.write"]
+  allowed_oauth_scopes = ["shop/orders.read", "shop/invoices.read", "shop/invoices.write"]
-  allowed_oauth_scopes = ["shop/orders.read", "shop/orders.write", "shop/invoices.write"]
+  allowed_oauth_scopes = ["shop/orders.read", "shop/orders.write"]
-  allowed_oauth_scopes = ["shop/orders.read", "shop/invoices.read"]
+  allowed_oauth_scopes = ["shop/orders.read"]"#;
    assert_eq!(changed(&["samples/aws"]), expected);
}

/// A change of the generator or of a log without the other would go unseen.
#[test]
fn the_logs_are_those_that_the_generator_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "run",
            "--quiet",
            "--locked",
            "--example",
            "make_policy_samples",
            "--",
        ])
        .arg(folder.path())
        .output()
        .expect("a run");
    assert!(ran.status.success(), "{ran:?}");
    for sample in ["aws", "gateway", "nginx", "tenant-files"] {
        let name = format!("{sample}/access.log.gz");
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        // Unpacked, because another release of the compressor may pack otherwise.
        let [ours, made] = [root.as_path(), folder.path()].map(|root| {
            let mut text = String::new();
            let file = std::fs::File::open(root.join(&name)).expect("a log");
            flate2::read::GzDecoder::new(file)
                .read_to_string(&mut text)
                .expect("text");
            text
        });
        assert!(ours == made, "{name} is not what the generator writes");
    }
}
