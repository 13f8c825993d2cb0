//! Files that hold no grants, or none that can be told apart: each is told what it is.

use super::*;

const REALM: &str = "realm: shop\nenabled: true\n";

fn who(entry: &Entry) -> String {
    match &entry.subject {
        Subject::Client(client) => client.to_string(),
        Subject::Role(role) => role.to_string(),
    }
}

#[test]
fn a_file_that_is_no_map_of_lists_is_not_taken_for_one() {
    let none = [
        "{\"c\": \"a b\"}",
        "{\"a\": null}",
        "{\"a\": [\"x\"], \"b\": 1, \"c\": true}",
        "{\"results\": [{\"name\": \"x\"}]}",
        "{\"version\": 2, \"updates\": []}",
        "{\"version\": 1, \"repository\": {\"name\": \"x\"}}",
        "{\"apiVersion\": \"v2\", \"version\": \"1.2.3\", \"keywords\": [\"x\"]}",
        "7",
    ];
    for text in none {
        let (found, help) = refused(text, "g.json");
        assert_eq!(found, "g.json: no policy format fits", "{text}");
        assert!(help.contains("[[policies]]"), "{help}");
    }
    let (found, _) = refused("a: [x]\n---\nb: [y]\n", "g.yaml");
    assert_eq!(found, "g.yaml:2:1: a second document starts here");
    let (found, _) = refused("a: 1\n---\nb: 2\n", "g.yaml");
    assert_eq!(found, "g.yaml: no policy format fits");
    let (found, help) = refused("version: 1\nclient: {}\n", "g.yaml");
    assert_eq!(found, "g.yaml:2: unknown key `client` in the file");
    assert_eq!(help, "did you mean `clients`?");
}

#[test]
fn files_of_products_without_grants_are_called_by_their_names() {
    let kong =
        "a Kong declarative file without consumers' ACL groups: it holds no grants of clients";
    let realm = "a Keycloak realm without clients: it holds no grants of clients";
    let one = "it looks like one client of Keycloak: what its client scopes carry is in the export of its realm";
    let cases = [
        ("services:\n- {name: a, host: example.com}\n", kong),
        (
            "_workspace: w\nservices:\n- {url: 'http://x'}\nplugins: []\n",
            kong,
        ),
        ("routes:\n- {name: a, paths: [/x]}\n", kong),
        ("plugins:\n- {name: key-auth, config: {}}\n", kong),
        ("upstreams:\n- {name: a, targets: []}\n", kong),
        ("vaults:\n- {prefix: x, name: env}\n", kong),
        (
            "{\"realm\": \"shop\", \"enabled\": true, \"authenticationFlows\": []}",
            realm,
        ),
        (
            "realm: shop\nloginTheme: x\n---\nrealm: other\nenabled: true\n---\n",
            realm,
        ),
        (
            "{\"realm\": \"shop\", \"enabled\": true, \"verifyEmail\": $(sys:x.verify-email)}",
            realm,
        ),
        (
            "clientId: a\nclientAuthenticatorType: client-secret\nsecret: s3cret\n",
            one,
        ),
        (
            "realm: shop\nauth-server-url: https://x\nenabled: true\n",
            "it looks like the adapter configuration of a client of Keycloak: it holds no grants of clients",
        ),
        (
            "openapi: 3.0.0\npaths: {}\n",
            "it is an OpenAPI description: it says what operations require, and is named with --catalog",
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n",
            "it holds objects of Kubernetes, and no roles or bindings (`rbac.authorization.k8s.io`) are among them",
        ),
        (
            "services:\n  web: {image: nginx, ports: ['80:80']}\n",
            "it is a Compose file: it starts containers, and holds no grants of clients",
        ),
        (
            "{\"name\": \"x\", \"version\": \"1.0.0\", \"dependencies\": {}}",
            "it is a package.json of npm: it holds no grants of clients",
        ),
        (
            "on: push\njobs:\n  test: {runs-on: x, steps: []}\n",
            "it is a workflow of GitHub Actions: it holds no grants of clients of an API",
        ),
        (
            "version: 1\nroutes:\n  GET /orders: orders:read\n",
            "it looks like a list of routes: it says what operations require, and is named with --catalog",
        ),
        (
            "{\"terraform_version\": \"1.9.0\", \"planned_values\": {}}",
            "it is a plan of Terraform, which is not edited: name the `.tf` files that it was made from",
        ),
    ];
    for (text, expected) in cases {
        let name = if text.starts_with('{') {
            "f.json"
        } else {
            "f.yaml"
        };
        let (found, help) = refused(text, name);
        assert_eq!(found, format!("{name}: {expected}"), "{text}");
        assert_eq!(help, "name the files that say which client holds what");
    }
    // Others have such keys, too.
    let others = [
        "services:\n- {type: web, name: x}\n",
        "services: {a: {host: x}}\n",
        "services:\n- {host: x}\ndatabases: [{name: a}]\nx: 1\ny: 2\n",
        "realm: shop\n",
        "realm: {enabled: true}\n",
    ];
    for text in others {
        assert_eq!(
            refused(text, "f.yaml").0,
            "f.yaml: no policy format fits",
            "{text}"
        );
    }
}

