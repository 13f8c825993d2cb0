//! Policies of thousands of clients: what twice as many clients take, in time.
//!
//! Left out of the usual run, as it measures: `cargo test --test large_policies -- --ignored --nocapture`.

#![expect(
    clippy::expect_used,
    reason = "a test may panic, and clippy exempts only `#[test]` functions"
)]

#[expect(dead_code, reason = "other tests need more of it")]
mod support;

use std::fmt::Write as _;
use std::time::Instant;

use support::Case;

/// About a kilobyte for each client, as in real exports.
const FILL: usize = 700;

/// A file with this many clients of two grants each, of which one is never used.
fn policy(format: &str, clients: usize) -> (&'static str, String) {
    let fill = "x".repeat(FILL);
    let mut text = String::new();
    let mut each = |head: &str, one: &dyn Fn(usize) -> String, joint: &str, end: &str| {
        let all: Vec<String> = (0..clients).map(one).collect();
        write!(text, "{head}{}{end}", all.join(joint)).expect("text");
    };
    let name = match format {
        "keycloak" => {
            let one = |n| {
                format!(
                    "  {{\"clientId\": \"c{n}\", \"description\": \"{fill}\", \"fullScopeAllowed\": false,\n   \"defaultClientScopes\": [\"read\", \"write\"]}}"
                )
            };
            let head = "{\"realm\": \"shop\", \"clientScopes\": [{\"name\": \"read\"}, {\"name\": \"write\"}],\n \"clients\": [\n";
            let mapping = |n: usize| format!("  {{\"client\": \"c{n}\", \"roles\": [\"viewer\"]}}");
            let account = |n: usize| {
                format!("  {{\"serviceAccountClientId\": \"c{n}\", \"realmRoles\": [\"viewer\"]}}")
            };
            let all = |one: &dyn Fn(usize) -> String| {
                let all: Vec<String> = (0..clients).map(one).collect();
                all.join(",\n")
            };
            let end = format!(
                "],\n \"scopeMappings\": [\n{}],\n \"users\": [\n{}]}}\n",
                all(&mapping),
                all(&account)
            );
            each(head, &one, ",\n", &end);
            "realm.json"
        }
        "kong" => {
            let one = |n| {
                format!(
                    "- username: c{n}\n  tags: [{fill}]\n  acls:\n  - group: read\n  - group: write # w\n"
                )
            };
            let end = "plugins:\n- name: acl\n  config: {allow: [read, write]}\n";
            each("_format_version: \"3.0\"\nconsumers:\n", &one, "", end);
            "kong.yaml"
        }
        "native" => {
            let one = |n| format!("  c{n}: # {fill}\n    scopes:\n    - read\n    - write\n");
            each("version: 1\nclients:\n", &one, "", "");
            "grants.yaml"
        }
        // One role for everybody, of which only some need all.
        "role" => {
            let one = |n| format!("  c{n}: # {fill}\n    roles: [staff]\n");
            let head = "version: 1\nroles:\n  staff: [read, write]\nclients:\n";
            each(head, &one, "", "");
            "grants.yaml"
        }
        "auth0" => {
            let one = |n| {
                format!(
                    "- client_id: c{n} # {fill}\n  audience: api\n  scope:\n  - read\n  - write\n"
                )
            };
            each("clientGrants:\n", &one, "", "");
            "tenant.yaml"
        }
        "terraform" => {
            let one = |n| {
                format!(
                    "# {fill}\nresource \"auth0_client_grant\" \"c{n}\" {{\n  client_id = \"c{n}\"\n  audience  = \"api\"\n  scopes    = [\"read\", \"write\"]\n}}\n"
                )
            };
            each("", &one, "\n", "");
            "grants.tf"
        }
        "iam" => {
            let one = |n| {
                format!(
                    "\"c{n}\": {{\"Version\": \"2012-10-17\", \"Statement\": [{{\"Sid\": \"{fill}\", \"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\", \"s3:PutObject\"], \"Resource\": \"*\"}}]}}"
                )
            };
            each("{", &one, ",\n", "}\n");
            "policies.json"
        }
        _ => {
            let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole";
            let one = |n| {
                format!(
                    "{head}\nmetadata: {{name: r{n}, annotations: {{d: {fill}}}}}\nrules:\n- apiGroups: ['']\n  resources: [orders]\n  verbs: [get, delete]\n---\n{head}Binding\nmetadata: {{name: b{n}}}\nroleRef: {{kind: ClusterRole, name: r{n}}}\nsubjects:\n- {{kind: User, name: c{n}}}\n"
                )
            };
            each("", &one, "---\n", "");
            "rbac.yaml"
        }
    };
    (name, text)
}

/// Seconds of `grants` and of `analyze`, for this many clients that all use the first grant.
fn seconds(format: &str, clients: usize) -> [f64; 2] {
    let (name, text) = policy(format, clients);
    let case = Case::new();
    case.write(name, &text);
    let (read, write) = match format {
        "rbac" => ("orders:get", "orders:delete"),
        "iam" => ("s3:GetObject", "s3:PutObject"),
        _ => ("read", "write"),
    };
    let routes =
        format!("version: 1\nroutes:\n  GET /orders: '{read}'\n  POST /orders: '{write}'\n");
    case.write("routes.yaml", routes);
    let days = [0, 60, 120, 180, 240];
    let log = days.into_iter().flat_map(|day| {
        (0..clients).map(move |n| {
            let request = if format == "role" && n % 2 == 0 {
                "POST /orders"
            } else {
                "GET /orders"
            };
            support::line(day, &format!("c{n}"), request, 200)
        })
    });
    case.write("log.jsonl", log.collect::<String>());
    let timed = |args: &[&str]| {
        let start = Instant::now();
        let run = case.run(args);
        assert_eq!(run.code, Some(0), "{format}: {}", run.err);
        start.elapsed().as_secs_f64()
    };
    let analyze = [
        "analyze",
        "--logs",
        "log.jsonl",
        "--catalog",
        "routes.yaml",
        "--grants",
        name,
    ];
    let more = ["--level", "review", "--quiet", "--out", "out"];
    [
        timed(&["grants", "--grants", name, "--json"]),
        timed(&[&analyze[..], &more, &support::ANY_SHARE].concat()),
    ]
}

#[test]
#[ignore = "it measures for minutes"]
fn twice_the_clients_take_about_twice_the_time() {
    let formats = [
        "native",
        "role",
        "keycloak",
        "kong",
        "auth0",
        "terraform",
        "iam",
        "rbac",
    ];
    for format in formats {
        let [small, large] = [1000, 4000].map(|clients| seconds(format, clients));
        eprintln!(
            "{format}: grants {:.2} s, {:.2} s; analyze {:.2} s, {:.2} s",
            small[0], large[0], small[1], large[1]
        );
        for (small, large) in small.into_iter().zip(large) {
            assert!(
                large < 8.0 * small,
                "{format}: four times the clients, {small} s and {large} s"
            );
        }
    }
}
