//! Tests of the configuration file.

use std::fs;

use super::*;

#[path = "schema_tests.rs"]
mod schema;
#[path = "wrong_tests.rs"]
mod wrong;

/// One line, or one table, for each key: setting it has to be seen in the result.
const EACH: [(&str, &str); 53] = [
    ("logs", "logs = ['logs/*.gz']"),
    ("ledger", "ledger = 'usage'"),
    ("expected_sources", "expected_sources = ['gw-1']"),
    ("catalog", "catalog = ['openapi.yaml']"),
    (
        "catalogs",
        "[[catalogs]]\nfile = 'a.yaml'\nhost = 'a.example.com'\nbase_path = '/v1'\naudience = 'https://a'\nscheme = 'x'\nscope_key = 'x-s'\nscopes = 'any'",
    ),
    ("grants", "grants = ['grants.yaml']"),
    ("format", "format = 'kong'"),
    (
        "log_format_string",
        "log_format_string = 'nginx:$time_local \"$request\" $status'",
    ),
    ("log_client", "log_client = '$http_x_client_id'"),
    ("scopes", "scopes = 'any'"),
    ("scheme", "scheme = 'delegated'"),
    ("scope_key", "scope_key = 'x-required-scopes'"),
    ("match", "match = 'wildcard::'"),
    ("path_case", "path_case = 'insensitive'"),
    ("base_path", "base_path = ['/gw', 'a.example=/v2']"),
    ("api_base", "api_base = '/v2'"),
    ("window", "window = '90d'"),
    ("since", "since = 2026-01-01"),
    ("as_of", "as_of = '2026-10-31'"),
    ("granted_since", "granted_since = 'since.csv'"),
    ("blame", "blame = false"),
    ("hints", "hints = 'first'"),
    ("objective", "objective = 'risk'"),
    ("level", "level = 'review'"),
    ("narrow", "narrow = false"),
    ("audience", "audience = 'https://api.example.com'"),
    ("protocol_scopes", "protocol_scopes = []"),
    ("protected", "protected = ['incident.*']"),
    ("needs", "needs = ['reports:*', 'POST /v1/exports']"),
    ("health_paths", "health_paths = ['/lb']"),
    ("redact", "redact = ['^ACME-[0-9]+$']"),
    ("all_operations_logged", "all_operations_logged = true"),
    ("zone", "zone = '+02:00'"),
    ("max_line", "max_line = '1MiB'"),
    ("max_unpacked", "max_unpacked = '2TiB'"),
    ("max_reject_share", "max_reject_share = 0.01"),
    ("threads", "threads = 2"),
    ("merge_slashes", "merge_slashes = true"),
    ("hash_key", "hash_key = 'secret.bin'"),
    ("levels", "[levels]\nsafe_p = 0.01\nlikely_upper = 0.1"),
    (
        "outcomes",
        "[outcomes]\ndenied = [401, 0x193]\nattempted = [429]",
    ),
    ("aliases", "[aliases]\n'log name' = 'policy name'"),
    ("calendar", "[calendar]\nclosed = [2026-12-24, 'sunday']"),
    ("sampled", "[sampled]\n'gw-eu*' = 0.01"),
    ("sources", "[[sources]]\nsource = 'gw-eu*'"),
    (
        "noise",
        "[[noise]]\npath = '/wp-*'\nstatus = [404]\nreason = 'scanner'",
    ),
    (
        "granted",
        "[[granted]]\nfile = 'policies/*.json'\ngranted_before = 2025-01-01\nreason = 'export'",
    ),
    (
        "exceptions",
        "[[exceptions]]\nclient = '*'\nterm = 'dr.*'\nreason = 'drill'",
    ),
    (
        "policies",
        "[[policies]]\nname = 'ours'\nwhen = {kind = 'AccessList'}\nclients = 'consumers[]'\nid = 'name'\nterms = 'access'\nshape = 'delimited'\nempty_means = 'none'",
    ),
    (
        "toxic",
        "[[toxic]]\na = 'payments:create'\nb = 'payments:approve'\nreason = 'four eyes'",
    ),
    ("weights", "[[weights]]\nmatches = '* /x'\ndata = 4"),
    ("rules", "[rules.F3]\nmax_lifetime = '2h'"),
    ("categories", "[categories]\nmoney = ['* /wallets/*']"),
];