#[test]
fn realms_in_several_documents_are_read_and_one_client_of_two_realms_is_not_edited() {
    let realm = |name: &str, client: &str| {
        format!(
            "realm: {name}\nclients:\n- clientId: {client}\n  fullScopeAllowed: false\n  defaultClientScopes: [a]\nclientScopes:\n- name: a\n"
        )
    };
    let text = format!(
        "{}---\n{}---\n{}---\n",
        realm("x", "one"),
        realm("y", "two"),
        realm("z", "two")
    );
    let frozen = |text: &str| -> Vec<(String, bool)> {
        let file = file(text, "f.yaml");
        assert_eq!(&*file.format, "keycloak-realm");
        let entries = file.entries.iter();
        entries
            .map(|entry| (who(entry), entry.frozen.is_some()))
            .collect()
    };
    let expected = [("one", false), ("two", true), ("two", true)];
    assert_eq!(
        frozen(&text),
        expected.map(|(name, kept)| (name.to_owned(), kept))
    );
    let (found, _) = refused(&format!("{REALM}clients: []\n---\nother: 1\n"), "f.yaml");
    assert!(
        found.starts_with("f.yaml:4:1: a second document starts here"),
        "{found}"
    );
}

#[test]
fn a_client_without_its_id_is_read_and_neither_it_nor_its_namesake_is_edited() {
    let text = format!(
        "{REALM}clientScopes:\n- name: a\nclients:\n\
         - {{clientId: one, defaultClientScopes: [a]}}\n\
         - {{clientId: two, name: Two, defaultClientScopes: [a]}}\n\
         - {{name: Two, defaultClientScopes: [a]}}\n\
         - {{name: three, defaultClientScopes: [a]}}\n\
         - {{clientId: \"$(env:FOUR)\", defaultClientScopes: [a]}}\n\
         users:\n- {{serviceAccountClientId: else, realmRoles: [r]}}\n"
    );
    let file = file(&text, "f.yaml");
    let entries = file.entries.iter();
    let said: Vec<String> = entries
        .map(|entry| format!("{}: {}", who(entry), entry.frozen.as_deref().unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    one: -
    two: a client without `clientId` in this file has its name, and may be the same
    Two: the file states its name and no `clientId`, so which client of the logs it is, is not known
    three: the file states its name and no `clientId`, so which client of the logs it is, is not known
    $(env:FOUR): its name holds a variable (`$(`)
    else: its client is not defined in this file, so which of its roles reach its tokens is not known
    ");
    let (found, _) = refused(&format!("{REALM}clients: [{{enabled: true}}]\n"), "f.yaml");
    assert_eq!(
        found,
        "f.yaml:3: a client has no name: `clientId` or `name` is missing"
    );
}

#[test]
fn variables_that_are_whole_values_of_a_realm_are_left_as_they_are() {
    let text = "{\"realm\": \"x\", \"verifyEmail\": $(sys:v), \"clientScopes\": [{\"name\": \"a\"}],\n \"clients\": [{\"clientId\": \"c\", \"enabled\": ${on}, \"defaultClientScopes\": [\"a\", $(env:B)]}]}";
    let realm = file(text, "f.json");
    let frozen: Vec<bool> = realm
        .entries
        .iter()
        .map(|entry| entry.frozen.is_some())
        .collect();
    assert_eq!(frozen, [false, true], "{}", listed(&realm));
    let changes = BTreeMap::from([(0, Change::Remove)]);
    let edits = edits(&realm, &changes).unwrap();
    assert_eq!(edits.len(), 1);
    let (found, _) = refused(&text.replace("[\"a\", $(env:B)]", "$(env:B)"), "f.json");
    assert_eq!(
        found,
        "f.json:2: `defaultClientScopes` must be a list, not a string"
    );
}
