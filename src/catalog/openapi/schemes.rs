//! The security schemes that a document declares.
//!
//! In: a document. Out: the type of each scheme by name, what a list of names asks for,
//! and the scopes of the OAuth flows.
//!
//! References are followed, into other files as well. What cannot be followed is a
//! warning and no error, unlike for operations: no requirement is lost by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::document::Document;
use super::super::{At, CatalogError, LoadOptions};
use super::paths::Dialect;
use super::refs::{Refs, Target};
use super::security::Need;
use crate::model::{Catalog, Scheme, Scope, Security, Together, Warning};

/// What is known of the schemes.
#[derive(Debug, Default)]
pub(super) struct Schemes {
    kinds: BTreeMap<String, (Option<String>, Scheme)>,
    /// What was stated, each once: most operations state the same.
    stated: BTreeSet<Arc<BTreeSet<Together>>>,
    /// There is a reference to a list of schemes that leads nowhere.
    unread: bool,
}

impl Schemes {
    /// Reads the schemes; their scopes are declared in the catalogue.
    pub(super) fn read(
        document: &Document,
        dialect: Dialect,
        refs: &mut Refs,
        catalog: &mut Catalog,
    ) -> Self {
        let place: &[&str] = match dialect {
            Dialect::Swagger => &["securityDefinitions"],
            Dialect::OpenApi30 | Dialect::OpenApi31 => &["components", "securitySchemes"],
        };
        let mut schemes = Self::default();
        let mut around = vec![refs.document()];
        for (depth, key) in (1..).zip(place) {
            let at = document.at(&place[..depth]);
            match layers(refs, &around, key, &at) {
                Ok(next) => around = next,
                Err(error) => {
                    schemes.unread = true;
                    catalog.warnings.push(unread(&error));
                    return schemes;
                }
            }
        }
        let names = around.iter().filter_map(|layer| layer.value().as_object());
        for name in names
            .flat_map(|schemes| schemes.keys())
            .filter(|name| *name != "$ref")
        {
            if schemes.kinds.contains_key(name) {
                continue;
            }
            let at = document.at(&[place, &[name.as_str()]].concat());
            let scheme = layers(refs, &around, name, &at).unwrap_or_else(|error| {
                catalog.warnings.push(unread(&error));
                Vec::new()
            });
            let text = |key| {
                scheme
                    .iter()
                    .find_map(|layer| layer.value().get(key)?.as_str())
            };
            let kind = text("type").map(str::to_owned);
            schemes.kinds.insert(name.clone(), (kind, way(text)));
            for layer in &scheme {
                declare(layer.value(), catalog);
            }
        }
        schemes
    }

