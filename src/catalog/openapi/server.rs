//! The base path in front of every path: from `servers` or `basePath`.
//!
//! In: server objects (OpenAPI 3.1.1, Server Object). Out: the path part of
//! the first one, variables replaced by their defaults, and what else was offered.
//!
//! Host and scheme play no part: one run reads the logs of one gateway.

use std::collections::BTreeSet;

use serde_json::Value;

/// Values tried for each variable; more are not looked at.
const MAX_VALUES: usize = 32;
/// Other base paths named in the warning.
const SHOWN: usize = 5;

/// The first server's base path.
pub(super) struct Base {
    pub(super) path: String,
    /// Other base paths that the same list offers.
    pub(super) others: BTreeSet<String>,
}

impl Base {
    /// A sentence about the base paths that are not used.
    pub(super) fn others_unused(&self) -> String {
        let others = self.others.iter().take(SHOWN);
        let others: Vec<String> = others.map(|base| format!("`{base}/`")).collect();
        format!(
            "the servers have several base paths: `{}/` is used and {} is not; choose with `--api-base`",
            self.path,
            others.join(", ")
        )
    }
}

/// The base path of a list of servers; `None` when it holds none, so that the list
/// around it counts.
pub(super) fn of(servers: Option<&Value>) -> Option<Base> {
    let servers = servers?.as_array()?;
    let mut found: Option<Base> = None;
    for server in servers {
        let Some(url) = server.get("url").and_then(Value::as_str) else {
            continue;
        };
        let variables = server.get("variables").and_then(Value::as_object);
        let defaults = |name: &str| variables?.get(name)?.get("default")?.as_str();
        let base = found.get_or_insert_with(|| Base {
            path: clean(&filled(url, defaults)),
            others: BTreeSet::new(),
        });
        base.others.insert(clean(&filled(url, defaults)));
        for (name, variable) in variables.into_iter().flatten() {
            let values = variable.get("enum").and_then(Value::as_array);
            for value in values.into_iter().flatten().take(MAX_VALUES) {
                let Some(value) = value.as_str() else {
                    continue;
                };
                let chosen = |key: &str| {
                    if key == name {
                        Some(value)
                    } else {
                        defaults(key)
                    }
                };
                base.others.insert(clean(&filled(url, chosen)));
            }
        }
    }
    if let Some(base) = &mut found {
        base.others.remove(&base.path);
    }
    found
}

/// Replaces `{name}`; a variable without a value stays, and is then a parameter of the template.
fn filled<'a>(url: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((name, after)) = behind.split_once('}') else {
            break;
        };
        out.push_str(before);
        match value(name) {
            Some(text) => out.push_str(text),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The path part of a URL or path: with a slash in front and none at the end; empty for the root.
pub(crate) fn clean(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default().trim();
    let authority = match url.split_once("://") {
        Some((_, rest)) => Some(rest),
        None => url.strip_prefix("//"),
    };
    let path = match authority {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        // A host behind a variable without a value: `{host}/v1`.
        None if url.starts_with('{') => url.find('/').map_or("", |slash| &url[slash..]),
        None => url
            .strip_prefix('.')
            .filter(|rest| !rest.starts_with('.'))
            .unwrap_or(url),
    };
    let path = path.trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_base_is_the_path_part_of_the_first_server() {
        for (url, base) in [
            ("https://api.example.com", ""),
            ("https://api.example.com/", ""),
            ("https://api.example.com/v1/", "/v1"),
            ("//api.example.com/a/b", "/a/b"),
            ("/v2", "/v2"),
            ("/", ""),
            ("v3", "/v3"),
            ("./v4", "/v4"),
            ("https://api.example.com/v1?x=/y#z", "/v1"),
            ("{host}/v5", "/v5"),
        ] {
            let servers = json!([{"url": url}, {"url": url}]);
            let found = of(Some(&servers)).unwrap();
            assert_eq!(found.path, base, "{url}");
            assert!(found.others.is_empty(), "{url}");
        }
        assert!(of(Some(&json!([]))).is_none() && of(None).is_none());
    }

    #[test]
    fn variables_are_replaced_by_their_defaults_and_other_values_are_other_bases() {
        let servers = json!([{"url": "{scheme}://{host}/{base}/x/{tenant}", "variables": {
            "host": {"default": "h", "enum": ["h", "g"]},
            "base": {"default": "v2/api", "enum": ["v2/api", "v1"]},
            "scheme": {"default": "https"}}}]);
        let found = of(Some(&servers)).unwrap();
        assert_eq!(found.path, "/v2/api/x/{tenant}");
        assert_eq!(found.others, BTreeSet::from(["/v1/x/{tenant}".to_owned()]));
    }
}
