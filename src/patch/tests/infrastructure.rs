//! Further resources of Terraform, its JSON, resources that a user describes, and `CloudFormation`.

use super::formats::{listed, round_trips};
use super::terraform::{EXPRESSION, formatted};
use super::*;

const OTHERS: &str = r#"
resource "okta_app_oauth" "svc" {
  label     = "Service"
  client_id = "svc-1"
}
resource "okta_app_oauth_api_scope" "svc" {
  app_id = okta_app_oauth.svc.id
  issuer = "https://org.example"
  scopes = ["okta.users.read", "okta.groups.read"]
}
resource "aws_cognito_user_pool_client" "billing" {
  name                 = "billing"
  allowed_oauth_scopes = ["orders/read"]
}
resource "keycloak_openid_client" "web" {
  client_id = "web"
}
resource "keycloak_openid_client_scope" "read" {
  name = "orders:read"
}
resource "keycloak_openid_client_scope" "mapped" {
  name = "mapped"
}
resource "keycloak_openid_audience_protocol_mapper" "m" {
  client_scope_id = keycloak_openid_client_scope.mapped.id
}
resource "keycloak_openid_client_default_scopes" "web" {
  client_id      = keycloak_openid_client.web.id
  default_scopes = ["profile", "orders:read", "mapped"]
}
resource "keycloak_openid_client_optional_scopes" "web" {
  client_id       = keycloak_openid_client.web.id
  optional_scopes = ["orders:read"]
}
resource "okta_auth_server_policy" "p" {
  client_whitelist = [okta_app_oauth.svc.client_id, "svc-2"]
}
resource "okta_auth_server_policy_rule" "r" {
  policy_id       = okta_auth_server_policy.p.id
  scope_whitelist = ["orders:read", "*"]
}
resource "okta_auth_server_policy_rule" "s" {
  policy_id       = var.policy
  scope_whitelist = ["orders:write"]
}
"#;

#[test]
fn other_resources_are_read_with_their_own_meaning_of_empty() {
    let read = listed(&policy(OTHERS, "o.tf").files[0]);
    let clients: Vec<&str> = read
        .iter()
        .map(String::as_str)
        .filter(|line| !line.starts_with("Role"))
        .collect();
    assert_eq!(
        clients,
        [
            "9 svc-1 okta.users.read",
            "9 svc-1 okta.groups.read",
            "13 billing orders/read",
            "29 web profile | its client scope is not defined in this file, so what else it carries is not known",
            "29 web orders:read",
            "29 web mapped | something is attached to its client scope, which tokens would lose",
            "33 web orders:read optional",
            "svc-1 Role(\"okta_auth_server_policy_rule.r\")",
            "svc-2 Role(\"okta_auth_server_policy_rule.r\")",
        ],
        "{read:#?}"
    );
    assert_eq!(read.len() - clients.len(), 3, "{read:#?}");
    let all = policy(OTHERS, "o.tf");
    let fixed = |term: &str| {
        let entries = all.files[0].entries.iter();
        let mut own = entries.filter(
            |entry| matches!(&entry.granted, Granted::Term(known) if known.as_str() == term),
        );
        own.next().unwrap().frozen.clone()
    };
    assert!(fixed("*").unwrap().contains("every scope"));
    assert!(
        fixed("orders:write")
            .unwrap()
            .contains("not known from this file")
    );
    for names in [
        &["orders/read"][..],
        &["okta.users.read", "okta.groups.read"],
    ] {
        let error = plan(&all, &giving(&all, names), &[]).unwrap_err();
        assert!(error.to_string().contains("would be empty"), "{error}");
    }
    let one = without(OTHERS, "o.tf", &["okta.users.read"]);
    assert_eq!(one, OTHERS.replace("[\"okta.users.read\", ", "["));
    formatted(one.trim_start());
}

#[test]
fn the_json_of_terraform_is_read_alike() {
    let text = r#"{
  "//": "by machine",
  "resource": {
    "auth0_client": {"ci": {"name": "CI"}},
    "auth0_client_grant": {
      "ci": [{
        "client_id": "${auth0_client.ci.id}",
        "audience": "api",
        "scopes": [
          "a",
          "b"
        ]
      }],
      "web": {"client_id": "web", "audience": "api", "scopes": ["a", "${var.x}"], "lifecycle": {"ignore_changes": "all"}}
    }
  }
}
"#;
    let read = round_trips(text, "grants.tf.json");
    let ignored = "`ignore_changes` makes Terraform ignore an edit of it";
    assert_eq!(
        read,
        [
            "10 auth0_client.ci a".to_owned(),
            "11 auth0_client.ci b".to_owned(),
            format!("14 web a | {ignored}"),
            format!("14 web ${{var.x}} | {EXPRESSION}"),
        ]
    );
}