    /// The scheme's type: `oauth2`, `apiKey`.
    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.kinds.get(name)?.0.as_deref()
    }

    /// What a `security` list asks for, in kinds of schemes.
    pub(super) fn stated(&mut self, need: &Need) -> Security {
        let kind = |name: &String| {
            self.kinds
                .get(name)
                .map_or(Scheme::Other, |scheme| scheme.1.clone())
        };
        let ways = need.ways.iter();
        let any: BTreeSet<Together> = ways.map(|way| way.iter().map(kind).collect()).collect();
        let any = self.stated.get(&any).cloned().unwrap_or_else(|| {
            let any = Arc::new(any);
            self.stated.insert(Arc::clone(&any));
            any
        });
        Security::Stated(any)
    }

    /// Refuses a chosen scheme that the document does not declare.
    pub(super) fn chosen(
        &self,
        document: &Document,
        options: &LoadOptions,
    ) -> Result<(), CatalogError> {
        match &options.scheme {
            Some(name) if !self.may_know(name) => Err(CatalogError::UnknownScheme {
                file: document.file.clone(),
                name: name.clone(),
                known: self.kinds.keys().cloned().collect(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the document declares a scheme of this name, or may do so.
    pub(super) fn may_know(&self, name: &str) -> bool {
        self.unread || self.kinds.contains_key(name)
    }
}

/// The kind of a scheme by its own fields; the names of HTTP schemes have no case (RFC 9110
/// section 11.1).
fn way<'v>(text: impl Fn(&'static str) -> Option<&'v str>) -> Scheme {
    let is = |key, word| text(key).is_some_and(|value: &str| value.eq_ignore_ascii_case(word));
    match text("type") {
        Some("basic") => Scheme::Basic,
        Some("http") if is("scheme", "basic") => Scheme::Basic,
        Some("http") if is("scheme", "bearer") => Scheme::Bearer,
        Some("apiKey") => match text("name") {
            Some(name) if is("in", "query") => Scheme::QueryKey(name.into()),
            _ => Scheme::Key,
        },
        Some("oauth2") => Scheme::OAuth,
        Some("openIdConnect") => Scheme::OpenId,
        Some("mutualTLS") => Scheme::Certificate,
        _ => Scheme::Other,
    }
}

/// A key's value and all that its `$ref`s lead to, nearest first; nothing when no layer has the key.
fn layers(
    refs: &mut Refs,
    around: &[Target],
    key: &str,
    at: &At,
) -> Result<Vec<Target>, CatalogError> {
    let Some(layer) = around.iter().find_map(|layer| layer.child(key)) else {
        return Ok(Vec::new());
    };
    let mut all = refs.chain(layer.value(), Some(&layer), at)?;
    all.insert(0, layer);
    Ok(all)
}

fn unread(error: &CatalogError) -> Warning {
    Warning::new(
        "scheme-reference",
        format!("{error}: what the security schemes there declare is not known"),
    )
}

/// Scopes of the OAuth flows of a scheme.
fn declare(scheme: &Value, catalog: &mut Catalog) {
    let flows = scheme.get("flows").and_then(Value::as_object);
    let lists = flows
        .into_iter()
        .flatten()
        .filter_map(|(_, flow)| flow.get("scopes"))
        .chain(scheme.get("scopes"));
    for scopes in lists {
        let names = scopes.as_object().into_iter().flatten();
        let spelt = names.map(|(name, _)| name).filter(|name| !name.is_empty());
        catalog.declared.extend(spelt.map(|name| Scope::new(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{LoadOptions, load};
    use crate::model::{Scheme, Security};

    /// The codes of the warnings, the messages, and the declared scopes of a description whose
    /// `components` are these.
    fn read(components: &str, others: &[(&str, &str)]) -> (Vec<&'static str>, String, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in others {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().join("api.yaml");
        let api = "openapi: 3.1.0\npaths: {/x: {get: {security: [{o: [a]}, {p: []}]}}}\n";
        std::fs::write(&path, format!("{api}components: {components}\n")).unwrap();
        let catalog = load(&path, "api.yaml", &LoadOptions::default()).unwrap();
        assert_eq!(catalog.operations.len(), 1);
        let warnings = catalog.warnings.iter();
        let said: Vec<String> = warnings
            .clone()
            .map(|warning| warning.message.clone())
            .collect();
        let declared = catalog.declared.iter().map(ToString::to_string);
        (
            warnings.map(|warning| warning.code).collect(),
            said.join("\n"),
            declared.collect(),
        )
    }

    #[test]
    fn what_callers_have_to_prove_is_carried_to_each_operation() {
        use Scheme::{Basic, Bearer, Certificate, Key, OAuth, OpenId, Other, QueryKey};
        let schemes = "{b: {type: http, scheme: Basic}, t: {type: http, scheme: bearer}, d: {type: http, scheme: digest}, \
            q: {type: apiKey, in: query, name: key}, h: {type: apiKey, in: header, name: X-Key}, \
            o: {type: oauth2, flows: {}}, i: {type: openIdConnect}, m: {type: mutualTLS}, r: {$ref: '#/b'}}";
        let of = |root: &str, operation: &str| {
            let text = format!(
                "openapi: 3.1.0\n{root}\npaths: {{/x: {{get: {{{operation}}}}}}}\nb: {{type: http, scheme: basic}}\n\
                 components: {{securitySchemes: {schemes}}}\n"
            );
            let catalog =
                super::super::super::load_text(&text, "a.yaml", &LoadOptions::default()).unwrap();
            catalog.operations[0].security.clone()
        };
        let ways = |root: &str, operation: &str| -> Vec<Vec<Scheme>> {
            let security = of(root, operation);
            assert!(!security.is_public(), "{operation}");
            security
                .ways()
                .map(|way| way.iter().cloned().collect())
                .collect()
        };
        for (name, scheme) in [
            ("b", Basic),
            ("r", Basic),
            ("t", Bearer),
            ("d", Other),
            ("q", QueryKey("key".into())),
            ("h", Key),
            ("o", OAuth),
            ("i", OpenId),
            ("m", Certificate),
            ("unknown", Other),
        ] {
            let expected = [[scheme]];
            assert_eq!(
                ways("", &format!("security: [{{{name}: []}}]")),
                expected,
                "{name}"
            );
            assert_eq!(
                ways(&format!("security: [{{{name}: []}}]"), ""),
                expected,
                "{name}"
            );
        }
        assert_eq!(
            ways(
                "security: [{b: []}]",
                "security: [{o: [x], q: []}, {h: []}]"
            ),
            [vec![QueryKey("key".into()), OAuth], vec![Key]]
        );
        for public in [
            "security: []",
            "security: [{}]",
            "security: [{o: [x]}, {}, {}]",
        ] {
            assert!(of("security: [{b: []}]", public).is_public(), "{public}");
        }
        assert_eq!(of("", ""), Security::Unstated);
        assert_eq!(of("", "security: {b: []}"), Security::Unknown);
    }

    #[test]
    fn swagger_names_its_schemes_in_other_words() {
        let of = |scheme: &str| {
            let text = format!(
                "swagger: '2.0'\nsecurity: [{{s: []}}]\npaths: {{/x: {{get: {{}}}}}}\nsecurityDefinitions: {{s: {scheme}}}\n"
            );
            let catalog =
                super::super::super::load_text(&text, "a.yaml", &LoadOptions::default()).unwrap();
            let security = catalog.operations[0].security.clone();
            security.ways().flatten().next().cloned()
        };
        assert_eq!(of("{type: basic}"), Some(Scheme::Basic));
        assert_eq!(
            of("{type: apiKey, in: query, name: k}"),
            Some(Scheme::QueryKey("k".into()))
        );
        assert_eq!(of("{type: apiKey, in: header, name: k}"), Some(Scheme::Key));
        assert_eq!(of("{type: oauth2}"), Some(Scheme::OAuth));
    }

    #[test]
    fn schemes_in_other_files_are_read_as_if_they_stood_here() {
        let o = "{type: oauth2, flows: {implicit: {scopes: {a: x, z: x}}}}";
        let p = "{type: openIdConnect}";
        let both = format!("o: {o}\np: {p}\n");
        let inline = read(&format!("{{securitySchemes: {{o: {o}, p: {p}}}}}"), &[]);
        assert_eq!(inline.0, ["scopeless-alternative"]);
        assert_eq!(inline.2, ["a", "z"]);
        let parts = format!("s: {{o: {{$ref: '#/far'}}, p: {p}}}\nfar: {{$ref: 'o.yaml#/o'}}\n");
        for (components, files) in [
            (
                "{securitySchemes: {$ref: ./s.yaml}}",
                vec![("s.yaml", &*both)],
            ),
            (
                "{securitySchemes: {o: {$ref: 's.yaml#/o'}, p: {$ref: 's.yaml#/p'}}}",
                vec![("s.yaml", &*both)],
            ),
            (
                "{$ref: 'c.yaml#/c'}",
                vec![
                    ("c.yaml", "c: {securitySchemes: {$ref: 's.yaml#/s'}}"),
                    ("s.yaml", &*parts),
                    ("o.yaml", &*both),
                ],
            ),
        ] {
            assert_eq!(read(components, &files), inline, "{components}");
        }
    }

    #[test]
    fn a_reference_to_schemes_that_cannot_be_followed_is_said_with_its_file() {
        for (components, file, codes) in [
            (
                "{securitySchemes: {$ref: gone.yaml}}",
                "gone.yaml",
                &["scheme-reference"][..],
            ),
            (
                "{securitySchemes: {$ref: 'https://h/s.yaml'}}",
                "https://h/s.yaml",
                &["scheme-reference"],
            ),
            (
                "{securitySchemes: {o: {$ref: 'gone.yaml#/o'}}}",
                "gone.yaml#/o",
                &["scheme-reference", "undeclared-scheme"],
            ),
        ] {
            let (found, said, declared) = read(components, &[]);
            assert_eq!(found, codes, "{said}");
            assert!(said.contains(file) && declared.is_empty(), "{said}");
        }
    }
}