fn read(text: &str) -> Config {
    parse(text, "scopetrim.toml").unwrap()
}

/// Sentence and advice of a refusal.
fn refused(text: &str) -> String {
    let error = parse(text, "scopetrim.toml").unwrap_err();
    format!("{error} | {}", error.help())
}

#[test]
fn every_key_reaches_the_configuration() {
    let empty = format!("{:?}", Config::default());
    assert_eq!(EACH.map(|(key, _)| key), KEYS);
    for (key, text) in EACH {
        assert_ne!(format!("{:?}", read(text)), empty, "{key} was lost");
    }
}

#[test]
fn what_one_side_alone_says_survives_being_laid_over() {
    for (key, text) in EACH {
        let stated = format!("{:?}", read(text));
        let above = format!("{:?}", read(text).over(Config::default()));
        let below = format!("{:?}", Config::default().over(read(text)));
        assert_eq!([&above, &below], [&stated, &stated], "{key}");
    }
}

#[test]
fn a_value_takes_the_place_of_the_one_below_and_a_table_is_added_to() {
    let flags = read(
        "level = 'safe'\ngrants = ['b']\nsince = 2026-02-01\nneeds = ['b']\n[aliases]\nx = 'new'",
    );
    let file = "level = 'review'\ngrants = ['a']\nwindow = '9d'\nneeds = ['a']\nnarrow = true\n[aliases]\nx = 'old'\ny = 'z'";
    let both = flags.over(read(file));
    assert_eq!(both.level, Some(Level::Safe));
    assert_eq!(
        (both.grants, both.needs),
        (owned("b"), ["a", "b"].map(str::to_owned).to_vec())
    );
    assert_eq!(
        (both.windows, both.since),
        (Vec::new(), Day::parse("2026-02-01"))
    );
    assert_eq!(
        (both.narrow, both.aliases["x"].as_str(), both.aliases.len()),
        (Some(true), "new", 2)
    );
}

#[test]
fn each_value_arrives_as_written() {
    let text: Vec<&str> = EACH
        .iter()
        .filter(|(key, _)| !["since", "log_format_string"].contains(key))
        .map(|(_, text)| *text)
        .collect();
    // What follows a table is a part of it.
    let (tables, values): (Vec<&str>, Vec<&str>) =
        text.into_iter().partition(|text| text.starts_with('['));
    let all = read(&[values, tables].concat().join("\n"));
    assert_eq!(
        (all.logs, all.catalog, all.grants),
        (
            owned("logs/*.gz"),
            owned("openapi.yaml"),
            owned("grants.yaml")
        )
    );
    assert_eq!(
        (all.format.first().map(|own| own.1.as_str()), all.scopes),
        (Some("kong"), Some(ScopeList::Any))
    );
    assert_eq!(
        (all.scheme.as_deref(), all.scope_key.as_deref()),
        (Some("delegated"), Some("x-required-scopes"))
    );
    assert_eq!(
        (all.matching, all.path_case),
        (Some(ScopeMatch::Wildcard(':')), Some(PathCase::Insensitive))
    );
    assert_eq!(
        all.base_path,
        [
            (None, "/gw".to_owned()),
            (Some("a.example".to_owned()), "/v2".to_owned())
        ]
    );
    assert_eq!(all.api_base.as_deref(), Some("/v2"));
    assert_eq!(
        (all.windows, all.since, all.as_of),
        (vec![90], None, Day::parse("2026-10-31"))
    );
    assert_eq!(
        (all.hints, all.objective),
        (Some(Hints::First), Some(Objective::Risk))
    );
    assert_eq!((all.level, all.narrow), (Some(Level::Review), Some(false)));
    assert_eq!(
        (all.protocol_scopes, all.protected),
        (Some(Vec::new()), Some(owned("incident.*")))
    );
    assert_eq!(
        (all.health_paths, all.max_line, all.max_unpacked),
        (owned("/lb"), Some(1 << 20), Some(2 << 40))
    );
    assert_eq!(
        all.max_reject_share.map(f64::to_bits),
        Some(0.01_f64.to_bits())
    );
    assert_eq!((all.threads, all.merge_slashes), (Some(2), Some(true)));
    assert_eq!(
        (all.denied, all.attempted),
        (Some(vec![401, 403]), Some(vec![429]))
    );
    assert_eq!(
        all.aliases.get("log name").map(String::as_str),
        Some("policy name")
    );
    assert_eq!(all.exceptions.len(), 1);
    assert_eq!(
        all.weights,
        [WeightOverride {
            matches: "* /x".to_owned(),
            data: Some(4),
            ..Default::default()
        }]
    );
    assert_eq!(
        read("since = '2026-01-01'").since,
        read("since = 2026-01-01").since
    );
}

