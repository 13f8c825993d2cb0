//! A `security` value becomes a requirement.
//!
//! In: the list of an operation or of the document (OpenAPI 3.1.1, Security
//! Requirement Object). Out: OR of ANDs, or why it cannot be read.
//!
//! Invariants:
//! * the list is OR, the keys of one entry are AND;
//! * `[]` and `{}` ask for no scope, and nothing else does alongside an alternative
//!   that names scopes: `{apiToken: []}` describes another kind of credential
//!   and does not open the operation to a token without scopes;
//! * what cannot be read is an error and never an empty clause.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::ScopeList;
use super::super::document::kind;
use crate::model::{Clause, Requirement, Scope};

/// With `ScopeList::Any`, alternatives of several schemes multiply. More than this is hostile.
const MAX_CLAUSES: usize = 4096;

/// What one `security` list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) requirement: Requirement,
    /// It holds `{}`: anonymous callers are accepted.
    pub(super) optional: bool,
    /// Schemes of alternatives without scopes that were left out alongside alternatives with scopes.
    pub(super) left_out: Vec<String>,
    /// The schemes of each alternative; `{}` once.
    pub(super) ways: Vec<Vec<String>>,
}

/// Reads a list; the error says why it cannot be read.
pub(super) fn read(value: &Value, scopes: ScopeList) -> Result<Need, String> {
    let Some(entries) = value.as_array() else {
        return Err(format!("`security` is {}, not a list", kind(value)));
    };
    let mut need = Need {
        requirement: Requirement::none(),
        optional: false,
        left_out: Vec::new(),
        ways: Vec::new(),
    };
    let mut clauses: Vec<Clause> = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in entries {
        let Some(entry) = entry.as_object() else {
            return Err(format!("an alternative is {}, not a mapping", kind(entry)));
        };
        if !entry.is_empty() || !need.optional {
            need.ways.push(entry.keys().cloned().collect());
        }
        if entry.is_empty() {
            need.optional = true;
            continue;
        }
        let alternatives = alternatives(entry, scopes)?;
        if alternatives.is_empty() {
            need.left_out.extend(entry.keys().cloned());
        }
        for clause in alternatives {
            if seen.insert(clause.clone()) {
                clauses.push(clause);
            }
        }
        if clauses.len() > MAX_CLAUSES {
            return Err(format!("more than {MAX_CLAUSES} alternatives"));
        }
    }
    if clauses.is_empty() {
        // Authenticated at most, or `security: []`: no scope is needed.
        need.left_out.clear();
        return Ok(need);
    }
    if need.optional {
        clauses.push(Clause::new());
    }
    need.requirement = Requirement::AnyOf(clauses);
    Ok(need)
}

/// The clauses of one entry; none when it names no scope.
fn alternatives(
    entry: &serde_json::Map<String, Value>,
    scopes: ScopeList,
) -> Result<Vec<Clause>, String> {
    let mut clauses = vec![Clause::new()];
    for (scheme, list) in entry {
        let names = names(scheme, list)?;
        match scopes {
            ScopeList::All => clauses[0].extend(names),
            ScopeList::Any if names.is_empty() => {}
            ScopeList::Any => {
                if clauses.len().saturating_mul(names.len()) > MAX_CLAUSES {
                    return Err(format!("more than {MAX_CLAUSES} alternatives"));
                }
                clauses = clauses
                    .iter()
                    .flat_map(|clause| {
                        names.iter().map(|name| {
                            let mut clause = clause.clone();
                            clause.insert(name.clone());
                            clause
                        })
                    })
                    .collect();
            }
        }
    }
    clauses.retain(|clause| !clause.is_empty());
    Ok(clauses)
}

fn names(scheme: &str, list: &Value) -> Result<Vec<Scope>, String> {
    let shown: String = scheme.chars().take(80).collect();
    let Some(list) = list.as_array() else {
        return Err(format!("scheme `{shown}` has {}, not a list", kind(list)));
    };
    list.iter()
        .map(|name| match name.as_str() {
            Some("") => Err(format!("scheme `{shown}` has an empty scope")),
            Some(name) => Ok(Scope::new(name)),
            None => Err(format!("scheme `{shown}` has {} for a scope", kind(name))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clauses(value: &Value, scopes: ScopeList) -> Vec<Vec<String>> {
        let need = read(value, scopes).unwrap();
        let text = |clause: &Clause| clause.iter().map(|s| s.as_str().to_owned()).collect();
        need.requirement.clauses().iter().map(text).collect()
    }

    fn all(value: &Value) -> Vec<Vec<String>> {
        clauses(value, ScopeList::All)
    }

    #[test]
    fn a_list_is_or_and_keys_and_scopes_of_one_entry_are_and() {
        let value = json!([{"oauth": ["b", "a"], "key": []}, {"oauth": ["c"], "other": ["d"]}]);
        assert_eq!(all(&value), [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn with_any_each_scope_of_one_list_is_a_clause_and_schemes_stay_and() {
        let value = json!([{"oauth": ["a", "b"], "other": ["x"]}, {"oauth": ["a"]}]);
        assert_eq!(
            clauses(&value, ScopeList::Any),
            [vec!["a", "x"], vec!["b", "x"], vec!["a"]]
        );
    }

    #[test]
    fn an_empty_list_and_an_empty_scope_list_ask_for_no_scope() {
        assert_eq!(all(&json!([])), [[""; 0]]);
        assert_eq!(all(&json!([{"oauth": []}])), [[""; 0]]);
        assert!(!read(&json!([]), ScopeList::All).unwrap().optional);
    }

    #[test]
    fn an_empty_entry_lets_anonymous_callers_in_beside_the_others() {
        let need = read(&json!([{}, {"oauth": ["a"]}]), ScopeList::All).unwrap();
        assert!(need.optional && need.requirement.is_open());
        assert_eq!(need.requirement.clauses().len(), 2);
        let alone = read(&json!([{}]), ScopeList::All).unwrap();
        assert!(alone.optional && alone.requirement == Requirement::none());
    }

    #[test]
    fn another_kind_of_credential_does_not_open_an_operation_to_tokens() {
        let value = json!([{"apiToken": []}, {"oauth2": ["apps.read"]}]);
        let need = read(&value, ScopeList::All).unwrap();
        assert_eq!(all(&value), [["apps.read"]]);
        assert_eq!(need.left_out, ["apiToken"]);
        assert!(!need.requirement.is_open() && !need.optional);
    }

    #[test]
    fn equal_alternatives_are_said_once() {
        assert_eq!(all(&json!([{"a": ["x"]}, {"b": ["x"]}])), [["x"]]);
    }

    #[test]
    fn what_cannot_be_read_is_not_public() {
        for bad in [
            json!(null),
            json!({"oauth": ["a"]}),
            json!("oauth"),
            json!([null]),
            json!(["oauth"]),
            json!([{"oauth": null}]),
            json!([{"oauth": "a b"}]),
            json!([{"oauth": [1]}]),
            json!([{"oauth": [""]}]),
            json!([{"oauth": ["a"]}, {"oauth": {}}]),
        ] {
            for scopes in [ScopeList::All, ScopeList::Any] {
                assert!(read(&bad, scopes).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn a_product_of_alternatives_is_bounded() {
        let list: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let bomb = json!([{"a": list, "b": list, "c": list}]);
        assert!(read(&bomb, ScopeList::Any).is_err());
        assert_eq!(all(&bomb).len(), 1);
    }
}
