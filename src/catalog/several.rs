//! Several descriptions in one run, each of the API of one host or audience.
//!
//! In: files with what each describes, and the audiences of the policy. Out: one catalogue, which
//! knows the operations of each host.
//!
//! Invariants:
//! * a scope of another audience is another permission: its use proves nothing for a grant of this
//!   one, but only where every grant says which audience it is for; else use of either is use;
//! * what one description implies does not hold for another audience.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{CatalogError, LoadOptions, ScopeList, join_all, load};
use crate::model::{Catalog, Clause, Requirement, Scope, Warning};

/// One description of several, and what it describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The file.
    pub file: String,
    /// The host that its API is served at; any, where it is not stated.
    pub host: Option<String>,
    /// Where the API's paths begin in the log.
    pub base_path: Option<String>,
    /// The audience of its scopes.
    pub audience: Option<String>,
    /// The security scheme that counts.
    pub scheme: Option<String>,
    /// A key of operations or paths that names scopes.
    pub scope_key: Option<String>,
    /// What a list of scopes inside one requirement means.
    pub scopes: Option<ScopeList>,
}

/// The audiences that the grants of the policy name, and the one that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audiences<'a> {
    /// Every grant of a scope names one of these.
    pub(crate) all: &'a BTreeSet<&'a str>,
    pub(crate) wanted: &'a str,
}

/// Reads the descriptions; `audiences` is `None` where some grant does not say what it is for.
pub(crate) fn load_listed(
    listed: &[Listed],
    audiences: Option<Audiences<'_>>,
    options: &LoadOptions,
) -> Result<Catalog, CatalogError> {
    let mut read = Vec::new();
    let mut hosts: BTreeMap<Arc<str>, BTreeSet<usize>> = BTreeMap::new();
    let mut at = 0;
    for own in listed {
        let options = LoadOptions {
            scopes: own.scopes.unwrap_or(options.scopes),
            base_path: own.base_path.clone().or_else(|| options.base_path.clone()),
            scheme: own.scheme.clone().or_else(|| options.scheme.clone()),
            scope_key: own.scope_key.clone().or_else(|| options.scope_key.clone()),
        };
        let mut catalog = load(Path::new(&own.file), &own.file, &options)?;
        let stated = own.audience.as_deref();
        if let (Some(audience), Some(known)) = (stated, audiences) {
            if audience != known.wanted && known.all.contains(audience) {
                elsewhere(&mut catalog, audience);
            } else if !known.all.contains(audience) {
                catalog.warnings.push(Warning::new(
                    "unmet-audience",
                    format!(
                        "no grant is for the audience `{audience}` of `{}`: use of its operations counts as use of the scopes of every audience",
                        own.file
                    ),
                ));
            }
        }
        let end = at + catalog.operations.len();
        if let Some(host) = &own.host {
            let host = host.to_ascii_lowercase();
            hosts.entry(Arc::from(host)).or_default().extend(at..end);
        }
        at = end;
        read.push((stated, catalog));
    }
    keep_common_implications(&mut read);
    let mut catalog = join_all(read.into_iter().map(|(_, catalog)| catalog))?;
    catalog.hosts = hosts;
    Ok(catalog)
}

/// Of the operations of another audience only their paths count: what they require is no scope
/// of this one.
fn elsewhere(catalog: &mut Catalog, audience: &str) {
    for operation in &mut catalog.operations {
        operation.requirement = Requirement::AnyOf(vec![Clause::new()]);
        operation.least.clear();
        // Whoever calls it proves who they are to somebody else.
        operation.optional_auth = false;
    }
    catalog.declared.clear();
    catalog.implies.clear();
    catalog.matching = None;
    catalog.warnings.push(Warning::new(
        "other-audience-catalog",
        format!(
            "`{}` describes the audience `{audience}`: what its operations require is not looked at in this run",
            catalog.source
        ),
    ));
}

/// Where audiences differ, an implication holds for all scopes of its name only if each of the
/// descriptions states it.
fn keep_common_implications(read: &mut [(Option<&str>, Catalog)]) {
    let asking = |catalog: &Catalog| !catalog.required_scopes().is_empty();
    let asked = read.iter().filter(|(_, catalog)| asking(catalog));
    let audiences: BTreeSet<&str> = asked.filter_map(|(audience, _)| *audience).collect();
    if audiences.len() < 2 {
        return;
    }
    let mut common: Option<BTreeMap<Scope, BTreeSet<Scope>>> = None;
    for (_, catalog) in read.iter().filter(|(_, catalog)| asking(catalog)) {
        common = Some(match common {
            None => catalog.implies.clone(),
            Some(known) => known
                .into_iter()
                .filter_map(|(scope, implied)| {
                    let own = catalog.implies.get(&scope)?;
                    Some((scope, implied.intersection(own).cloned().collect()))
                })
                .collect(),
        });
    }
    let common = common.unwrap_or_default();
    for (_, catalog) in read {
        catalog.implies.clone_from(&common);
    }
}
