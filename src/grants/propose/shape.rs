//! The shape in which grants may stand in values of one key.

use std::sync::Arc;

use crate::document::{Node, Value};
use crate::grants::shapes::Shape;

/// Levels of access that belong together, the lowest first.
const LADDERS: [&[&str]; 4] = [
    &["read", "write", "admin"],
    &["view", "edit", "admin"],
    &["viewer", "editor", "owner"],
    &["read", "write", "maintain", "admin"],
];

/// Keys that hold the name of a grant in an object, the likelier first.
const NAMES: [&str; 9] = [
    "scope",
    "permission",
    "grant",
    "privilege",
    "group",
    "role",
    "name",
    "value",
    "id",
];

/// The shape that fits all of these values, if they look like grants.
pub(super) fn shape(values: &[&Node]) -> Option<Shape> {
    let values: Vec<&Node> = values
        .iter()
        .copied()
        .filter(|value| value.value != Value::Null)
        .collect();
    let all = |fits: &dyn Fn(&Node) -> bool| !values.is_empty() && values.iter().all(|v| fits(v));
    if all(&|value| value.as_seq().is_some()) {
        let items: Vec<&Node> = values
            .iter()
            .flat_map(|value| value.as_seq().unwrap_or_default())
            .collect();
        return of_items(&items);
    }
    if all(&|value| value.as_str().is_some()) {
        let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        return delimited(&texts);
    }
    if all(&|value| value.as_map().is_some()) {
        let pairs: Vec<&Node> = values
            .iter()
            .flat_map(|value| value.as_map().unwrap_or_default())
            .map(|(_, value)| value)
            .collect();
        return of_pairs(&pairs);
    }
    None
}

fn of_items(items: &[&Node]) -> Option<Shape> {
    let is = |fits: &dyn Fn(&Node) -> bool| !items.is_empty() && items.iter().all(|i| fits(i));
    if is(&|item| item.as_str().is_some_and(is_name)) {
        return Some(Shape::List);
    }
    if !is(&|item| item.as_map().is_some()) {
        return None;
    }
    let named = |key: &&&str| {
        let name = |item: &Node| item.get(key).and_then(Node::as_str).is_some_and(is_name);
        is(&name)
    };
    let key = NAMES.iter().find(named)?;
    Some(Shape::Objects((*key).to_owned()))
}

fn of_pairs(values: &[&Node]) -> Option<Shape> {
    let is = |fits: &dyn Fn(&Node) -> bool| !values.is_empty() && values.iter().all(|v| fits(v));
    if is(&|value| matches!(value.value, Value::Bool(_) | Value::Null)) {
        return Some(Shape::Keys);
    }
    let fits = |ladder: &&&[&str]| {
        let level = |value: &Node| {
            let text = value.as_str();
            text.is_some_and(|text| text == "none" || ladder.contains(&text))
        };
        is(&level)
    };
    let ladder = LADDERS.iter().find(fits)?;
    let levels: Vec<String> = ladder.iter().map(|level| (*level).to_owned()).collect();
    Some(Shape::Levels(Arc::from(levels)))
}

/// Texts of several names, or of one.
fn delimited(texts: &[&str]) -> Option<Shape> {
    let holds = |sign: char| texts.iter().any(|text| text.trim().contains(sign));
    let marks: Vec<char> = [',', ';', '|'].into_iter().filter(|c| holds(*c)).collect();
    let separator = match marks.as_slice() {
        [] => ' ',
        [one] => *one,
        // Nobody can tell which of them ends a name.
        _ => return None,
    };
    let mut words = texts
        .iter()
        .flat_map(|text| text.split(separator))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .peekable();
    words.peek()?;
    words.all(is_name).then_some(Shape::Delimited(separator))
}

/// Whether a text may be the name of a grant: one word, and no address.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && text.len() <= 200
        && !text.contains(char::is_whitespace)
        && !text.contains(char::is_control)
}

/// Whether a name looks like a scope, whatever its key is called: `orders:read`.
pub(super) fn is_scope(text: &str) -> bool {
    let word = |part: &str| {
        let first = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*');
        let inner = |c: char| c.is_ascii_alphanumeric() || "_-.*/".contains(c);
        first && part.chars().all(inner)
    };
    let parts: Vec<&str> = text.split(':').collect();
    let verbs = [
        "read", "write", "create", "delete", "update", "admin", "list",
    ];
    let by_points: Vec<&str> = text.split(['.', '/', '-', '_']).collect();
    let named = by_points.len() > 1
        && by_points.iter().all(|part| word(part))
        && by_points
            .iter()
            .any(|part| verbs.contains(&part.to_ascii_lowercase().as_str()));
    (2..=4).contains(&parts.len()) && parts.iter().all(|part| word(part)) || named
}
