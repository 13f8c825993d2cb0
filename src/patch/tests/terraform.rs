//! Terraform: what is read, what stays, and what each removal leaves.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::formats::round_trips;
use super::*;

const GRANTS: &str = r#"# Grants of machines. ü
resource "auth0_client" "ci" {
  name = "CI"
}

resource "auth0_client_grant" "ci" {
  client_id = auth0_client.ci.id
  audience  = auth0_resource_server.api.identifier
  scopes = [
    # reads them all
    "read:orders", // since May
    "write:orders",
    var.extra,
    "${local.p}:read",
    "last" # no comma
  ]
}

resource "auth0_resource_server" "api" {
  identifier = "https://api.example"
}

/* several
   lines */
resource "auth0_client_grant" "web" {
  client_id = "abc123"
  audience  = "https://api.example"
  scopes    = ["a", "b", "c", "a-long-one", "$${odd}"]
}

resource "auth0_client_grant" "each" {
  for_each  = var.clients
  client_id = each.value
  audience  = "https://api.example"
  scopes    = ["x"]
}

resource "auth0_client_grant" "shared" {
  client_id = data.auth0_client.erp.client_id
  audience  = "https://api.example"
  scopes    = concat(local.base, ["y"])
}

resource "auth0_client_grant" "all" {
  client_id        = "all"
  audience         = "https://api.example"
  allow_all_scopes = true
  scopes           = ["z"]
}

resource "auth0_client_grant" "ignored" {
  client_id = "ignored"
  audience  = "https://api.example"
  scopes    = ["w"]
  lifecycle {
    ignore_changes = [scopes]
  }
}

variable "note" {
  default = <<-EOT
    resource "auth0_client_grant" "no" { scopes = ["no"] } # keep
  EOT
}
"#;

pub(super) const EXPRESSION: &str =
    "it is an expression and not a literal, so what it grants is not known";

fn grants_read() -> Vec<String> {
    vec![
        "11 auth0_client.ci read:orders".to_owned(),
        "12 auth0_client.ci write:orders".to_owned(),
        format!("13 auth0_client.ci ${{var.extra}} | {EXPRESSION}"),
        format!("14 auth0_client.ci ${{local.p}}:read | {EXPRESSION}"),
        "15 auth0_client.ci last".to_owned(),
        "28 abc123 a".to_owned(),
        "28 abc123 b".to_owned(),
        "28 abc123 c".to_owned(),
        "28 abc123 a-long-one".to_owned(),
        format!("28 abc123 ${{odd}} | {EXPRESSION}"),
        "35 each.value x | which client it is for is an expression and not a literal".to_owned(),
        format!("41 data.auth0_client.erp ${{concat(local.base, [\"y\"])}} | {EXPRESSION}"),
        "48 all z | `allow_all_scopes` grants every scope, whatever the list says".to_owned(),
        "54 ignored w | `ignore_changes` makes Terraform ignore an edit of it".to_owned(),
    ]
}

#[test]
fn literals_of_auth0_are_edited_and_expressions_stay() {
    let texts = [
        GRANTS.to_owned(),
        GRANTS.replace('\n', "\r\n"),
        GRANTS.trim_end().to_owned(),
        format!("\u{feff}{GRANTS}"),
    ];
    for text in texts {
        assert_eq!(round_trips(&text, "grants.tf"), grants_read());
    }
    // Known by its content where the name says nothing.
    assert_eq!(round_trips(GRANTS, "grants"), grants_read());
    let file = &policy(GRANTS, "grants.tf").files[0];
    let audiences: BTreeSet<_> = file
        .entries
        .iter()
        .map(|entry| entry.audience.as_deref())
        .collect();
    assert_eq!(audiences, BTreeSet::from([Some("https://api.example")]));
    let aliases: Vec<_> = file
        .aliases
        .iter()
        .map(|(alias, client)| format!("{alias}={client}"))
        .collect();
    assert_eq!(aliases, ["CI=auth0_client.ci"]);
    let said: Vec<_> = file
        .warnings
        .iter()
        .map(|own| {
            (
                own.code,
                own.message
                    .contains("`auth0_client.ci`, `data.auth0_client.erp`"),
            )
        })
        .collect();
    assert_eq!(said, [("client-by-address", true)]);
}

