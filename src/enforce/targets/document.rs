//! The policy as one JSON document: lines of which the first that fits decides, and the rules
//! that each client is allowed.

use serde_json::{Map, Value, json};

use crate::enforce::policy::{Entry, Model, Rule};

/// Names of rules that are all different: two may come of one operation.
pub(super) fn names(model: &Model) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let name = |rule: &Rule| {
        let mut name = rule.label.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{} ({number})", rule.label);
            number += 1;
        }
        name
    };
    model.rules.iter().map(name).collect()
}

/// The whole document.
pub(super) fn document(model: &Model, head: &[String]) -> Value {
    let clients: Map<String, Value> = model
        .clients
        .iter()
        .map(|(name, rules)| (name.clone(), json!(rules)))
        .collect();
    json!({
        "generated": head,
        "lines": lines(model),
        "clients": clients,
        "public": model.public,
    })
}

/// The lines, each with the number of its rule.
pub(super) fn lines(model: &Model) -> Vec<Value> {
    let names = names(model);
    let line = |entry: &Entry| {
        let rule = &model.rules[entry.rule];
        json!({
            "rule": entry.rule,
            "operation": names[entry.rule],
            "methods": rule.methods,
            "path": anchored(&model.regex(entry.rule), entry.refuses),
            "refuses": entry.refuses,
        })
    };
    model.entries.iter().map(line).collect()
}

/// A regular expression of a line's requests, with this between method and path, and after the path.
pub(super) fn request(model: &Model, entry: &Entry, between: &str, after: &str) -> String {
    // The case of a method matters in any case.
    let case = if entry.refuses { "(?-i:" } else { "(?:" };
    let methods = model.rules[entry.rule].methods.join("|");
    let regex = model.regex(entry.rule);
    anchored(
        &format!("{case}{methods}){between}{regex}{after}"),
        entry.refuses,
    )
}

/// A regular expression of the whole text, for engines that look for it anywhere.
pub(super) fn anchored(regex: &str, any_case: bool) -> String {
    let flag = if any_case { "(?i)" } else { "" };
    format!("{flag}^{regex}$")
}

/// JSON as a file.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
