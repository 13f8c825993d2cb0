//! Requests that take from a tenant of Microsoft Entra what edits took from its export.
//!
//! In: an export before and after its edits. Out: for each object of Microsoft Graph that goes or
//! changes, the request, as a command of the Azure CLI: `DELETE` of a consent or an assignment,
//! `PATCH` of the words of a consent or of what a manifest asks for.
//!
//! Invariants:
//! * the requests were made on the objects as read, and gave those of the edited file: they
//!   revoke what the diff removes, no more and no less; otherwise there are none;
//! * an id goes into an address only if Graph could have given it: `..` would name another object;
//! * nothing is sent anywhere.
//!
//! Graph has no `test` that would refuse an object which changed since it was exported.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::words::shell_word;

const GRAPH: &str = "https://graph.microsoft.com/v1.0";
/// Keys of lists in which objects are, as the policy format reads them.
const LISTS: [&str; 5] = [
    "value",
    "servicePrincipals",
    "applications",
    "oauth2PermissionGrants",
    "appRoleAssignments",
];
/// What a manifest asks for.
const ASKED: &str = "requiredResourceAccess";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Consent,
    Assignment,
    Manifest,
}

/// One request.
pub(super) struct Request {
    /// The object that it is about.
    pub(super) name: String,
    /// The command that would send it.
    pub(super) command: String,
}

/// What tells an object from the others of its kind; those without an id have none.
type Key = (Kind, Option<String>);

/// What becomes of one object.
enum Change {
    Gone,
    /// This key has this value now.
    Set(&'static str, Value),
}

/// The requests, of what is granted before those of what is asked for, in the order of the file;
/// the error says why there are none.
pub(super) fn of_export(old: &[Value], new: &[Value]) -> Result<Vec<Request>, String> {
    let (before, after) = (gathered(old), gathered(new));
    let mut requests = Vec::new();
    let mut changes = BTreeMap::new();
    for (key, (place, objects)) in &before {
        let left = after.get(key).map_or(&[][..], |(_, left)| left.as_slice());
        if objects.as_slice() == left {
            continue;
        }
        let Some(object) = objects.first() else {
            continue;
        };
        let change = change(key.0, left);
        requests.push(((key.0, *place), request(key, object, &change)?));
        changes.insert(key.clone(), change);
    }
    let mut made = old.to_vec();
    made.retain_mut(|root| keep(root, &changes));
    let mut wanted = new.to_vec();
    wanted.retain_mut(|root| keep(root, &BTreeMap::new()));
    if made != wanted {
        return Err("an object stands in it twice, and the edits are not the same".to_owned());
    }
    requests.sort_by_key(|(place, _)| *place);
    Ok(requests.into_iter().map(|(_, request)| request).collect())
}

/// The objects of a kind and id, and the place of the first of them.
fn gathered(roots: &[Value]) -> BTreeMap<Key, (usize, Vec<&Value>)> {
    let mut all = Vec::new();
    for root in roots {
        visit(root, &mut all);
    }
    let mut found: BTreeMap<Key, (usize, Vec<&Value>)> = BTreeMap::new();
    for (place, (key, object)) in all.into_iter().enumerate() {
        let (_, objects) = found.entry(key).or_insert_with(|| (place, Vec::new()));
        objects.push(object);
    }
    found
}

fn visit<'v>(value: &'v Value, all: &mut Vec<(Key, &'v Value)>) {
    if let Value::Array(items) = value {
        for item in items {
            visit(item, all);
        }
        return;
    }
    if let Some(kind) = kind(value) {
        all.push((key(kind, value), value));
    }
    for list in LISTS.iter().filter_map(|key| value.get(key)) {
        if list.is_array() {
            visit(list, all);
        }
    }
}

fn kind(object: &Value) -> Option<Kind> {
    let has = |key: &&str| text(object, key).is_some();
    if ["clientId", "resourceId", "scope"].iter().all(&has) {
        Some(Kind::Consent)
    } else if has(&"appRoleId") {
        Some(Kind::Assignment)
    } else if object.get(ASKED).is_some_and(Value::is_array) {
        Some(Kind::Manifest)
    } else {
        None
    }
}

fn key(kind: Kind, object: &Value) -> Key {
    let id = text(object, "id").or_else(|| match kind {
        Kind::Manifest => text(object, "appId"),
        Kind::Consent | Kind::Assignment => None,
    });
    (kind, id.map(str::to_owned))
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str()
}

fn change(kind: Kind, left: &[&Value]) -> Change {
    let Some(object) = left.first() else {
        return Change::Gone;
    };
    let (key, value) = match kind {
        Kind::Consent => ("scope", words(object)),
        Kind::Manifest => (ASKED, object.get(ASKED).cloned().unwrap_or_default()),
        // One of several: the others are taken for it.
        Kind::Assignment => return Change::Gone,
    };
    Change::Set(key, value)
}

/// The words of a consent, with one space between two.
fn words(consent: &Value) -> Value {
    let scope = text(consent, "scope").unwrap_or_default();
    let words: Vec<&str> = scope.split(' ').filter(|word| !word.is_empty()).collect();
    Value::from(words.join(" "))
}

/// Makes the changes in the objects of a tree; whether the tree itself stays.
fn keep(value: &mut Value, changes: &BTreeMap<Key, Change>) -> bool {
    if let Value::Array(items) = value {
        items.retain_mut(|item| keep(item, changes));
        return true;
    }
    if let Some(kind) = kind(value) {
        // Spaces are no words.
        if kind == Kind::Consent {
            value["scope"] = words(value);
        }
        match changes.get(&key(kind, value)) {
            Some(Change::Gone) => return false,
            Some(Change::Set(key, left)) => value[*key] = left.clone(),
            None => {}
        }
    }
    for key in LISTS {
        if let Some(list) = value.get_mut(key).filter(|list| list.is_array()) {
            keep(list, changes);
        }
    }
    true
}

fn request((kind, id): &Key, object: &Value, change: &Change) -> Result<Request, String> {
    let (a, what) = match kind {
        Kind::Consent => ("a", "consent"),
        Kind::Assignment => ("an", "assignment"),
        Kind::Manifest => ("a", "manifest"),
    };
    let checked = |id: Option<&str>, key: &str| match id {
        Some(id) if is_id(id) => Ok(id.to_owned()),
        Some(id) => {
            let id = id.escape_debug();
            Err(format!(
                "the `{key}` of {a} {what} is none of Graph's: `{id}`"
            ))
        }
        None => Err(format!("a changed {what} has no `{key}`")),
    };
    let id = checked(id.as_deref(), "id")?;
    let at = match kind {
        Kind::Consent => format!("oauth2PermissionGrants/{id}"),
        Kind::Assignment => {
            // Of the two addresses of an assignment the one that Microsoft advises.
            let resource = checked(text(object, "resourceId"), "resourceId")?;
            format!("servicePrincipals/{resource}/appRoleAssignedTo/{id}")
        }
        Kind::Manifest if text(object, "id").is_some() => format!("applications/{id}"),
        Kind::Manifest => format!("applications(appId='{id}')"),
    };
    let url = shell_word(&format!("{GRAPH}/{at}"));
    let command = match change {
        Change::Gone => format!("az rest --method delete --url {url}"),
        Change::Set(key, value) => {
            let body = shell_word(&json!({ *key: value }).to_string());
            format!("az rest --method patch --url {url} --body {body}")
        }
    };
    Ok(Request {
        name: format!("{what}-{id}"),
        command,
    })
}

/// Whether Graph could have given this id: a UUID, or bytes in the alphabet of addresses.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !id.is_empty() && id.bytes().all(plain)
}
