//! The files of vendors: what is read, what is refused, and what each removal leaves.

use super::*;

/// Every entry in one line: who, what, and why it is fixed.
pub(super) fn listed(file: &PolicyFile) -> Vec<String> {
    let entry = |entry: &Entry| {
        let Subject::Client(client) = &entry.subject else {
            return format!("{:?}", entry.subject);
        };
        let Granted::Term(term) = &entry.granted else {
            return format!("{client} {:?}", entry.granted);
        };
        let optional = if entry.optional { " optional" } else { "" };
        let frozen = entry.frozen.as_deref().map(|why| format!(" | {why}"));
        let line = entry.place.line;
        format!(
            "{line} {client} {term}{optional}{}",
            frozen.unwrap_or_default()
        )
    };
    file.entries.iter().map(entry).collect()
}

/// Reads a file, removes each entry alone and all together, and gives what was read.
pub(super) fn round_trips(text: &str, name: &str) -> Vec<String> {
    let mut policy = policy(text, name);
    grants::join(&mut policy).unwrap();
    let file = &policy.files[0];
    let free = |entry: &usize| file.entries[*entry].frozen.is_none();
    let all: Vec<usize> = (0..file.entries.len()).filter(free).collect();
    for entries in all.iter().map(std::slice::from_ref).chain([all.as_slice()]) {
        let removals: Vec<Removal> = entries
            .iter()
            .map(|entry| Removal {
                file: 0,
                entry: *entry,
            })
            .collect();
        let patch = match plan(&policy, &removals, &[]) {
            Ok(patch) => patch,
            Err(PatchError::Refused(refusal)) if refusal.reason.contains("would be empty") => {
                let groups = file.document.as_ref().unwrap().never_empty();
                let whole = |group: &Vec<usize>| group.iter().all(|entry| entries.contains(entry));
                assert!(groups.iter().any(whole), "{refusal}");
                continue;
            }
            Err(error) => panic!("{error}\n{text}"),
        };
        let Some(edited) = patch.files.first() else {
            continue;
        };
        let left: Vec<_> = edited.reread.entries.iter().map(key).collect();
        let kept = (0..file.entries.len()).filter(|entry| !entries.contains(entry));
        let kept: Vec<_> = kept.map(|entry| key(&file.entries[entry])).collect();
        assert_eq!(left, kept, "{}", edited.diff);
        leave_for_judges(name, text, edited);
        let changes = entries.iter().map(|entry| (*entry, Change::Remove));
        for edit in grants::edits(file, &changes.collect()).unwrap() {
            assert!(["", " []", " {}"].contains(&&*edit.replacement), "{edit:?}");
        }
    }
    listed(file)
}

const HYDRA: &str = r#"{"items": [
  {"client_id": "billing", "client_secret": "s3cret", "scope": "orders.read  orders.write offline", "audience": ["api"]},
  {"client_id": "web", "scope": "orders.read"},
  {"client_id": "idle", "scope": ""}, {"client_id": "none"},
  {"client_id": "odd", "scope": "a\u0020b"}
]}
"#;

