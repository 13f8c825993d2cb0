//! `security` of OpenAPI and Swagger: what an operation requires.
//!
//! In: a list of requirement entries. Out: a requirement in disjunctive form.
//!
//! Invariants (OpenAPI 3.1.1 section 4.8.30; Swagger 2.0 reads the same):
//! * entries are alternatives, the schemes inside an entry are needed together;
//! * names in a list count whatever the scheme's type: some vendors list scopes
//!   under an HTTP bearer scheme;
//! * an entry without any scope describes another kind of credential (an API key,
//!   a password), so it does not make an operation free of scopes when another
//!   entry has some.

use crate::model::{Clause, Requirement};

use super::document::Cursor;
use super::{CatalogError, ScopeList};

/// Alternatives of one entry; more are refused instead of filling the memory.
const MAX_CLAUSES: usize = 1000;

/// What a `security` list requires, and whether anonymous callers are accepted too.
pub(super) fn requirement(
    security: &Cursor<'_>,
    scopes: ScopeList,
) -> Result<(Requirement, bool), CatalogError> {
    let mut clauses: Vec<Clause> = Vec::new();
    let mut optional = false;
    for entry in security.list()? {
        if entry.is_empty_map() {
            optional = true;
            continue;
        }
        for clause in entry_clauses(&entry, scopes)? {
            if !clause.is_empty() && !clauses.contains(&clause) {
                clauses.push(clause);
            }
        }
    }
    if optional || clauses.is_empty() {
        clauses.push(Clause::new());
    }
    Ok((Requirement::AnyOf(clauses), optional))
}

fn entry_clauses(entry: &Cursor<'_>, scopes: ScopeList) -> Result<Vec<Clause>, CatalogError> {
    let mut clauses = vec![Clause::new()];
    for (_, scheme) in entry.map()? {
        let names = scheme.scopes()?;
        if names.is_empty() {
            continue;
        }
        match scopes {
            ScopeList::All => {
                for clause in &mut clauses {
                    clause.extend(names.iter().cloned());
                }
            }
            ScopeList::Any => {
                if clauses.len() * names.len() > MAX_CLAUSES {
                    return Err(entry.error(format!(
                        "the requirement at `{}` has more than {MAX_CLAUSES} alternatives",
                        entry.pointer()
                    )));
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
    Ok(clauses)
}
