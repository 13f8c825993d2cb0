//! The operations of a run: from API descriptions, or from a log that names them itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::Advised;
use super::pipeline::{self, Logs, Routes};
use super::policy::policy;
use super::settings::Settings;
use crate::catalog::matcher::Matcher;
use crate::catalog::{self, Audiences, CatalogError, Listed};
use crate::format::{Opened, Shown, strangers};
use crate::grants;
use crate::model::{
    Catalog, Effect, Granted, Operation, Policy, Scope, ScopeMatch, Security, Term, Warning,
};
use crate::usage::named_operations;

impl Settings {
    /// Whether no API description is named.
    pub(crate) fn no_description(&self) -> bool {
        self.catalogs.is_empty() && self.listed.is_empty()
    }
}

/// Reads the API descriptions; without any, the operations that the logs name.
pub(crate) fn routes(settings: &Settings) -> anyhow::Result<Routes> {
    if settings.no_description() {
        return named(settings)?.ok_or_else(|| {
            Advised::new(
                "no API description given",
                "name an OpenAPI or Swagger file or a routes.yaml with --catalog FILE, or begin with `scopetrim init`",
            )
        });
    }
    let refused =
        |error: CatalogError| Advised::new(error.to_string(), error.help().unwrap_or_default());
    let mut catalog = if settings.listed.is_empty() {
        let files: Vec<(PathBuf, &str)> = settings
            .catalogs
            .iter()
            .map(|name| (PathBuf::from(name), name.as_str()))
            .collect();
        let files = files.iter().map(|(path, shown)| (path.as_path(), *shown));
        catalog::load_many(files, &settings.load).map_err(refused)?
    } else {
        listed(settings, refused)?
    };
    catalog.warnings.extend(without_scopes(&catalog));
    Ok(compiled(catalog, settings))
}

/// Several descriptions, of which each says what it describes; those without that are of all.
fn listed(
    settings: &Settings,
    refused: impl FnOnce(CatalogError) -> anyhow::Error,
) -> anyhow::Result<Catalog> {
    let bare = settings.catalogs.iter().map(|name| Listed {
        file: name.clone(),
        ..Listed::default()
    });
    let all: Vec<Listed> = settings.listed.iter().cloned().chain(bare).collect();
    let policy = if settings.grants.is_empty() {
        None
    } else {
        Some(policy(settings)?)
    };
    let stated = policy.as_ref().map(Policy::audiences).unwrap_or_default();
    let wanted = match settings.audience.as_deref() {
        Some(wanted) => Some(wanted),
        None if stated.len() == 1 => stated.first().copied(),
        None => None,
    };
    // A grant that does not say what it is for may be for any of them.
    let each = policy.iter().flat_map(|policy| &policy.files);
    let mut each = each.flat_map(|file| &file.entries);
    let certain =
        each.all(|entry| entry.audience.is_some() || matches!(entry.granted, Granted::Role(_)));
    let known = wanted.filter(|wanted| certain && stated.contains(wanted));
    let audiences = known.map(|wanted| Audiences {
        all: &stated,
        wanted,
    });
    if let Some(wanted) = known
        && !all
            .iter()
            .any(|own| own.audience.as_deref().is_none_or(|own| own == wanted))
    {
        return Err(Advised::new(
            format!("no API description is of the audience `{wanted}`"),
            "the policy files name it: state `audience` under [[catalogs]] as they spell it",
        ));
    }
    catalog::load_listed(&all, audiences, &settings.load).map_err(refused)
}

/// Where a kind of description that can state scopes states none at all.
fn without_scopes(catalog: &Catalog) -> Option<Warning> {
    let mut operations = catalog.operations.iter();
    let could = operations.any(|operation| operation.security != Security::Unknown);
    let states = !catalog.declared.is_empty() || !catalog.required_scopes().is_empty();
    let text = format!(
        "`{}` states no scopes at all: `scopetrim catalog scaffold` proposes a routes.yaml from the observed traffic",
        catalog.source
    );
    (could && !states).then(|| Warning::new("no-scopes", text))
}

fn compiled(catalog: Catalog, settings: &Settings) -> Routes {
    let (matcher, equal) = Matcher::new(&catalog.operations, settings.match_options);
    let matcher = matcher.with_hosts(&catalog.operations, &catalog.hosts, settings.match_options);
    let mut warnings = catalog.warnings.clone();
    warnings.extend(equal);
    warnings.sort();
    warnings.dedup();
    Routes {
        catalog,
        matcher,
        warnings,
    }
}

