//! Risk weight of an operation: method × data × reach.
//!
//! A safe read weighs 1, a list, search or export 2, a create or update 3, a
//! delete 4, administration 8; times the class of the data (public 1, internal
//! 2, personal 4, secret or payment 8); times 2 when it reaches a whole tenant.
//! The numbers are a convention, all visible and all overridable: they order
//! findings, they do not measure loss.

use crate::model::{Catalog, Method, Operation, ScopeMatch};

/// A rule of the configuration that sets parts of the weight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightOverride {
    /// Glob over `METHOD /path`, or a tag of the description.
    pub matches: String,
    /// Replaces the data class: public 1, internal 2, personal 4, secret or payment 8.
    pub data: Option<u64>,
    /// Replaces the whole weight.
    pub weight: Option<u64>,
    /// The operation reaches a whole tenant.
    pub tenant_wide: bool,
}

/// Data class of operations about which nothing is said.
const INTERNAL: u64 = 2;

/// Path words under which permissions themselves are managed.
const ADMINISTRATION: [&str; 14] = [
    "admin",
    "grants",
    "keys",
    "apikeys",
    "api-keys",
    "api_keys",
    "credentials",
    "permissions",
    "policies",
    "roles",
    "secrets",
    "tokens",
    "users",
    "serviceaccounts",
];

/// Path words of operations that give out many records.
const BULK: [&str; 6] = ["search", "export", "exports", "query", "list", "download"];

/// One weight for each operation of the catalogue. A weight that the catalogue
/// states wins, then the overrides in their order, then the convention.
pub fn weights(catalog: &Catalog, overrides: &[WeightOverride]) -> Vec<u64> {
    catalog
        .operations
        .iter()
        .map(|operation| weight(operation, overrides))
        .collect()
}

fn weight(operation: &Operation, overrides: &[WeightOverride]) -> u64 {
    if let Some(weight) = operation.weight {
        return u64::from(weight);
    }
    let label = operation.label();
    let fits = |rule: &&WeightOverride| {
        operation.tags.contains(&rule.matches) || ScopeMatch::Glob.covers(&rule.matches, &label)
    };
    let rules: Vec<&WeightOverride> = overrides.iter().filter(fits).collect();
    if let Some(weight) = rules.iter().find_map(|rule| rule.weight) {
        return weight;
    }
    let data = rules.iter().find_map(|rule| rule.data).unwrap_or(INTERNAL);
    let reach = if rules.iter().any(|rule| rule.tenant_wide) {
        2
    } else {
        1
    };
    method_weight(operation) * data * reach
}

fn method_weight(operation: &Operation) -> u64 {
    let words: Vec<String> = operation
        .path
        .split(['/', ':'])
        .filter(|word| !word.is_empty() && !word.starts_with('{'))
        .map(str::to_ascii_lowercase)
        .collect();
    let names = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if operation.is_write() && names(&ADMINISTRATION) {
        return 8;
    }
    match operation.method {
        method if !method.is_write() => {
            // A collection has no id at its end: it lists.
            let collection = !operation.path.ends_with('}') && operation.path.contains('/');
            if names(&BULK) || collection { 2 } else { 1 }
        }
        Method::Delete | Method::Any => 4,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Requirement;

    fn of(label: &str, overrides: &[WeightOverride]) -> u64 {
        let (method, path) = label.split_once(' ').unwrap();
        weight(
            &Operation::new(Method::parse(method.as_bytes()), path, Requirement::none()),
            overrides,
        )
    }

    #[test]
    fn reads_lists_writes_deletes_and_administration_rise() {
        let labels = [
            "GET /orders/{id}",
            "GET /orders",
            "POST /orders",
            "DELETE /orders/{id}",
            "POST /admin/users/{id}/roles",
        ];
        assert_eq!(labels.map(|label| of(label, &[])), [2, 4, 6, 8, 16]);
    }

    #[test]
    fn every_safe_method_weighs_as_a_read() {
        for method in [
            "GET", "HEAD", "QUERY", "SEARCH", "PROPFIND", "REPORT", "LIST", "WATCH",
        ] {
            assert_eq!(of(&format!("{method} /orders/{{id}}"), &[]), 2, "{method}");
            assert_eq!(of(&format!("{method} /users"), &[]), 4, "{method}");
        }
    }

    #[test]
    fn the_configuration_overrides_by_path_and_by_whole_weight() {
        let personal = WeightOverride {
            matches: "* /customers/*".to_owned(),
            data: Some(4),
            ..WeightOverride::default()
        };
        let fixed = WeightOverride {
            matches: "GET /x".to_owned(),
            weight: Some(100),
            ..WeightOverride::default()
        };
        assert_eq!(
            of("GET /customers/{id}", std::slice::from_ref(&personal)),
            4
        );
        assert_eq!(of("GET /x", &[personal, fixed]), 100);
    }
}
