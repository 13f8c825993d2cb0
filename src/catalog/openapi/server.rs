//! The base paths in front of every path: from `servers` or `basePath`.
//!
//! In: server objects (OpenAPI 3.1.1, Server Object). Out: the path parts of all of
//! them, and of the values of their variables.
//!
//! A variable without `enum` may hold any value (Server Variable Object), so that
//! within the path it is a parameter. Where its default is not a part of one segment,
//! only the default is known.
//!
//! Host and scheme play no part: one run reads the logs of one gateway.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::matcher::shape;
use crate::model::Warning;
use crate::model::words::backticks;

/// Base paths of one list of servers; each of them multiplies the operations.
const MOST: usize = 16;

/// All base paths of a list of servers, in its order.
#[derive(Debug, Default)]
pub(super) struct Bases {
    pub(super) paths: Vec<String>,
    /// There are more than can be read.
    pub(super) more: bool,
    /// A variable that may hold any value, and its default, which alone is read.
    pub(super) fixed: Option<(String, String)>,
}

impl Bases {
    /// What is worth a word.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.paths.len() > 1 || self.more {
            let all: Vec<String> = self.paths.iter().map(|base| format!("`{base}/`")).collect();
            let more = if self.more {
                " and more, which are not read"
            } else {
                ""
            };
            let text = format!(
                "the servers have several base paths: {}{more}; every operation is read under each of them: where the log has one of them only, name it with `--api-base`",
                all.join(", ")
            );
            warnings.push(Warning::new("several-base-paths", text));
        }
        if let Some((name, default)) = &self.fixed {
            let text = format!(
                "the server variable {} may hold any value, and only its default {} is read: where the log has another base path, name it with `--api-base`",
                backticks(name),
                backticks(default)
            );
            warnings.push(Warning::new("server-variable", text));
        }
        warnings
    }

    fn add(&mut self, path: String) {
        let shape_of_path = shape(&path);
        if self.paths.iter().any(|known| shape(known) == shape_of_path) {
            return;
        }
        if self.paths.len() == MOST {
            self.more = true;
        } else {
            self.paths.push(path);
        }
    }

    fn server(&mut self, url: &str, variables: &Variables<'_>) {
        // What holds a slash, or begins the URL, decides where its path begins.
        let first = url.strip_prefix('{').filter(|_| !url.contains("://"));
        let first = first.and_then(|rest| rest.split_once('}'));
        let decides = |name: &str| {
            first.is_some_and(|(first, _)| first == name) || variables.hold_slash(name)
        };
        for name in names(url).into_iter().filter(|name| decides(name)) {
            let default = variables.default(name);
            if let Some(default) = default.filter(|_| !variables.limited(name)) {
                let fixed = || (name.to_owned(), default.to_owned());
                self.fixed.get_or_insert_with(fixed);
            }
        }
        let (urls, more) = filled(url, |name| {
            let values = if decides(name) {
                variables.values(name)
            } else {
                Vec::new()
            };
            values.into_iter().map(str::to_owned).collect()
        });
        self.more |= more;
        for url in urls {
            let (paths, too_many) = filled(&clean(&url), |name| {
                let mut values = variables.values(name);
                values.retain(|value| variables.limited(name) || value.is_empty());
                let mut values: Vec<String> = values.into_iter().map(str::to_owned).collect();
                if !variables.limited(name) && !values.is_empty() {
                    values.push(format!("{{{name}}}"));
                }
                values
            });
            if too_many {
                // Any value is what a parameter takes.
                self.add(clean(&url));
            } else {
                for path in &paths {
                    self.add(clean(path));
                }
            }
        }
    }
}

/// The variables of one server.
struct Variables<'v>(Option<&'v Map<String, Value>>);

impl<'v> Variables<'v> {
    fn default(&self, name: &str) -> Option<&'v str> {
        self.0?.get(name)?.get("default")?.as_str()
    }

    /// The default, then what `enum` lists.
    fn values(&self, name: &str) -> Vec<&'v str> {
        let listed = self
            .0
            .and_then(|all| all.get(name)?.get("enum")?.as_array());
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        self.default(name).into_iter().chain(listed).collect()
    }

    /// No other values than those listed are allowed.
    fn limited(&self, name: &str) -> bool {
        let listed = self
            .0
            .and_then(|all| all.get(name)?.get("enum")?.as_array());
        listed.is_some_and(|listed| listed.iter().any(Value::is_string))
    }

    fn hold_slash(&self, name: &str) -> bool {
        self.values(name).iter().any(|value| value.contains('/'))
    }
}

