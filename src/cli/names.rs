//! Names that do not meet: scopes that nobody asks for, clients that nobody names.

use super::pipeline::{Read, Routes};
use super::settings::Setup;
use crate::model::{Policy, Semantics, Warning};

/// Scopes that no operation asks for: often a typing error.
pub(super) fn unknown_scopes(
    policy: &Policy,
    routes: &Routes,
    semantics: &Semantics,
    setup: &Setup,
) -> Vec<Warning> {
    use crate::model::Granted;

    let mut known = routes.catalog.required_scopes();
    known.extend(routes.catalog.declared.iter().cloned());
    let mut warnings = Vec::new();
    for entry in policy.files.iter().flat_map(|file| &file.entries) {
        let Granted::Term(term) = &entry.granted else {
            continue;
        };
        let protocol = setup
            .protocol
            .iter()
            .any(|scope| scope.as_str() == term.as_str());
        if protocol || !semantics.expand(term, &known).is_empty() {
            continue;
        }
        let close =
            super::suggest::closest(term.as_str(), known.iter().map(crate::model::Scope::as_str));
        let hint = close
            .map(|close| format!(": did you mean `{close}`?"))
            .unwrap_or_default();
        let text =
            format!("`{term}` is granted, but no operation of the catalogue asks for it{hint}");
        warnings.push(Warning::new("unknown-scope", text).at(entry.place.clone()));
    }
    warnings
}

/// Clients that call and that no policy names, most requests first.
pub(super) fn only_in_log(policy: &Policy, read: &Read) -> Vec<(String, u64)> {
    let known = policy.clients();
    let mut list: Vec<(String, u64)> = read
        .collected
        .usage
        .requests_by_client()
        .into_iter()
        .filter(|(name, _)| !name.is_empty() && !known.contains(name.as_str()))
        .collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list
}
