//! What edits of an export of Entra are as requests to Microsoft Graph.

use super::json_patch::of_objects;
use super::*;

const EXPORT: &str = r#"{
  "oauth2PermissionGrants": [
    {"id": "-Zc1JRY8_g1", "clientId": "app", "resourceId": "api", "scope": " Mail.Read  User.Read Files.Read"},
    {"id": "g2", "clientId": "app", "resourceId": "api2", "scope": "one"},
    {"id": "g3", "clientId": "other", "resourceId": "api", "scope": "User.Read"}
  ],
  "servicePrincipals": [{"id": "app", "appRoleAssignments": [
    {"id": "a1", "appRoleId": "r-1", "principalId": "app", "resourceId": "api"},
    {"id": "a2", "appRoleId": "r-2", "principalId": "app", "resourceId": "api"}
  ]}],
  "applications": [
    {"id": "o1", "appId": "app", "requiredResourceAccess": [
      {"resourceAppId": "api", "resourceAccess": [{"id": "r-1", "type": "Role"}, {"id": "s-1", "type": "Scope"}]}
    ]},
    {"appId": "app2", "requiredResourceAccess": [
      {"resourceAppId": "api", "resourceAccess": [{"id": "r-1", "type": "Role"}, {"id": "s-1", "type": "Scope"}]}
    ]}
  ]
}
"#;

/// The commands for a file that loses these grants.
fn commands(text: &str, gone: &[&str]) -> Result<Vec<String>, String> {
    let policy = policy(text, "export.json");
    let patch = plan(&policy, &giving(&policy, gone), &[]).unwrap();
    let objects = of_objects(&patch.files[0])?;
    assert!(objects.iter().all(|own| own.operations.is_empty()));
    Ok(objects.into_iter().filter_map(|own| own.command).collect())
}

#[test]
fn what_goes_from_an_export_is_deleted_or_patched_and_grants_come_before_manifests() {
    let gone = ["Mail.Read", "Files.Read", "one", "r-1"];
    assert_eq!(
        commands(EXPORT, &gone).unwrap(),
        [
            r#"az rest --method patch --url https://graph.microsoft.com/v1.0/oauth2PermissionGrants/-Zc1JRY8_g1 --body '{"scope":"User.Read"}'"#,
            "az rest --method delete --url https://graph.microsoft.com/v1.0/oauth2PermissionGrants/g2",
            "az rest --method delete --url https://graph.microsoft.com/v1.0/servicePrincipals/api/appRoleAssignedTo/a1",
            r#"az rest --method patch --url https://graph.microsoft.com/v1.0/applications/o1 --body '{"requiredResourceAccess":[{"resourceAppId":"api","resourceAccess":[{"id":"s-1","type":"Scope"}]}]}'"#,
            r#"az rest --method patch --url 'https://graph.microsoft.com/v1.0/applications(appId='\''app2'\'')' --body '{"requiredResourceAccess":[{"resourceAppId":"api","resourceAccess":[{"id":"s-1","type":"Scope"}]}]}'"#,
        ]
    );
}

/// What a shell makes of a line, one argument a line.
fn arguments(line: &str) -> Vec<String> {
    let script = format!("set -- {line}\nprintf '%s\\n' \"$@\"");
    let mut shell = std::process::Command::new("sh");
    let ran = shell.args(["-c", &script]).output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{line}");
    let text = String::from_utf8(ran.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn no_word_of_a_consent_gets_out_of_its_quotes() {
    // A string with escapes is read and not edited.
    let hostile = "it's;$(touch$IFS.x)`y`&|*~!#";
    let text = format!(
        r#"{{"oauth2PermissionGrants": [{{"id": "g", "clientId": "c", "resourceId": "r", "scope": "gone {hostile}"}}]}}"#
    );
    let line = commands(&text, &["gone"]).unwrap().remove(0);
    let words = arguments(&line);
    let body: serde_json::Value = serde_json::from_str(words.last().unwrap()).unwrap();
    assert_eq!(body, serde_json::json!({"scope": hostile}));
    assert_eq!(words.len(), 8, "{line}");
}

#[test]
fn an_id_that_graph_did_not_give_is_in_no_address() {
    for id in [
        "..", ".", "", "a/b", "a'b", "a b", "%2e%2e", "$(x)", "ü", "a\\nb", "a?b", "a#b",
    ] {
        let consent = EXPORT.replace("\"g2\"", &format!("\"{id}\""));
        let shown = id.replace('\'', "\\'");
        let why = commands(&consent, &["one"]).unwrap_err();
        assert_eq!(
            why,
            format!("the `id` of a consent is none of Graph's: `{shown}`")
        );
        let of = |kind: &str| format!("\"resourceId\": \"{kind}\"}}");
        let assigned = EXPORT.replace(&of("api"), &of(id));
        let why = commands(&assigned, &["r-2"]).unwrap_err();
        assert!(
            why.contains("the `resourceId` of an assignment is none"),
            "{why}"
        );
    }
    let none = EXPORT.replace("\"id\": \"g2\", ", "");
    let why = commands(&none, &["one"]).unwrap_err();
    assert_eq!(why, "a changed consent has no `id`");
    assert_eq!(
        commands(&none, &["r-2"]).unwrap().len(),
        1,
        "others have theirs"
    );
}

#[test]
fn an_object_of_which_one_copy_stays_is_revoked_nowhere() {
    let twice = EXPORT.replace("\"g3\"", "\"g2\"");
    let why = commands(&twice, &["one"]).unwrap_err();
    assert!(why.contains("stands in it twice"), "{why}");
    let twice = EXPORT.replace("\"a2\"", "\"a1\"");
    let own = policy(&twice, "export.json");
    let first = giving(&own, &["r-1"])[..1].to_vec();
    let patch = plan(&own, &first, &[]).unwrap();
    let why = of_objects(&patch.files[0]).unwrap_err();
    assert!(why.contains("stands in it twice"), "{why}");
}
