//! Files of Entra: what is read, what stays, and what each removal leaves.

use super::formats::{round_trips, verdict};
use super::tenants::{aliases, warned};
use super::*;

const DIRECTORY: &str = r#"{
  "servicePrincipals": [
    {"id": "sp-graph", "appId": "graph", "appRoles": [{"id": "r-1", "value": "Mail.Read"}, {"id": "r-2", "value": ""}],
     "oauth2PermissionScopes": [{"id": "s-1", "value": "Mail.Read"}]},
    {"id": "sp-app", "appId": "app", "displayName": "Billing"}
  ],
  "oauth2PermissionGrants": [
    {"id": "g1", "clientId": "sp-app", "consentType": "AllPrincipals", "resourceId": "sp-graph", "scope": " Mail.Read User.Read"},
    {"id": "g2", "clientId": "sp-x", "consentType": "Principal", "principalId": "u", "resourceId": "sp-y", "scope": "one"}
  ],
  "appRoleAssignments": [
    {"appRoleId": "r-1", "principalId": "sp-app", "principalType": "ServicePrincipal", "resourceId": "sp-graph"},
    {"appRoleId": "r-9", "principalId": "sp-app", "principalType": "ServicePrincipal", "resourceId": "sp-graph"},
    {"appRoleId": "r-1", "principalId": "ann", "principalType": "User", "resourceId": "sp-graph"},
    {"appRoleId": "00000000-0000-0000-0000-000000000000", "principalId": "sp-x", "resourceId": "sp-y"}
  ],
  "applications": [
    {"appId": "app", "passwordCredentials": [{"secretText": "s3cret"}], "requiredResourceAccess": [
      {"resourceAppId": "graph", "resourceAccess": [
        {"id": "s-1", "type": "Scope"},
        {"id": "r-1", "type": "Role"},
        {"id": "r-1", "type": "Other"}
      ]}
    ]}
  ]
}
"#;

#[test]
fn entra_tells_delegated_from_application_permissions() {
    let read = round_trips(DIRECTORY, "entra.json");
    let whole = "it stands for access without any permission";
    let kind = "its `type` is neither `Scope` nor `Role`";
    assert_eq!(
        read,
        [
            "8 app Mail.Read".to_owned(),
            "8 app User.Read".to_owned(),
            "9 sp-x one".to_owned(),
            "12 app Mail.Read".to_owned(),
            "13 app r-9".to_owned(),
            format!("15 sp-x 00000000-0000-0000-0000-000000000000 | {whole}"),
            "20 app Mail.Read".to_owned(),
            "21 app Mail.Read".to_owned(),
            format!("22 app Mail.Read | {kind}"),
        ]
    );
    let file = &policy(DIRECTORY, "entra.json").files[0];
    let audiences: Vec<&str> = file
        .entries
        .iter()
        .map(|own| own.audience.as_deref().unwrap())
        .collect();
    assert_eq!(
        audiences,
        [
            "graph/delegated",
            "graph/delegated",
            "sp-y/delegated",
            "graph/application",
            "graph/application",
            "sp-y/application",
            "graph/delegated",
            "graph/application",
            "graph/unknown",
        ]
    );
    assert_eq!(aliases(DIRECTORY, "entra.json"), ["sp-app=app"]);
    assert!(warned(DIRECTORY, "entra.json").contains(&"manifest-is-a-request"));
    let own = policy(DIRECTORY, "entra.json");
    let one = plan(&own, &[Removal { file: 0, entry: 0 }], &[]).unwrap();
    let one = String::from_utf8(one.files[0].new.clone()).unwrap();
    assert!(one.contains("\"scope\": \" User.Read\""), "{one}");
    let rows = r#"{"value": [{"appRoleId": "a", "principalId": "p", "resourceId": "r"}]}"#;
    let last = plan(
        &policy(rows, "a.json"),
        &[Removal { file: 0, entry: 0 }],
        &[],
    );
    let last = last.unwrap_err().to_string();
    assert!(last.contains("would be empty"), "{last}");
    let principal = r#"{"appId": "a", "servicePrincipalType": "Application", "appRoles": []}"#;
    let principal = verdict(principal, "sp.json");
    assert!(
        principal.contains("service principal of Entra"),
        "{principal}"
    );
    let bad = r#"[{"clientId": "", "resourceId": "r", "scope": "x"}]"#;
    let bad = verdict(bad, "c.json");
    assert!(bad.contains("the name of a client is empty"), "{bad}");
}

/// An export without these entries.
fn emptied(text: &str, gone: &[usize]) -> String {
    let own = policy(text, "e.json");
    let gone = gone.iter().map(|entry| Removal {
        file: 0,
        entry: *entry,
    });
    let patch = plan(&own, &gone.collect::<Vec<_>>(), &[]).unwrap();
    String::from_utf8(patch.files[0].new.clone()).unwrap()
}

#[test]
fn a_consent_goes_with_its_last_word_and_a_resource_with_its_last_permission() {
    let grants = "{\"oauth2PermissionGrants\": [\n  {\"id\": \"g1\", \"clientId\": \"c\", \"resourceId\": \"r\", \"scope\": \"a b\"},\n  {\"id\": \"g2\", \"clientId\": \"c\", \"resourceId\": \"s\", \"scope\": \"a\"}\n]}\n";
    let one = emptied(grants, &[0, 1]);
    assert_eq!(
        one,
        "{\"oauth2PermissionGrants\": [\n  {\"id\": \"g2\", \"clientId\": \"c\", \"resourceId\": \"s\", \"scope\": \"a\"}\n]}\n"
    );
    let none = emptied(grants, &[0, 1, 2]);
    assert_eq!(none, "{\"oauth2PermissionGrants\": []}\n");
    let manifest = "{\"appId\": \"a\", \"requiredResourceAccess\": [\n  {\"resourceAppId\": \"r\", \"resourceAccess\": [{\"id\": \"1\", \"type\": \"Role\"}, {\"id\": \"2\", \"type\": \"Scope\"}]}\n]}\n";
    let asks = emptied(manifest, &[0, 1]);
    assert_eq!(asks, "{\"appId\": \"a\", \"requiredResourceAccess\": []}\n");
    let rows = "{\"appRoleAssignments\": [\n  {\"appRoleId\": \"a\", \"principalId\": \"p\", \"resourceId\": \"r\"}\n]}\n";
    assert_eq!(emptied(rows, &[0]), "{\"appRoleAssignments\": []}\n");
    // Without the name of the list nothing would tell what the file is.
    for bare in ["[{}]", "{\"value\": [{}]}"] {
        let consent = r#"{"id": "g", "clientId": "c", "resourceId": "r", "scope": "x"}"#;
        let own = policy(&bare.replace("{}", consent), "e.json");
        let last = plan(&own, &[Removal { file: 0, entry: 0 }], &[]).unwrap_err();
        assert!(last.to_string().contains("would be empty"), "{last}");
    }
}
