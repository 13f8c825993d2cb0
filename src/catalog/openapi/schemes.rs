//! The security schemes that a document declares.
//!
//! In: a document. Out: the type of each scheme by name, and the scopes of its OAuth flows.
//!
//! References are followed, into other files as well. What cannot be followed is a
//! warning and no error, unlike for operations: no requirement is lost by it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::document::Document;
use super::super::{At, CatalogError};
use super::paths::Dialect;
use super::refs::{Refs, Target};
use crate::model::{Catalog, Scope, Warning};

/// What is known of the schemes.
#[derive(Debug, Default)]
pub(super) struct Schemes {
    kinds: BTreeMap<String, Option<String>>,
    /// There is a list of schemes behind a reference that leads nowhere.
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
        let names = around.iter().filter_map(|own| own.value().as_object());
        for name in names
            .flat_map(|own| own.keys())
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
            let kind = scheme
                .iter()
                .find_map(|own| own.value().get("type")?.as_str());
            schemes.kinds.insert(name.clone(), kind.map(str::to_owned));
            for own in &scheme {
                declare(own.value(), catalog);
            }
        }
        schemes
    }

    /// The scheme's type: `oauth2`, `apiKey`.
    pub(super) fn kind(&self, name: &str) -> Option<&str> {
        self.kinds.get(name)?.as_deref()
    }

    /// Whether the document declares a scheme of this name, or may do so.
    pub(super) fn may_know(&self, name: &str) -> bool {
        self.unread || self.kinds.contains_key(name)
    }
}

/// A key's value and all that its `$ref`s lead to, nearest first; nothing when no layer has the key.
fn layers(
    refs: &mut Refs,
    around: &[Target],
    key: &str,
    at: &At,
) -> Result<Vec<Target>, CatalogError> {
    let Some(own) = around.iter().find_map(|layer| layer.child(key)) else {
        return Ok(Vec::new());
    };
    let mut all = refs.chain(own.value(), Some(&own), at)?;
    all.insert(0, own);
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
        let said: Vec<String> = warnings.clone().map(|own| own.message.clone()).collect();
        let declared = catalog.declared.iter().map(ToString::to_string);
        (
            warnings.map(|own| own.code).collect(),
            said.join("\n"),
            declared.collect(),
        )
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