fn owned(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

#[test]
fn an_exception_knows_its_line_also_as_an_inline_table() {
    let text = "logs = []\n\n[[exceptions]]\nclient = 'a'\nterm = 'x'\nreason = 'r'\nowner = 'sre'\nuntil = 2027-06-30\n\n\
                [[exceptions]]\nterm = 'y'\nclient = 'b'\nreason = 'r'\n";
    let exceptions = read(text).exceptions;
    let lines: Vec<String> = exceptions
        .iter()
        .map(|exception| exception.place.to_string())
        .collect();
    assert_eq!(lines, ["scopetrim.toml:3", "scopetrim.toml:10"]);
    assert_eq!(
        (exceptions[0].owner.as_deref(), exceptions[0].until),
        (Some("sre"), Day::parse("2027-06-30"))
    );
    let inline = read("exceptions = [\n  {client = 'a', term = 'x', reason = 'r'},\n]\n");
    assert_eq!(inline.exceptions[0].place.line, 2);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_near_one() {
    assert_eq!(
        refused("logs = []\nwindwo = '90d'"),
        "scopetrim.toml:2: unknown key `windwo` | did you mean `window`?"
    );
    assert_eq!(
        refused("[[exceptions]]\nclient = 'a'\nscope = 'x'"),
        "scopetrim.toml:3: unknown key `scope` in `[[exceptions]]` | known here: `client`, `term`, `reason`, `owner`, `until`"
    );
    assert!(refused("[outcomes]\ndenide = []").ends_with("did you mean `denied`?"));
    assert!(
        refused("[[weights]]\nmatch = 'x'")
            .contains("scopetrim.toml:2: unknown key `match` in `[[weights]]`")
    );
    let foreign = refused("level = 'safe'\n[logging]\nx = 1");
    assert!(foreign.starts_with("scopetrim.toml:2: unknown key `logging` |"));
}

#[test]
fn the_first_of_two_mistakes_is_the_one_named() {
    assert!(refused("logs = []\nzzz = 1\naaa = 1").contains("`zzz`"));
}

#[test]
fn a_file_without_a_key_of_ours_is_named_and_not_quoted() {
    assert!(
        refused("password = 'hunter2'\n[token]\nx = 1")
            .starts_with("scopetrim.toml:1: not a configuration: ")
    );
}

#[test]
fn every_list_may_be_empty_and_so_may_the_file() {
    let empty = format!("{:?}", Config::default());
    for text in [
        "",
        "\u{feff}",
        "# nothing\n",
        "logs = []\naliases = {}\nexceptions = []\n[outcomes]\n",
    ] {
        assert_eq!(format!("{:?}", read(text)), empty, "{text:?}");
    }
}

#[test]
fn a_folder_has_a_configuration_or_none_and_a_missing_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(find(folder.path()), None);
    let path = folder.path().join(FILE_NAME);
    assert!(matches!(
        load(&path, FILE_NAME),
        Err(ConfigError::Unreadable { .. })
    ));
    fs::write(&path, "threads = 1").unwrap();
    assert_eq!(
        load(&find(folder.path()).unwrap(), FILE_NAME)
            .unwrap()
            .threads,
        Some(1)
    );
    fs::write(&path, [0xff]).unwrap();
    assert!(
        load(&path, FILE_NAME)
            .unwrap_err()
            .to_string()
            .ends_with("it is not UTF-8")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        key in "[a-z_]{1,9}|window|since|threads|weights|exceptions|outcomes|noise|sampled",
        value in r#"[\[\]{}'"0-9a-z=,. \n-]{0,24}"#,
    ) {
        if let Err(error) = parse(&format!("{key} = {value}"), "x") {
            proptest::prop_assert!(!error.help().is_empty() && !error.to_string().is_empty());
        }
    }
}