#[test]
fn an_edit_of_hcl_is_that_of_a_careful_colleague() {
    let one = |names: &[&str]| without(GRANTS, "grants.tf", names);
    let first = one(&["read:orders"]);
    assert_eq!(
        first,
        GRANTS.replace("    \"read:orders\", // since May\n", "")
    );
    let last = one(&["last"]);
    assert_eq!(last, GRANTS.replace("    \"last\" # no comma\n", ""));
    assert_eq!(one(&["a"]), GRANTS.replace("[\"a\", \"b\"", "[\"b\""));
    assert_eq!(
        one(&["a-long-one"]),
        GRANTS.replace("\"c\", \"a-long-one\"", "\"c\"")
    );
    for edited in [first, last, one(&["a", "c"]), one(&["write:orders"])] {
        formatted(&edited);
    }
    let emptied = "resource \"auth0_client_grant\" \"x\" {\n  client_id = \"x\"\n  scopes = [\n    \"a\",\n    \"b\"\n  ]\n}\n";
    let emptied = without(emptied, "g.tf", &["a", "b"]);
    assert!(emptied.contains("  scopes = []\n"), "{emptied}");
    let narrow = narrowed(GRANTS, "grants.tf", "b", &["b.1", "b.2"]).unwrap();
    assert_eq!(narrow, GRANTS.replace("\"b\"", "\"b.1\", \"b.2\""));
    let inside = GRANTS.replace("\"a\", \"b\"", "\"a\", /* why */ \"b\"");
    let inside = policy(&inside, "grants.tf");
    let error = plan(&inside, &giving(&inside, &["b"]), &[]).unwrap_err();
    assert!(error.to_string().contains("comment in `/* */`"), "{error}");
    let kept = GRANTS.replace("// since May", "// keep until=2027-03-31 reason=\"audit\"");
    let kept = policy(&kept, "grants.tf");
    assert!(kept.files[0].entries[0].keep.is_some());
}

/// Asks the real tool, where there is one.
pub(super) fn formatted(text: &str) {
    let mut command = Command::new("terraform");
    command
        .args(["fmt", "-check", "-"])
        .env_remove("TF_CLI_CONFIG_FILE");
    let quiet = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = quiet.spawn() else {
        eprintln!("skipped: terraform is not installed");
        return;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
}

#[test]
fn what_grants_nothing_is_refused_with_what_it_looks_like() {
    let seen = [
        (
            "m.tf",
            "resource \"aws_s3_bucket\" \"b\" {\n  secret = \"hunter2\"\n}\n",
            "its resources are `aws_s3_bucket`",
        ),
        (
            "v.tf",
            "variable \"x\" {}\nlocals {\n  a = 1\n}\n",
            "which holds `locals`, `variable`",
        ),
        (
            "p.hcl",
            "path \"secret/*\" {\n  capabilities = [\"read\"]\n}\n",
            "a policy of Vault",
        ),
        ("n.hcl", "job \"x\" {}\n", "a job of Nomad"),
        (
            "x.tfvars",
            "clients = { a = [\"hunter2\"] }\n",
            "an HCL file without resources",
        ),
        ("e.tf", "", "an HCL file without resources"),
        (
            "w.tf",
            "resource \"auth0_client_grant\" \"x\" {\n  client_id = \"hunter2\n}\n",
            "w.tf:2:",
        ),
        (
            "k.tf",
            "resource \"auth0_client_grant\" \"x\" {\n  client_id = \"a\"\n  scopes = { hunter2 = 1 }\n}\n",
            "k.tf:3: `scopes` must be a list",
        ),
        (
            "q.tf",
            "resource \"auth0_client_grant\" \"x\" {\n  client_id = [\"hunter2\"]\n}\n",
            "q.tf:2: the name of a client must be a string",
        ),
        (
            "t.yaml",
            "Resources:\n  B:\n    Type: AWS::S3::Bucket\n",
            "a template of CloudFormation without clients",
        ),
    ];
    for (name, text, expected) in seen {
        let error = grants::read(Arc::from(text.as_bytes()), name).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(expected) && !error.contains("hunter2"),
            "{name}: {error}"
        );
    }
}

#[test]
fn damaged_hcl_is_refused_or_read_and_never_a_panic() {
    for end in (0..GRANTS.len())
        .filter(|end| GRANTS.is_char_boundary(*end))
        .step_by(7)
    {
        for damaged in [
            GRANTS[..end].to_owned(),
            format!("{}\"[{{", &GRANTS[..end]),
            GRANTS[end..].to_owned(),
        ] {
            if let Ok(file) = grants::read(Arc::from(damaged.as_bytes()), "d.tf") {
                drop(grants::comments_affected(&file));
            }
        }
    }
}