#[test]
fn a_described_resource_of_any_provider_is_edited_in_hcl() {
    let text = "resource \"corp_access\" \"billing\" {\n  app = \"billing\"\n\n  permissions {\n    name = \"a\"\n  }\n\n  # why\n  permissions {\n    name = \"b\" # b\n  }\n\n  permissions { name = \"c\" }\n}\n";
    let own = grants::Description {
        name: "corp".to_owned(),
        when: Vec::new(),
        clients: vec![grants::TreePath::parse("resource.corp_access.*").unwrap()],
        id: vec![grants::TreePath::parse("app").unwrap()],
        aliases: Vec::new(),
        audience: None,
        terms: vec![grants::TreePath::parse("permissions").unwrap()],
        optional: Vec::new(),
        shape: grants::Shape::Objects("name".to_owned()),
        empty_means: grants::EmptyMeans::None,
        roles: None,
    };
    let formats = grants::Formats::with(vec![own]);
    let file = formats.read(Arc::from(text.as_bytes()), "c.tf").unwrap();
    let policy = Policy {
        files: vec![file],
        ..Policy::default()
    };
    let edited = |names: &[&str]| {
        let patch = plan(&policy, &giving(&policy, names), &[]).unwrap();
        String::from_utf8(patch.files[0].new.clone()).unwrap()
    };
    let first = edited(&["a"]);
    assert_eq!(
        first,
        text.replace("  permissions {\n    name = \"a\"\n  }\n\n", "")
    );
    assert_eq!(
        edited(&["c"]),
        text.replace("  permissions { name = \"c\" }\n", "")
    );
    formatted(&first);
    let none = edited(&["a", "b", "c"]);
    assert!(
        !none.contains("permissions") && none.contains("# why"),
        "{none}"
    );
}

const TEMPLATE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Api: {Type: String}
Resources:
  Billing: # the first
    Type: AWS::Cognito::UserPoolClient
    Properties:
      ClientName: billing
      UserPoolId: !Ref Pool
      AllowedOAuthScopes:
        - orders/read # reads
        - !Sub "${Api}/write"
        - Fn::Sub: "${Api}/admin"
        - orders/write
  Web:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      ClientName: !Sub "${Api}-web"
      AllowedOAuthScopes: [a, !Ref Scope, b]
  Either:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      AllowedOAuthScopes: !If [Prod, [x], [y]]
  Pool:
    Type: AWS::Cognito::UserPool
"#;

#[test]
fn templates_of_cloudformation_keep_their_functions() {
    let function = "it is an intrinsic function, so what it grants is not known";
    let expected = [
        "11 billing orders/read".to_owned(),
        format!("12 billing !Sub ${{Api}}/write | {function}"),
        format!("13 billing {{\"Fn::Sub\":\"${{Api}}/admin\"}} | {function}"),
        "14 billing orders/write".to_owned(),
        "19 Web a".to_owned(),
        format!("19 Web !Ref Scope | {function}"),
        "19 Web b".to_owned(),
        format!("23 Either !If [\"Prod\",[\"x\"],[\"y\"]] | {function}"),
    ];
    for text in [TEMPLATE.to_owned(), TEMPLATE.replace('\n', "\r\n")] {
        assert_eq!(round_trips(&text, "template.yaml"), expected);
    }
    let one = without(TEMPLATE, "template.yaml", &["orders/read", "a"]);
    let cut = TEMPLATE
        .replace("        - orders/read # reads\n", "")
        .replace("[a, !Ref", "[!Ref");
    assert_eq!(one, cut);
    let json = r#"{"Resources": {"Billing": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {
  "AllowedOAuthScopes": [{"Fn::Sub": "${Api}/read"}, "b", "c"]}}}}
"#;
    let read = round_trips(json, "template.json");
    assert_eq!(
        read,
        [
            format!("2 Billing {{\"Fn::Sub\":\"${{Api}}/read\"}} | {function}"),
            "2 Billing b".to_owned(),
            "2 Billing c".to_owned(),
        ]
    );
}
