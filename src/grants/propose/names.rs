//! What keys are called under which clients, their names and their grants stand.

/// Keys of grants. The words are compared without case and signs, in the singular.
pub(super) const GRANTS: [&str; 14] = [
    "scope",
    "permission",
    "privilege",
    "entitlement",
    "grant",
    "grantedscope",
    "allowedscope",
    "defaultscope",
    "clientscope",
    "apiscope",
    "scopelist",
    "right",
    "access",
    "accessright",
];
/// Keys of what may be grants as well, or bundles of them.
pub(super) const MAYBE: [&str; 9] = [
    "role",
    "group",
    "authority",
    "acl",
    "allow",
    "allowed",
    "capability",
    "operation",
    "api",
];
/// Keys of grants that a client gets on request.
pub(super) const OPTIONAL: [&str; 4] = [
    "optional",
    "optionalscope",
    "optionalpermission",
    "requestable",
];
/// Keys of a client's name, the likelier first.
pub(super) const IDS: [&str; 21] = [
    "clientid",
    "client",
    "clientname",
    "consumer",
    "consumerid",
    "appid",
    "applicationid",
    "app",
    "application",
    "appname",
    "applicationname",
    "serviceaccount",
    "azp",
    "principal",
    "subject",
    "service",
    "account",
    "id",
    "name",
    "username",
    "user",
];
/// From here on the words of [`IDS`] may name anything.
pub(super) const ANYTHING: usize = 17;
/// Keys under which clients are.
pub(super) const CLIENTS: [&str; 16] = [
    "client",
    "consumer",
    "application",
    "app",
    "serviceaccount",
    "service",
    "principal",
    "integration",
    "partner",
    "machine",
    "account",
    "subject",
    "caller",
    "tenant",
    "registration",
    "credential",
];
/// Keys under which roles, people or definitions are, and no clients.
pub(super) const OTHERS: [&str; 12] = [
    "role",
    "group",
    "scope",
    "permission",
    "user",
    "people",
    "person",
    "team",
    "definition",
    "route",
    "endpoint",
    "resource",
];
/// Keys of the API that grants are for.
pub(super) const AUDIENCES: [&str; 4] = ["audience", "aud", "resourceserver", "apiidentifier"];

/// A key without case and signs, in the singular.
pub(super) fn word(key: &str) -> String {
    let letters = key.chars().filter(|c| c.is_alphanumeric());
    let word: String = letters.flat_map(char::to_lowercase).collect();
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') && stem.len() > 2 => stem.to_owned(),
        _ => word,
    }
}
