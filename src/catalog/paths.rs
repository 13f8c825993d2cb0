//! `paths` of OpenAPI and Swagger: path items and their operations.
//!
//! In: the `paths` mapping. Out: operations in file order.
//!
//! Invariants:
//! * an operation's own `security` replaces the one of the root, and an empty list
//!   removes it; when neither stands there, the requirement is unspecified;
//! * the nearest `servers` win;
//! * what stands beside a `$ref` wins over what it leads to.

use crate::model::{Catalog, Method, Operation, Place, Requirement, Warning};

use super::document::Cursor;
use super::refs::Files;
use super::{CatalogError, ScopeList, lint, security, servers};

/// The fixed fields of a path item that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "patch", "head", "options", "trace",
];

/// What holds for all paths of a description.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// Files that references lead to.
    pub(super) files: Files,
    /// What several scopes in one entry mean.
    pub(super) scopes: ScopeList,
    /// `security` of the root.
    pub(super) security: Option<Cursor<'a>>,
    /// Base path of the root.
    pub(super) base: String,
    /// Whether path items and operations may bring their own `servers`.
    pub(super) servers: bool,
}

/// A path item, references resolved.
#[derive(Debug, Default)]
struct Item {
    base: Option<String>,
    operations: Vec<Found>,
}

/// An operation, references resolved; what is `None` does not stand there.
#[derive(Debug)]
struct Found {
    method: Method,
    base: Option<String>,
    requirement: Option<(Requirement, bool)>,
    operation_id: Option<String>,
    tags: Option<Vec<String>>,
    deprecated: Option<bool>,
    place: Option<Place>,
}

/// Adds the operations below `paths` to a catalogue.
pub(super) fn read_paths(
    reader: &Reader<'_>,
    paths: &Cursor<'_>,
    catalog: &mut Catalog,
) -> Result<(), CatalogError> {
    let root = match &reader.security {
        Some(at) => Some(security::requirement(at, reader.scopes)?),
        None => None,
    };
    for (path, at) in paths.map()? {
        if path.starts_with("x-") {
            continue;
        }
        let item = item(reader, &at, &[], &mut catalog.warnings)?;
        for found in item.operations {
            let base = found.base.as_ref().or(item.base.as_ref());
            let (requirement, optional) = found
                .requirement
                .or_else(|| root.clone())
                .unwrap_or((Requirement::Unspecified, false));
            let full = lint::join(base.unwrap_or(&reader.base), path);
            let mut operation = Operation::new(found.method, full, requirement);
            operation.optional_auth = optional;
            operation.operation_id = found.operation_id;
            operation.tags = found.tags.unwrap_or_default();
            operation.deprecated = found.deprecated.unwrap_or_default();
            operation.place = found.place;
            catalog.operations.push(operation);
        }
    }
    if reader.scopes == ScopeList::All {
        lint::any_or_all(catalog);
    }
    Ok(())
}

fn item(
    reader: &Reader<'_>,
    at: &Cursor<'_>,
    trail: &[String],
    warnings: &mut Vec<Warning>,
) -> Result<Item, CatalogError> {
    let mut item = match at.given("$ref") {
        Some(reference) => {
            let target = reader.files.target(&reference, trail)?;
            item(reader, &target.cursor()?, &target.trail, warnings)?
        }
        None => Item::default(),
    };
    if reader.servers
        && let Some(base) = servers::base(at, warnings)?
    {
        item.base = Some(base);
    }
    for (name, at) in at.map()? {
        if !METHODS.contains(&name) {
            continue;
        }
        let method = Method::parse(name.as_bytes());
        let found = operation(reader, &at, method, trail, warnings)?;
        match item.operations.iter_mut().find(|op| op.method == method) {
            Some(same) => *same = found,
            None => item.operations.push(found),
        }
    }
    Ok(item)
}

/// Operations may not be references by the letter, but descriptions in many files
/// use them so, and bundlers accept it.
fn operation(
    reader: &Reader<'_>,
    at: &Cursor<'_>,
    method: Method,
    trail: &[String],
    warnings: &mut Vec<Warning>,
) -> Result<Found, CatalogError> {
    let mut found = match at.given("$ref") {
        Some(reference) => {
            let target = reader.files.target(&reference, trail)?;
            let at = target.cursor()?;
            operation(reader, &at, method, &target.trail, warnings)?
        }
        None => Found {
            method,
            base: None,
            requirement: None,
            operation_id: None,
            tags: None,
            deprecated: None,
            place: at.place(),
        },
    };
    at.map()?;
    if reader.servers
        && let Some(base) = servers::base(at, warnings)?
    {
        found.base = Some(base);
    }
    if let Some(security) = at.get("security") {
        found.requirement = Some(security::requirement(&security, reader.scopes)?);
    }
    if let Some(id) = at.given("operationId") {
        found.operation_id = Some(id.spelling()?);
    }
    if let Some(tags) = at.given("tags") {
        let tags = tags.list()?;
        found.tags = Some(
            tags.iter()
                .map(Cursor::spelling)
                .collect::<Result<_, _>>()?,
        );
    }
    if let Some(deprecated) = at.given("deprecated") {
        found.deprecated = Some(deprecated.boolean()?);
    }
    Ok(found)
}