/// The operations that the logs name, and those that the policy grants: where an operation is
/// a permission, one that nobody used is known by its grant alone. A grant that no line can
/// show, most wildcards among them, is none of them: it stays. `None` where some log names
/// none, or cannot be read twice.
fn named(settings: &Settings) -> anyhow::Result<Option<Routes>> {
    if settings.logs.is_empty() || settings.logs.iter().any(|name| name == "-") {
        return Ok(None);
    }
    let Logs {
        sources, formats, ..
    } = pipeline::open_logs(settings)?;
    let requests = |own: &&Opened| own.format.name() != strangers::NAME;
    let mut opened = formats.iter().flatten().filter(requests).peekable();
    let first = opened.peek().map(|first| first.format.clone());
    let Some(first) = first.filter(|_| opened.all(|own| own.format.names_operations())) else {
        return Ok(None);
    };
    let mut names: BTreeMap<String, Effect> =
        named_operations(&sources, &formats, &settings.limits, &Arc::default())
            .into_iter()
            .map(|(name, effect)| (String::from_utf8_lossy(&name).into_owned(), effect))
            .collect();
    let mut unrecorded = BTreeSet::new();
    let (mut patterns, mut implies) = (BTreeMap::new(), BTreeMap::new());
    let mut parts = false;
    let mut granted = None;
    if !settings.grants.is_empty() {
        let policy = policy(settings)?;
        let entries = policy.files.iter().flat_map(|file| &file.entries);
        let terms: BTreeSet<&Term> = entries
            .filter_map(|entry| match &entry.granted {
                Granted::Term(term) => Some(term),
                Granted::Role(_) => None,
            })
            .collect();
        let own = policy.files.iter().any(grants::names_actions_of_aws);
        let stated = policy.files.iter().find_map(|file| file.matching);
        // Else a wildcard would not open what is looked for.
        let wildcards = settings.matching.or(stated) == Some(ScopeMatch::GlobAnyCase);
        let seen = names.clone();
        let permissions = seen.keys().filter_map(|name| first.permission(name));
        let needed: BTreeSet<String> = permissions.map(|own| own.to_ascii_lowercase()).collect();
        parts = policy.files.iter().any(|file| file.in_parts);
        let shows = |term: &Term| {
            let effect = || first.effect_of(term.as_str().as_bytes());
            if own || parts {
                first.shows(term.as_str(), &seen)
            } else {
                effect().map_or(Shown::Nothing, Shown::Use)
            }
        };
        for term in &terms {
            match shows(term) {
                // An operation that the logs name needs it.
                Shown::Use(_) if own && needed.contains(&term.as_str().to_ascii_lowercase()) => {}
                Shown::Use(effect) => drop(names.entry(term.to_string()).or_insert(effect)),
                Shown::Members { .. } if own && !wildcards => {
                    unrecorded.insert((*term).clone());
                }
                Shown::Members { effect, rest } => {
                    // An operation stands for whatever nobody used of it.
                    names.entry(term.to_string()).or_insert(effect);
                    let rest = rest.iter().map(|name| Term::new(name)).collect();
                    patterns.insert((*term).clone(), rest);
                }
                Shown::InPart => drop(unrecorded.insert((*term).clone())),
                Shown::Nothing => {}
            }
        }
        implies = terms
            .iter()
            .filter(|term| parts && term.as_str().contains('*'))
            .map(|term| {
                let allows = |name: &str| first.allows(term.as_str(), name);
                (Scope::new(term.as_str()), allowed(&names, allows))
            })
            .collect();
        // As its own policies name things, and as the others do.
        granted = own.then(|| terms.into_iter().cloned().collect::<BTreeSet<Term>>());
    }
    let operation = |(name, effect): (&String, &Effect)| {
        let terms = granted.as_ref();
        match terms.and_then(|terms| Some((terms, first.permission(name)?))) {
            Some((terms, permission)) => {
                let mut ways = vec![permission.as_str()];
                ways.extend(terms.contains(&Term::new(name)).then_some(name.as_str()));
                Operation::named_for(name, Some(*effect), &ways)
            }
            None => Operation::named(name, Some(*effect)),
        }
    };
    let operations = names.iter().map(operation).collect();
    let catalog = Catalog {
        source: Arc::from("the operations that the logs name"),
        operations,
        warnings: not_recorded(&unrecorded, parts).into_iter().collect(),
        unrecorded,
        patterns,
        implies,
        in_parts: parts,
        ..Catalog::default()
    };
    Ok(Some(compiled(catalog, settings)))
}

/// The operations that a wildcard allows, of all that have a name.
fn allowed(names: &BTreeMap<String, Effect>, allows: impl Fn(&str) -> bool) -> BTreeSet<Scope> {
    let names = names.keys().filter(|name| !name.contains('*'));
    let allowed = names.filter(|name| allows(name));
    allowed.map(|name| Scope::new(name)).collect()
}

/// Terms named in a message.
const SHOWN: usize = 5;

/// That some terms are kept whatever the logs say.
fn not_recorded(terms: &BTreeSet<Term>, parts: bool) -> Option<Warning> {
    let named: Vec<String> = terms
        .iter()
        .take(SHOWN)
        .map(|term| format!("`{term}`"))
        .collect();
    let more = match terms.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = if parts {
        "a wildcard allows more than was seen, and some permissions are asked within another request"
    } else {
        "most patterns allow more than was seen, some actions are checked within another request, and CloudTrail records events of data (objects of S3, calls of Lambda, items of DynamoDB, messages) only where the trail asks for them"
    };
    let text = format!(
        "the logs do not record everything that is allowed by {}{more}: {why}; they are kept",
        named.join(", ")
    );
    (!terms.is_empty()).then(|| Warning::new("not-recorded", text))
}