#[test]
fn hydra_keeps_one_word_of_each_string() {
    let read = round_trips(HYDRA, "clients.json");
    assert_eq!(
        read,
        [
            "2 billing orders.read",
            "2 billing orders.write",
            "2 billing offline",
            "3 web orders.read",
            "5 odd a | its string is written with escapes or on several lines",
            "5 odd b | its string is written with escapes or on several lines",
        ]
    );
    let one = without(HYDRA, "clients.json", &["orders.write"]);
    assert!(one.contains(r#""scope": "orders.read offline""#), "{one}");
    let first = without(r#"[{"client_id": "a", "scope": "x y"}]"#, "c.json", &["x"]);
    assert_eq!(first, r#"[{"client_id": "a", "scope": "y"}]"#);
    let yaml = without("client_id: a\nscope: x y # both\n", "c.yaml", &["y"]);
    assert_eq!(yaml, "client_id: a\nscope: x # both\n");
    let number = without("client_id: a\nscope: x 12 y\n", "c.yaml", &["x"]);
    assert_eq!(number, "client_id: a\nscope: 12 y\n");
    let odd = policy("client_id: a\nscope: x - y\n", "c.yaml");
    let odd = plan(&odd, &giving(&odd, &["x"]), &[]).unwrap_err();
    assert!(odd.to_string().contains("would need quotes"), "{odd}");
    let policy = policy(r#"{"client_id": "a", "scope": "x"}"#, "c.json");
    let error = plan(&policy, &giving(&policy, &["x"]), &[]).unwrap_err();
    assert!(matches!(error, PatchError::Refused(_)), "{error}");
    let narrow = narrowed(
        r#"{"client_id": "a", "scope": "x y"}"#,
        "c.json",
        "x",
        &["x.1", "x.2"],
    );
    assert_eq!(
        narrow.unwrap(),
        r#"{"client_id": "a", "scope": "x.1 x.2 y"}"#
    );
}

const KONG: &str = "---
_format_version: \"3.0\"
consumers:
- username: billing
  custom_id: app-7
  acls:
  # reads them all
  - group: invoices-read   # since May
    tags: [internal]
  - group: invoices-write
    tags:
    - internal
  - group: blocked
  keyauth_credentials: [{key: s3cret}]
- username: web
  acls: [{group: a}, {group: \"b\"}, {group: '${{ env \"DECK_G\" }}'}]
  groups: [{name: gold}, {name: silver}]
---
_format_version: \"3.0\"
acls:
- {consumer: app-7, group: late}
- consumer: {username: erp}
  group: early
plugins:
- name: acl
  config: {deny: [blocked], include_consumer_groups: true}
consumer_groups:
- name: gold
  consumers: [{username: erp}, billing]
- name: silver
  plugins: [{name: rate-limiting}]
";

#[test]
fn kong_takes_groups_from_consumers_in_every_place_and_leaves_denied_ones() {
    for text in [KONG.to_owned(), KONG.replace('\n', "\r\n")] {
        let read = round_trips(&text, "kong.yaml");
        assert_eq!(
            read,
            [
                "8 billing invoices-read",
                "10 billing invoices-write",
                "16 web a | its list holds a template marker (`${{`)",
                "16 web b | its list holds a template marker (`${{`)",
                "16 web ${{ env \"DECK_G\" }} | its list holds a template marker (`${{`)",
                "17 web gold",
                "17 web silver | its consumer group also carries plugins, which its members would lose",
                "21 billing late",
                "23 erp early",
                "29 erp gold",
                "29 billing gold",
            ]
        );
    }
    let read = policy(KONG, "kong.yaml");
    let aliases: Vec<String> = read.files[0]
        .aliases
        .iter()
        .map(|own| format!("{own:?}"))
        .collect();
    assert_eq!(aliases, ["(\"app-7\", \"billing\")"]);
    let write = without(KONG, "kong.yaml", &["invoices-write"]);
    assert!(
        write.contains("    tags: [internal]\n  - group: blocked\n"),
        "{write}"
    );
    let both = "consumers:\n- username: a\n  acls:\n  - group: x\n  - group: y\n";
    let both = without(both, "kong.yaml", &["x", "y"]);
    assert_eq!(both, "consumers:\n- username: a\n  acls: []\n");
    assert!(policy(&both, "kong.yaml").files[0].entries.is_empty());
    let empty = "consumers:\n- username: a\n  acls:\n  - group: x\n    tags:\n  - group: y\n";
    let empty = round_trips(empty, "kong.yaml");
    assert!(
        empty[0].contains('|') && !empty[1].contains('|'),
        "{empty:?}"
    );
    let last = "consumers:\n- username: a\n  acls:\n  - group: x\n    tags:\n- username: b\n";
    let last = round_trips(last, "kong.yaml");
    assert!(last[0].contains('|'), "{last:?}");
}

#[test]
fn a_name_that_two_consumers_have_fixes_the_grants_of_both() {
    let text = "consumers:\n- username: a\n  custom_id: b\n  acls: [{group: x}]\n- username: b\n  acls: [{group: y}]\n- username: c\n  acls: [{group: z}]\n";
    let read = round_trips(text, "kong.yaml");
    let fixed: Vec<bool> = read.iter().map(|entry| entry.contains('|')).collect();
    assert_eq!(fixed, [true, true, false], "{read:?}");
}

const REALM: &str = r#"{
  "realm": "shop",
  "defaultDefaultClientScopes": ["profile"],
  "clientScopes": [
    {"name": "profile", "protocol": "openid-connect", "protocolMappers": [{"name": "m"}]},
    {"name": "orders:read", "protocol": "openid-connect"},
    {"name": "orders:write", "protocol": "openid-connect"}
  ],
  "roles": {
    "realm": [
      {"name": "viewer"}, {"name": "plain"},
      {"name": "ops", "composite": true, "composites": {"realm": ["viewer"], "client": {"orders-api": ["admin"]}}}
    ],
    "client": {"orders-api": [{"name": "admin", "composites": {"realm": ["plain"]}}, {"name": "read"}]}
  },
  "scopeMappings": [{"client": "narrow", "roles": ["viewer"]}],
  "clients": [
    {"clientId": "web", "fullScopeAllowed": false,
     "defaultClientScopes": ["profile", "orders:read", "gone"],
     "optionalClientScopes": [
       "orders:write"
     ]},
    {"clientId": "bot", "secret": "s3cret", "serviceAccountsEnabled": true},
    {"clientId": "narrow", "fullScopeAllowed": false, "defaultClientScopes": []}
  ],
  "users": [
    {"username": "service-account-bot", "serviceAccountClientId": "bot", "groups": ["/g"],
     "realmRoles": ["plain", "ops"], "clientRoles": {"orders-api": ["read"]}},
    {"username": "service-account-narrow", "serviceAccountClientId": "narrow", "realmRoles": ["plain", "ops"]},
    {"username": "ann", "realmRoles": ["ops"]}
  ]
}
"#;

#[test]
fn keycloak_gives_client_scopes_and_roles_of_service_accounts() {
    let read = round_trips(REALM, "realm.json");
    let mappers = "its client scope has protocol mappers, and tokens would lose their claims";
    let gone = "its client scope is not defined in this file, so what else it carries is not known";
    let whole = "it is a composite role, and more than its name would go";
    let brought = "it comes with the composite role `ops`";
    assert_eq!(
        read,
        [
            format!("19 web profile | {mappers}"),
            "19 web orders:read".to_owned(),
            format!("19 web gone | {gone}"),
            "21 web orders:write optional".to_owned(),
            "3 bot profile | it is a default of the realm: the client states no list of its own"
                .to_owned(),
            "28 bot plain".to_owned(),
            format!("28 bot ops | {whole}"),
            "28 bot orders-api/read".to_owned(),
            format!("28 bot orders-api/admin | {brought}"),
            format!("28 bot plain | {brought}"),
            format!("28 bot viewer | {brought}"),
            format!("29 narrow viewer | {brought}"),
        ]
    );
    let file = &policy(REALM, "realm.json").files[0];
    let said: Vec<&str> = file.warnings.iter().map(|own| own.code).collect();
    assert_eq!(
        said,
        [
            "full-scope-allowed",
            "roles-through-groups",
            "duplicate-grant"
        ]
    );
    let list = format!("[{REALM}, {}]", REALM.replace("\"shop\"", "\"other\""));
    let list = policy(&list, "realms.json");
    assert!(
        list.files[0]
            .entries
            .iter()
            .all(|entry| entry.frozen.is_some())
    );
}

/// The format that reads a text, or why none does.
pub(super) fn verdict(text: &str, name: &str) -> String {
    match grants::read(Arc::from(text.as_bytes()), name) {
        Ok(file) => file.format.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn neighbours_are_told_apart_and_refused_with_their_name() {
    let seen = [
        ("clients: {a: [x]}\n", "grants"),
        ("{\"consumers\": [\"a\", \"b\"]}", "client-map"),
        ("{\"client_id\": [\"a\"]}", "client-map"),
        (
            "[{\"client_id\": \"a\", \"audience\": \"b\", \"scope\": [\"c\"]}]",
            "auth0",
        ),
        (
            "consumers:\n- username: a\n  plugins: {key-auth: {}}\n",
            "file of APISIX",
        ),
        (
            "consumers:\n- name: a\n  type: api-key\n",
            "neither `username` nor `custom_id`",
        ),
        (
            "_format_version: \"3.0\"\nservices: []\n",
            "it holds no grants of clients",
        ),
        (
            "_format_version: \"3.0\"\nconsumers:\n- username: a\n  groups: [{name: g}]\n",
            "include_consumer_groups",
        ),
        (
            "_format_version: \"3.0\"\nconsumers: {a: 1}\n",
            "must be a list",
        ),
    ];
    for (text, expected) in seen {
        let name = if text.starts_with(['[', '{']) {
            "f.json"
        } else {
            "f.yaml"
        };
        let found = verdict(text, name);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn real_files_of_gateways_are_read_by_one_format_or_refused_with_a_reason() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let near = root
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("shared/data/gateway-config"));
    let Some(folder) = near.into_iter().find(|folder| folder.is_dir()) else {
        eprintln!("skipped: the real files are not there");
        return;
    };
    let mut said = Vec::new();
    for vendor in ["kong", "keycloak", "auth0", "istio"] {
        let files = std::fs::read_dir(folder.join(vendor)).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let found = verdict(&text, name);
            let grants = if ["kong", "keycloak-realm", "istio", "auth0"].contains(&&*found) {
                round_trips(&text, name).len()
            } else {
                0
            };
            for secret in ["my_jwt_secret", "abcd", "secret-abc", "pass"] {
                assert!(!found.contains(secret), "{name}: {found}");
            }
            said.push((vendor, name.to_owned(), found, grants));
        }
    }
    let read = |vendor: &str, format: &str| {
        let own = said.iter().filter(|(own, ..)| *own == vendor);
        own.filter(|(_, _, found, _)| found == format)
            .map(|(.., grants)| *grants)
            .collect::<Vec<_>>()
    };
    eprintln!("{said:#?}");
    assert_eq!(read("kong", "kong"), [1, 1], "the two with `acls`");
    assert_eq!(read("keycloak", "keycloak-realm").len(), 2);
    assert_eq!(read("auth0", "auth0"), [1], "its one client grant");
    for (vendor, name, found, _) in &said {
        let read = ["kong", "keycloak-realm", "istio", "auth0"].contains(&&**found);
        assert!(
            read || found.contains(name.as_str()),
            "{vendor}/{name}: {found}"
        );
        let known = match *vendor {
            "auth0" => found == "auth0",
            "istio" => found == "istio" || found.contains("Istio"),
            _ => true,
        };
        assert!(known, "{name}: {found}");
        let kong = found.contains("Kong") || found == "kong";
        assert!(*vendor != "kong" || kong, "{name}: {found}");
    }
}
