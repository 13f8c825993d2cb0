//! Envoy: one HTTP filter of role-based access control, with one policy for each rule. Istio is
//! given the same filter.

use std::fmt::Write as _;

use super::{File, Target, Wiring, comments};
use crate::enforce::policy::{Case, Model, Pattern};
use crate::model::words::plural;

pub(super) struct Envoy;

/// Where the claims of a token that was verified are, under the name of the filter that did it.
const CLAIMS: &str = "jwt";

/// Letters of a regular expression that may be too many instructions.
const LONG: usize = 80;

impl Target for Envoy {
    fn name(&self) -> &'static str {
        "envoy"
    }

    fn limits(&self, model: &Model) -> Vec<String> {
        let mut limits = vec![
            format!("the filter stands after envoy.filters.http.jwt_authn, whose provider has payload_in_metadata: {CLAIMS}; without it nobody is let through"),
            "rename rules to shadow_rules to log what would be refused, before anything is".to_owned(),
            "normalize_path, merge_slashes and path_with_escaped_slashes_action of the connection manager act before this filter: with them Envoy passes on the path that it compared".to_owned(),
        ];
        let patterns = model.rules.iter().map(|rule| &rule.pattern);
        let long =
            |pattern: &&Pattern| pattern.literal().is_none() && pattern.short_regex().len() > LONG;
        let long = patterns.filter(long).count();
        if long > 0 {
            limits.push(format!(
                "{} may be longer than Envoy takes: it then does not start, until re2.max_program_size.error_level in its layered_runtime is higher than 100",
                plural(long, "path")
            ));
        }
        limits
    }

    fn files(&self, model: &Model, wiring: &Wiring) -> Vec<File> {
        vec![File {
            name: "envoy-rbac.yaml",
            text: comments(self, model, "#") + &filter(model, &wiring.claim, CLAIMS),
        }]
    }
}

/// The filter, for a proxy that keeps the claims of a token under this key.
pub(super) fn filter(model: &Model, claim: &str, claims: &str) -> String {
    let mut text = String::from(
        "name: envoy.filters.http.rbac\ntyped_config:\n  \"@type\": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC\n  rules:\n    action: ALLOW\n    policies:\n",
    );
    let used = model.used();
    if used.is_empty() {
        // An empty map would read as none.
        text.push_str("      \"nobody\":\n        permissions:\n        - not_rule: { any: true }\n        principals:\n        - not_id: { any: true }\n");
    }
    let path = format!("{{ key: {claims} }}, {{ key: {} }}", quoted(claim));
    for rule in used {
        policy(&mut text, model, &path, rule);
    }
    text
}

/// A rule and who is allowed it; `claim` is the path of the claim that names them.
fn policy(text: &mut String, model: &Model, claim: &str, rule: usize) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "      {}:\n        permissions:\n        - and_rules:\n            rules:\n",
        quoted(&format!("{rule} {}", model.rules[rule].label))
    );
    // What follows may be short because of this.
    let alphabet = safe_regex(&model.alphabet.path_regex());
    let _ = writeln!(text, "            - url_path: {{ path: {alphabet} }}");
    request(text, model, (rule, Case::Exact), "            - ");
    let folded = model.rules[rule].pattern.folded();
    for earlier in model.before(rule) {
        // Those that differ in case alone do not hide each other.
        let twins = model.rules[earlier].pattern.folded() == folded;
        let case = if twins { Case::Exact } else { Case::Any };
        text.push_str(
            "            - not_rule:\n                and_rules:\n                  rules:\n",
        );
        request(text, model, (earlier, case), "                  - ");
    }
    text.push_str("        principals:\n");
    if model.public.contains(&rule) {
        text.push_str("        - any: true\n");
        return;
    }
    let clients = model.clients.iter().filter(|(_, own)| own.contains(&rule));
    for (client, _) in clients {
        let _ = writeln!(
            text,
            "        - sourced_metadata: {{ metadata_matcher: {{ filter: envoy.filters.http.jwt_authn, path: [{claim}], value: {{ string_match: {{ exact: {} }} }} }} }}",
            quoted(client)
        );
    }
}

/// Method and path of a rule, as two items of a list.
fn request(text: &mut String, model: &Model, (rule, case): (usize, Case), item: &str) {
    let methods = model.rules[rule].methods.iter();
    let methods: Vec<String> = methods
        .map(|method| {
            format!("{{ header: {{ name: \":method\", string_match: {{ exact: {method} }} }} }}")
        })
        .collect();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{item}or_rules: {{ rules: [{}] }}\n{item}url_path: {{ path: {} }}\n",
        methods.join(", "),
        path(&model.rules[rule].pattern, case)
    );
}

/// How a path is compared: as a whole where it has no parameters, because Envoy refuses regular
/// expressions with more than a hundred instructions, and each letter is one.
fn path(pattern: &Pattern, case: Case) -> String {
    let any = case == Case::Any;
    if let Some(literal) = pattern.literal() {
        return format!("{{ exact: {}, ignore_case: {any} }}", quoted(&literal));
    }
    let flag = if any { "(?i)" } else { "" };
    safe_regex(&format!("{flag}{}", pattern.short_regex()))
}

fn safe_regex(regex: &str) -> String {
    format!("{{ safe_regex: {{ regex: {} }} }}", quoted(regex))
}

/// A double-quoted scalar of YAML: what is no plain character is written by its number.
fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for letter in text.chars() {
        let number = u32::from(letter);
        // Writing to a string cannot fail.
        let _ = match letter {
            '"' | '\\' => write!(safe, "\\{letter}"),
            ' '..='~' => write!(safe, "{letter}"),
            _ => write!(safe, "\\U{number:08X}"),
        };
    }
    safe.push('"');
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quoted;

    proptest! {
        #[test]
        fn a_reader_of_yaml_gets_every_name_back(name in "\\PC{0,8}|[\\x00-\\xff\u{2028}\u{85}'\"\\\\:#{}&*!|>%@`,\\[\\]-]{0,8}") {
            use saphyr_parser::{Event, Parser};
            let text = format!("{}: {}\n", quoted("key"), quoted(&name));
            prop_assert!(text.is_ascii());
            let scalars: Vec<String> = Parser::new_from_str(&text)
                .filter_map(|event| match event.expect("YAML").0 {
                    Event::Scalar(value, ..) => Some(value.into_owned()),
                    _ => None,
                })
                .collect();
            prop_assert_eq!(scalars, ["key".to_owned(), name]);
        }
    }
}
