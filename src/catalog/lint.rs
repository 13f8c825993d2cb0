//! What every reader does last: paths without query, and warnings about the whole.

use crate::model::{Catalog, Clause, Requirement, Warning};

/// Base path and path with one slash between them.
pub(super) fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        format!("{base}{path}")
    } else {
        format!("{base}/{path}")
    }
}

/// `1 operation`, `2 operations`.
pub(super) fn count(number: usize) -> String {
    format!("{number} operation{}", if number == 1 { "" } else { "s" })
}

/// Cuts queries and fragments off the paths and adds the warnings that count operations.
pub(super) fn finish(mut catalog: Catalog) -> Catalog {
    let mut cut = 0;
    for operation in &mut catalog.operations {
        if let Some(end) = operation.path.find(['?', '#']) {
            operation.path.truncate(end);
            cut += 1;
        }
    }
    if cut > 0 {
        catalog.warnings.push(Warning::new(
            "query-in-path",
            format!(
                "a query or a fragment is cut off the path of {}; operations that differ only \
                 there count as one",
                count(cut)
            ),
        ));
    }
    let silent = catalog
        .operations
        .iter()
        .filter(|operation| operation.requirement == Requirement::Unspecified)
        .count();
    if silent > 0 {
        catalog.warnings.push(Warning::new(
            "unspecified-requirements",
            format!(
                "no requirement is given for {} of {}; nothing is concluded from requests to \
                 them",
                count(silent),
                catalog.operations.len()
            ),
        ));
    }
    if catalog.operations.is_empty() {
        catalog.warnings.push(Warning::new(
            "no-operations",
            "the API description holds no operation",
        ));
    }
    catalog
}

/// Warns when a clause asks for a scope and for a part of it: its author nearly always means
/// that either is enough.
pub(super) fn any_or_all(catalog: &mut Catalog) {
    let suspects: Vec<_> = catalog
        .operations
        .iter()
        .filter_map(|operation| {
            let pair = operation.requirement.clauses().iter().find_map(extension)?;
            Some((operation, pair))
        })
        .collect();
    let Some((operation, (shorter, longer))) = suspects.first() else {
        return;
    };
    let mut warning = Warning::new(
        "any-or-all",
        format!(
            "a scope and a part of it are required together by {}, such as `{shorter}` and \
             `{longer}` by `{}`; if either is enough, read the description with `--scopes any`",
            count(suspects.len()),
            operation.label()
        ),
    );
    warning.place.clone_from(&operation.place);
    catalog.warnings.push(warning);
}

/// A scope of the clause, and one that extends it at a delimiter.
fn extension(clause: &Clause) -> Option<(&str, &str)> {
    clause.iter().find_map(|longer| {
        let longer = longer.as_str();
        longer.match_indices(['.', ':', '/']).find_map(|(at, _)| {
            clause
                .get(&longer[..at])
                .map(|shorter| (shorter.as_str(), longer))
        })
    })
}
