//! The published schema against the keys that are read.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_published_schema_lists_exactly_these_keys_and_judges_the_same() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/scopetrim.toml.schema.json")).unwrap();
    let keys = |node: &serde_json::Value| -> BTreeSet<String> {
        assert_eq!(node["additionalProperties"], false);
        node["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let known = |keys: &[&str]| {
        keys.iter()
            .map(|key| (*key).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let table = &schema["properties"];
    assert_eq!(keys(&schema), known(&KEYS));
    assert_eq!(keys(&table["outcomes"]), known(&OUTCOME_KEYS));
    assert_eq!(keys(&table["levels"]), known(&LEVEL_KEYS));
    assert_eq!(keys(&table["exceptions"]["items"]), known(&EXCEPTION_KEYS));
    assert_eq!(keys(&table["weights"]["items"]), known(&WEIGHT_KEYS));
    assert_eq!(keys(&table["noise"]["items"]), known(&NOISE_KEYS));
    assert_eq!(keys(&table["sources"]["items"]), known(&SOURCE_KEYS));
    assert_eq!(keys(&table["granted"]["items"]), known(&GRANTED_KEYS));
    let policies = &table["policies"]["items"];
    assert_eq!(keys(policies), known(&POLICY_KEYS));
    assert_eq!(
        keys(&policies["properties"]["roles"]),
        known(&POLICY_ROLE_KEYS)
    );
    assert_eq!(keys(&table["calendar"]), known(&CALENDAR_KEYS));
    assert_eq!(keys(&table["catalogs"]["items"]), known(&CATALOG_KEYS));
    assert_eq!(keys(&table["toxic"]["items"]), known(&TOXIC_KEYS));
    let judge = jsonschema::validator_for(&schema).unwrap();
    for (key, text) in EACH {
        let value = serde_json::to_value(plain(&toml::from_str(text).unwrap())).unwrap();
        assert!(judge.is_valid(&value), "the schema refuses {key}: {value}");
    }
    for bad in [
        "windwo = '90d'",
        "window = '3m'",
        "threads = 0",
        "level = 'manual'",
        "[[exceptions]]\nclient = 'a'",
        "sampled = 0",
        "[sampled]\n'gw-*' = 1.5",
        "all_operations_logged = 'yes'",
        "[[granted]]\ngranted_before = 2025-01-01\nreason = 'r'",
        "[[granted]]\nfile = 'a'\nclient = 'b'\ngranted_before = 2025-01-01\nreason = 'r'",
        "[[granted]]\nfile = 'a'\ngranted_before = 2025-01-01",
        "[calendar]\nclosed = ['christmas']",
        "[[toxic]]\na = 'x'\nb = 'y'",
        "[[policies]]\nname = 'ours'\nclients = 'c[]'\nid = 'n'\nterms = 't'\nshape = 'lsit'\nempty_means = 'none'",
        "[[policies]]\nname = 'ours'\nclients = 'c[]'\nid = 'n'\nterms = 't'\nshape = 'list'",
        "[[noise]]\nreason = 'r'",
        "[[sources]]\nsince = 2026-03-01",
        "zone = 'Europe/Berlin'",
        "[[noise]]\nstatus = []\nreason = 'r'",
        "[[noise]]\npath = 'wp'\nreason = 'r'",
    ] {
        let value = plain(&toml::from_str(bad).unwrap());
        assert!(!judge.is_valid(&value), "the schema accepts {bad}");
    }
}

/// As an editor shows TOML to a JSON Schema: dates are strings.
fn plain(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.iter().map(plain).collect(),
        toml::Value::Table(table) => table
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}
