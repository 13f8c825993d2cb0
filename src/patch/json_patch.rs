//! Edits as JSON Patch (RFC 6902), for objects that live behind an API.
//!
//! In: a file before and after its edits. Out: for each object in it that changes, the operations.
//!
//! Invariants:
//! * in front of every operation stands a `test` of the value that it takes, and in front of
//!   those within an item of a list one of the whole item, so that an object that changed
//!   meanwhile is refused as a whole;
//! * nothing is added;
//! * the operations were applied to the objects as read, and gave those of the edited file;
//!   otherwise there are none. Nothing is sent anywhere.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{FilePatch, graph_requests};
use crate::grants;
use crate::model::words::shell_word;

/// The edits of one object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ObjectPatch {
    /// The names that tell it from the others of its file.
    pub name: String,
    /// The operations, tests included; none where its API does not take JSON Patch.
    pub operations: Vec<Value>,
    /// The command that would send them, where the object has one.
    pub command: Option<String>,
}

/// The edits of a file, object by object; the error says why they are not put so.
pub(crate) fn of_objects(file: &FilePatch) -> Result<Vec<ObjectPatch>, String> {
    let format = &*file.reread.format;
    let read =
        |bytes: Arc<[u8]>| grants::as_json(&bytes, &file.path).map_err(|error| error.to_string());
    let both = || -> Result<_, String> {
        Ok((read(Arc::clone(&file.old))?, read(Arc::from(&*file.new))?))
    };
    if format == "entra" {
        let (old, new) = both()?;
        let requests = graph_requests::of_export(&old, &new)?.into_iter();
        let patch = |own: graph_requests::Request| ObjectPatch {
            name: own.name,
            operations: Vec::new(),
            command: Some(own.command),
        };
        return Ok(requests.map(patch).collect());
    }
    let Some((list, names)) = shape(format) else {
        return Err(format!("what `{format}` holds is not an object of an API"));
    };
    let (mut old, new) = both()?;
    let mut patches = Vec::new();
    let mut after = new.clone();
    let mut found = objects(&mut old, list);
    let mut left = objects(&mut after, list);
    if found.len() != left.len() {
        return Err("a whole object goes".to_owned());
    }
    for (object, left) in found.iter_mut().zip(&mut left) {
        if object == left {
            continue;
        }
        let mut operations = Vec::new();
        difference(object, left, "", &mut operations);
        let mut name: Vec<&str> = names.iter().filter_map(|path| text(object, path)).collect();
        if name.is_empty() {
            name.push("object");
        }
        patches.push(ObjectPatch {
            name: name.join("-"),
            command: command(format, object, &operations),
            operations,
        });
        let applied = patches
            .last()
            .and_then(|own| apply(object, &own.operations));
        **object = applied.ok_or("the edit is no JSON Patch")?;
    }
    if old != new {
        return Err("the edit is no JSON Patch".to_owned());
    }
    Ok(patches)
}

/// The key of the list that objects may be in, and where the names of an object are.
type ObjectShape = (&'static str, &'static [&'static str]);

fn shape(format: &str) -> Option<ObjectShape> {
    match format {
        "kubernetes-rbac" => Some(("items", &["/kind", "/metadata/namespace", "/metadata/name"])),
        "auth0" => Some(("clientGrants", &["/client_id", "/audience"])),
        "hydra-clients" => Some(("items", &["/client_id"])),
        _ => None,
    }
}

fn text<'v>(object: &'v Value, pointer: &str) -> Option<&'v str> {
    object.pointer(pointer)?.as_str()
}

fn objects<'v>(roots: &'v mut [Value], list: &str) -> Vec<&'v mut Value> {
    let mut all = Vec::new();
    for root in roots {
        let is_list = root.get(list).is_some_and(Value::is_array);
        let held = if is_list {
            root.get_mut(list)
        } else {
            Some(root)
        };
        match held {
            Some(Value::Array(items)) => all.extend(items),
            Some(root) => all.push(root),
            None => {}
        }
    }
    all
}

/// The operations that make the one of the other, as far as there are any.
fn difference(old: &Value, new: &Value, at: &str, operations: &mut Vec<Value>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match new.get(key) {
                    Some(left) => difference(value, left, &at, operations),
                    None => take(&at, value, operations),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let mut left = new.iter().peekable();
            let mut gone = Vec::new();
            for (index, item) in old.iter().enumerate() {
                match left.next_if(|left| is_left_of(left, item)) {
                    Some(left) if left == item => {}
                    Some(left) => {
                        let at = format!("{at}/{index}");
                        operations.push(json!({"op": "test", "path": at, "value": item}));
                        difference(item, left, &at, operations);
                    }
                    None => gone.push((index, item)),
                }
            }
            // From the end, so that the numbers of those in front stay.
            for (index, item) in gone.into_iter().rev() {
                take(&format!("{at}/{index}"), item, operations);
            }
        }
        _ => {
            operations.push(json!({"op": "test", "path": at, "value": old}));
            operations.push(json!({"op": "replace", "path": at, "value": new}));
        }
    }
}

fn take(at: &str, value: &Value, operations: &mut Vec<Value>) {
    operations.push(json!({"op": "test", "path": at, "value": value}));
    operations.push(json!({"op": "remove", "path": at}));
}

/// Whether an item of a list may be what edits leave of another.
fn is_left_of(new: &Value, old: &Value) -> bool {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => new.iter().all(|(key, value)| {
            old.get(key).is_some_and(|old| match (value, old) {
                (Value::Array(new), Value::Array(old)) => {
                    let mut old = old.iter();
                    new.iter().all(|new| old.any(|old| is_left_of(new, old)))
                }
                (value, old) => is_left_of(value, old),
            })
        }),
        (new, old) => new == old,
    }
}

/// The object after the operations, where all of them fit.
fn apply(object: &Value, operations: &[Value]) -> Option<Value> {
    let mut object = object.clone();
    for operation in operations {
        let path = operation.get("path")?.as_str()?;
        let value = operation.get("value");
        match operation.get("op")?.as_str()? {
            "test" if object.pointer(path) == value => {}
            "replace" => *object.pointer_mut(path)? = value?.clone(),
            "remove" => {
                let (parent, key) = path.rsplit_once('/')?;
                match object.pointer_mut(parent)? {
                    Value::Array(items) => {
                        let index = key.parse().ok().filter(|index| *index < items.len())?;
                        items.remove(index);
                    }
                    Value::Object(pairs) => {
                        let key = key.replace("~1", "/").replace("~0", "~");
                        pairs.remove(&key)?;
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(object)
}

/// The command of Kubernetes that would send the operations.
fn command(format: &str, object: &Value, operations: &[Value]) -> Option<String> {
    if format != "kubernetes-rbac" {
        return None;
    }
    let kind = text(object, "/kind")?.to_ascii_lowercase();
    let name = shell_word(text(object, "/metadata/name")?);
    let namespace = text(object, "/metadata/namespace");
    let namespace = namespace.map(|own| format!(" --namespace {}", shell_word(own)));
    let patch = Value::from(operations).to_string();
    Some(format!(
        "kubectl patch {kind}.rbac.authorization.k8s.io {name}{} --type json --patch {}",
        namespace.unwrap_or_default(),
        shell_word(&patch)
    ))
}