/// The base paths of a list of servers; `None` when it holds none, so that the list
/// around it counts.
pub(super) fn of(servers: Option<&Value>) -> Option<Bases> {
    let mut bases = Bases::default();
    for server in servers?.as_array()? {
        if let Some(url) = server.get("url").and_then(Value::as_str) {
            let variables = server.get("variables").and_then(Value::as_object);
            bases.server(url, &Variables(variables));
        }
    }
    (!bases.paths.is_empty()).then_some(bases)
}

/// The names in braces.
fn names(url: &str) -> BTreeSet<&str> {
    let ends = url.split('{').skip(1);
    ends.filter_map(|rest| Some(rest.split_once('}')?.0))
        .collect()
}

/// The text with each `{name}` replaced by each of its values, and whether these are too
/// many; a variable without a value stays, and is then a parameter of the template.
fn filled(text: &str, values: impl Fn(&str) -> Vec<String>) -> (Vec<String>, bool) {
    let mut out = vec![text.to_owned()];
    let mut more = false;
    for name in names(text) {
        let values = values(name);
        if values.is_empty() {
            continue;
        }
        let slot = format!("{{{name}}}");
        let each = |text: &String| -> Vec<String> {
            values
                .iter()
                .map(|value| text.replace(&slot, value))
                .collect()
        };
        let mut seen = BTreeSet::new();
        out = out
            .iter()
            .flat_map(each)
            .filter(|text| seen.insert(text.clone()))
            .collect();
        more |= out.len() > MOST;
        out.truncate(MOST);
    }
    (out, more)
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
        // A host after a variable without a value: `{host}/v1`.
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

    fn paths(servers: &Value) -> Vec<String> {
        of(Some(servers)).unwrap().paths
    }

    #[test]
    fn a_base_is_the_path_part_of_a_server() {
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
            assert_eq!(paths(&json!([{"url": url}, {"url": url}])), [base], "{url}");
        }
        assert!(of(Some(&json!([]))).is_none() && of(None).is_none());
    }

    #[test]
    fn a_variable_without_enum_is_a_parameter_and_one_with_enum_has_these_values() {
        let servers = json!([{"url": "{scheme}://{host}/{base}/x/{tenant}/{none}/v{n}", "variables": {
            "host": {"default": "h", "enum": ["h", "g"]},
            "base": {"default": "v2/api", "enum": ["v2/api", "v1"]},
            "tenant": {"default": "demo", "enum": []},
            "n": {"default": "1"},
            "scheme": {"default": "https"}}}]);
        let found = of(Some(&servers)).unwrap();
        assert_eq!(
            found.paths,
            [
                "/v2/api/x/{tenant}/{none}/v{n}",
                "/v1/x/{tenant}/{none}/v{n}"
            ]
        );
        assert_eq!((found.fixed, found.more), (None, false));
    }

    #[test]
    fn a_default_that_is_not_part_of_one_segment_is_read_and_said() {
        for (url, default, base, said) in [
            (
                "https://api.example{base}",
                "/sell/v1",
                &["/sell/v1"][..],
                true,
            ),
            ("{base}/x", "https://h/v1", &["/v1/x"], true),
            ("{base}/x", "v1", &["/v1/x"], true),
            ("https://h/{base}", "", &["", "/{base}"], false),
            ("https://{base}.h/v1", "eu", &["/v1"], false),
            ("https://{base}h/v1", "", &["/v1"], false),
        ] {
            let servers = json!([{"url": url, "variables": {"base": {"default": default}}}]);
            let found = of(Some(&servers)).unwrap();
            assert_eq!(found.paths, base, "{url}");
            assert_eq!(found.fixed.is_some(), said, "{url}");
        }
    }

    #[test]
    fn all_servers_count_once_each_and_not_without_limit() {
        let servers = json!([{"url": "https://h/v1"}, {"url": "https://g/v1/"}, {"url": "/{a}"}, {"url": "/{b}"}]);
        assert_eq!(paths(&servers), ["/v1", "/{a}"]);
        let many: Vec<Value> = (0..40).map(|n| json!({"url": format!("/{n}")})).collect();
        let many = of(Some(&json!(many))).unwrap();
        assert!(many.paths.len() == MOST && many.warnings()[0].message.contains("not read"));
        // A variable with too many values takes any value.
        let list: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let values = json!({"default": "0", "enum": list});
        let servers = json!([{"url": "/{a}/{b}", "variables": {"a": values, "b": values}}]);
        assert_eq!(paths(&servers), ["/{a}/{b}"]);
    }
}
