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

use super::super::document::kind;
use super::super::{LoadOptions, ScopeList};
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

impl Default for Need {
    fn default() -> Self {
        Self {
            requirement: Requirement::none(),
            optional: false,
            left_out: Vec::new(),
            ways: Vec::new(),
        }
    }
}

impl Need {
    /// The same, where one of these clauses is needed as well. Anonymous callers stay accepted.
    pub(super) fn and(&self, named: &[Clause]) -> Result<Self, String> {
        let own = self.requirement.clauses();
        // The empty clause of anonymous callers comes last, and is none of the others.
        let own = &own[..own.len() - usize::from(self.optional && own.len() > 1)];
        if own.len().saturating_mul(named.len()) > MAX_CLAUSES {
            return Err(format!("more than {MAX_CLAUSES} alternatives"));
        }
        let mut clauses: Vec<Clause> = Vec::new();
        let mut seen = BTreeSet::new();
        for clause in own {
            for more in named {
                let both: Clause = clause.union(more).cloned().collect();
                if seen.insert(both.clone()) {
                    clauses.push(both);
                }
            }
        }
        if self.optional {
            clauses.push(Clause::new());
        }
        Ok(Self {
            requirement: Requirement::AnyOf(clauses),
            ..self.clone()
        })
    }
}

/// The scopes that a key of the user's choice names: a string of words, or a list of such
/// strings. None of them: it says nothing.
pub(super) fn keyed(value: &Value, scopes: ScopeList) -> Result<Vec<Clause>, String> {
    let texts: Option<Vec<&str>> = match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let texts =
        texts.ok_or_else(|| format!("is {}, not a string or a list of strings", kind(value)))?;
    let words = texts.into_iter().flat_map(|text| {
        text.split(|c: char| c.is_whitespace() || c == ',')
            .filter(|word| !word.is_empty())
    });
    let words: Clause = words.map(Scope::new).collect();
    Ok(match scopes {
        _ if words.is_empty() => Vec::new(),
        ScopeList::All => vec![words],
        ScopeList::Any => words.into_iter().map(|word| Clause::from([word])).collect(),
    })
}

/// Reads a list; the error says why it cannot be read.
///
/// With a scheme chosen, alternatives that name scopes of others alone are not for its tokens.
pub(super) fn read(value: &Value, options: &LoadOptions) -> Result<Need, String> {
    let Some(entries) = value.as_array() else {
        return Err(format!("`security` is {}, not a list", kind(value)));
    };
    let mut need = Need::default();
    let (mut own, mut others) = (false, false);
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
        let alternatives = alternatives(entry, options.scopes)?;
        let chosen = options
            .scheme
            .as_ref()
            .is_none_or(|name| entry.contains_key(name));
        own |= chosen;
        if !chosen && !alternatives.is_empty() {
            others = true;
            continue;
        }
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
    if clauses.is_empty() && others && !own && !need.optional {
        return Err("none of its alternatives is for the chosen scheme".to_owned());
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

    fn with(scopes: ScopeList) -> LoadOptions {
        LoadOptions {
            scopes,
            ..LoadOptions::default()
        }
    }

    fn clauses(value: &Value, scopes: ScopeList) -> Vec<Vec<String>> {
        let need = read(value, &with(scopes)).unwrap();
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
        assert!(!read(&json!([]), &LoadOptions::default()).unwrap().optional);
    }

    #[test]
    fn an_empty_entry_lets_anonymous_callers_in_alongside_the_others() {
        let need = read(&json!([{}, {"oauth": ["a"]}]), &LoadOptions::default()).unwrap();
        assert!(need.optional && need.requirement.is_open());
        assert_eq!(need.requirement.clauses().len(), 2);
        let alone = read(&json!([{}]), &LoadOptions::default()).unwrap();
        assert!(alone.optional && alone.requirement == Requirement::none());
    }

    #[test]
    fn another_kind_of_credential_does_not_open_an_operation_to_tokens() {
        let value = json!([{"apiToken": []}, {"oauth2": ["apps.read"]}]);
        let need = read(&value, &LoadOptions::default()).unwrap();
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
                assert!(read(&bad, &with(scopes)).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn a_product_of_alternatives_is_bounded() {
        let list: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let bomb = json!([{"a": list, "b": list, "c": list}]);
        assert!(read(&bomb, &with(ScopeList::Any)).is_err());
        assert_eq!(all(&bomb).len(), 1);
    }

    #[test]
    fn alternatives_of_other_schemes_are_not_for_tokens_of_the_chosen_one() {
        let options = LoadOptions {
            scheme: Some("app".to_owned()),
            ..LoadOptions::default()
        };
        let of = |value: Value| read(&value, &options).map(|need| need.requirement);
        let clause = |names: &[&str]| names.iter().map(|name| Scope::new(name)).collect();
        let any = |clauses: &[&[&str]]| {
            Ok(Requirement::AnyOf(
                clauses.iter().map(|names| clause(names)).collect(),
            ))
        };
        assert_eq!(of(json!([{"user": ["a"]}, {"app": ["b"]}])), any(&[&["b"]]));
        // What is needed together stays together.
        assert_eq!(
            of(json!([{"user": ["a"], "app": ["b"]}])),
            any(&[&["a", "b"]])
        );
        assert_eq!(of(json!([{"user": ["a"]}, {"app": []}])), any(&[&[]]));
        assert_eq!(of(json!([{"user": ["a"]}, {}])), any(&[&[]]));
        assert_eq!(of(json!([{"key": []}])), any(&[&[]]));
        assert!(
            of(json!([{"user": ["a"]}])).is_err(),
            "not open to it at all"
        );
        assert!(of(json!([{"user": ["a"]}, {"key": []}])).is_err());
    }

    #[test]
    fn a_key_names_scopes_in_strings_and_lists_and_nothing_else() {
        let of = |value: Value, scopes| {
            let clauses = keyed(&value, scopes)?;
            let text = |clause: &Clause| {
                clause
                    .iter()
                    .map(Scope::as_str)
                    .collect::<Vec<_>>()
                    .join("+")
            };
            Ok::<_, String>(clauses.iter().map(text).collect::<Vec<_>>().join("|"))
        };
        for value in [
            json!("a b"),
            json!("b, a,"),
            json!(["b", "a"]),
            json!(["a b", ""]),
        ] {
            assert_eq!(
                of(value.clone(), ScopeList::All).as_deref(),
                Ok("a+b"),
                "{value}"
            );
            assert_eq!(of(value, ScopeList::Any).as_deref(), Ok("a|b"));
        }
        for nothing in [json!(""), json!([]), json!(" , ")] {
            assert_eq!(of(nothing, ScopeList::All).as_deref(), Ok(""));
        }
        for bad in [
            json!(null),
            json!(true),
            json!(["a", 1]),
            json!([["a"]]),
            json!({"all": ["a"]}),
        ] {
            assert!(of(bad, ScopeList::Any).is_err());
        }
    }
}
