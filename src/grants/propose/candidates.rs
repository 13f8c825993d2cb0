//! Where in a document clients with grants may be.
//!
//! Invariant: what depends on the order of a file alone decides nothing.

use std::collections::BTreeMap;

use super::names::{ANYTHING, AUDIENCES, CLIENTS, GRANTS, IDS, MAYBE, OPTIONAL, OTHERS, word};
use super::shape::{is_scope, shape};
use crate::document::{Node, Value};
use crate::grants::shapes::Shape;
use crate::grants::tree_path::TreePath;

/// Collections within this many others are not looked into.
const DEPTH: usize = 7;
/// A mapping of more keys is looked at as one of entries alone.
const KEYS: usize = 60;

/// Clients with grants, perhaps.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) clients: TreePath,
    /// None where each stands under its name.
    pub(super) id: Option<TreePath>,
    pub(super) audience: Option<TreePath>,
    /// Where grants are in a client, and their shape. Several mean that none was chosen.
    pub(super) terms: Vec<(TreePath, Shape)>,
    pub(super) optional: Option<TreePath>,
    /// Whether a name says that these are clients.
    pub(super) named: bool,
    pub(super) doubts: Vec<String>,
}

impl Candidate {
    /// What it takes the file for.
    pub(super) fn sentence(&self) -> String {
        let terms: Vec<String> = self
            .terms
            .iter()
            .map(|(path, _)| format!("`{path}`"))
            .collect();
        let id = match &self.id {
            Some(id) => format!("called by `{id}`"),
            None => "called by their keys".to_owned(),
        };
        format!(
            "clients may be at `{}`, {id}, with their grants at {}",
            self.clients,
            terms.join(" or ")
        )
    }
}

/// Every place of these documents that looks like clients with grants.
pub(super) fn candidates(roots: &[Node]) -> Vec<Candidate> {
    let mut all = Vec::new();
    let roots: Vec<&Node> = roots.iter().collect();
    look(&roots, &TreePath::of("."), 0, &mut all);
    all
}

/// Looks at the nodes that one path leads to.
fn look(nodes: &[&Node], path: &TreePath, depth: usize, all: &mut Vec<Candidate>) {
    let nodes: Vec<&Node> = nodes
        .iter()
        .copied()
        .filter(|node| node.value != Value::Null)
        .collect();
    if depth > DEPTH || nodes.is_empty() {
        return;
    }
    if nodes.iter().all(|node| node.as_seq().is_some()) {
        let items: Vec<&Node> = nodes
            .iter()
            .flat_map(|node| node.as_seq().unwrap_or_default())
            .collect();
        if !items.is_empty() && items.iter().all(|item| item.as_map().is_some()) {
            let path = path.items();
            match of_objects(&items, &path, Called::ByValue) {
                Some(found) => all.push(found),
                None => within(&items, &path, depth, all),
            }
        }
    } else if nodes.iter().all(|node| node.as_map().is_some()) {
        if let Some(found) = of_entries(&nodes, path) {
            all.push(found);
        } else {
            within(&nodes, path, depth, all);
        }
    }
}

/// Looks at what is in mappings that are no clients.
fn within(nodes: &[&Node], path: &TreePath, depth: usize, all: &mut Vec<Candidate>) {
    let keyed = keyed(nodes);
    if keyed.len() > KEYS {
        let values: Vec<&Node> = keyed.into_values().flatten().collect();
        return look(&values, &path.entries(), depth + 1, all);
    }
    for (key, values) in keyed {
        if let Some(path) = path.then(key) {
            look(&values, &path, depth + 1, all);
        }
    }
}

/// The values of mappings by their keys.
fn keyed<'n>(nodes: &[&'n Node]) -> BTreeMap<&'n str, Vec<&'n Node>> {
    let mut keyed: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for (key, value) in nodes
        .iter()
        .flat_map(|node| node.as_map().unwrap_or_default())
    {
        if let Some(key) = key.text().filter(|key| *key != "<<") {
            keyed.entry(key).or_default().push(value);
        }
    }
    keyed
}

/// A mapping of names to clients, or to their grants.
fn of_entries(nodes: &[&Node], path: &TreePath) -> Option<Candidate> {
    let keyed = keyed(nodes);
    let words: Vec<String> = keyed.keys().map(|key| word(key)).collect();
    let telling = |word: &String| {
        let known: [&[&str]; 5] = [&GRANTS, &MAYBE, &OPTIONAL, &CLIENTS, &IDS];
        known.iter().any(|known| known.contains(&word.as_str()))
    };
    // Keys that say what stands under them are no names.
    if keyed.is_empty() || words.iter().any(telling) || is_other(path) {
        return None;
    }
    let values: Vec<&Node> = keyed.values().flatten().copied().collect();
    let path = path.entries();
    let clients = is_clients(&path);
    if values.iter().all(|value| value.as_map().is_some())
        && let Some(found) = of_objects(&values, &path, Called::ByKey)
    {
        return Some(found);
    }
    let shape = shape(&values)?;
    let names = matches!(shape, Shape::List) && scopes(&values);
    let words = matches!(shape, Shape::Delimited(_)) && scopes(&values);
    let granting = path
        .last_key()
        .map(word)
        .is_some_and(|key| GRANTS.contains(&key.as_str()));
    let plausible = match shape {
        Shape::List => clients || names || granting,
        Shape::Delimited(_) => words && (clients || granting),
        _ => clients || granting,
    };
    plausible.then(|| Candidate {
        named: clients || granting,
        clients: path,
        id: None,
        audience: None,
        terms: vec![(TreePath::of("."), shape)],
        optional: None,
        doubts: Vec::new(),
    })
}

/// How clients are called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    ByKey,
    ByValue,
}

/// Mappings that may be clients.
fn of_objects(items: &[&Node], path: &TreePath, called: Called) -> Option<Candidate> {
    let keyed = keyed(items);
    let text = |values: &Vec<&Node>| {
        values.len() == items.len()
            && values
                .iter()
                .all(|value| value.text().is_some_and(|text| !text.is_empty()))
    };
    let ids = IDS.iter().enumerate().filter_map(|(rank, known)| {
        let mut fits = keyed
            .iter()
            .filter(|(key, values)| word(key) == *known && text(values));
        fits.next().map(|(key, _)| (rank, *key))
    });
    let ids: Vec<(usize, &str)> = ids.collect();
    let id = ids.first().filter(|_| called == Called::ByValue);
    if called == Called::ByValue && id.is_none() || is_other(path) {
        return None;
    }
    let mut doubts = Vec::new();
    let (terms, more) = grants(&keyed);
    let optional = more.iter().find(|(path, _)| is_word(path, &OPTIONAL));
    let optional = optional.map(|(path, _)| path.clone());
    let named = is_clients(path) || id.is_some_and(|(rank, _)| *rank < ANYTHING);
    let chosen = if terms.is_empty() {
        // Of what may be roles, and of what only looks like scopes, one is not enough.
        let may = |(path, shape): &&(TreePath, Shape)| {
            let scopes = matches!(shape, Shape::List | Shape::Delimited(_));
            is_word(path, &MAYBE) && named || scopes && scope_values(path, &keyed)
        };
        more.iter().filter(may).cloned().collect()
    } else {
        terms
    };
    if chosen.is_empty() {
        return None;
    }
    for (path, _) in more.iter().filter(|(path, _)| is_word(path, &MAYBE)) {
        if !chosen.iter().any(|(own, _)| own == path) {
            doubts.push(format!(
                "`{path}` may hold grants of clients as well, or roles; it is not read"
            ));
        }
    }
    let (at, _) = chosen.first()?;
    let without = items.len() - chosen_values(at, &keyed).len().min(items.len());
    if without > 0 && chosen.len() == 1 {
        doubts.push(format!("{without} of {} have no `{at}`", items.len()));
    }
    if called == Called::ByValue {
        let others = ids
            .iter()
            .skip(1)
            .filter(|(_, key)| Some(*key) != id.map(|(_, key)| *key));
        doubts.extend(others.take(3).map(|(_, key)| {
            format!("`{key}` may be another name of a client in the logs: add `aliases`")
        }));
    }
    let mut audiences = keyed
        .iter()
        .filter(|(key, _)| AUDIENCES.contains(&word(key).as_str()));
    let audience = audiences
        .find(|(_, values)| values.iter().all(|value| value.as_str().is_some()))
        .map(|(key, _)| TreePath::key(key));
    Some(Candidate {
        clients: path.clone(),
        id: id.map(|(_, key)| TreePath::key(key)),
        audience,
        terms: chosen,
        optional,
        named,
        doubts,
    })
}

type Places = Vec<(TreePath, Shape)>;

/// The keys of clients under which grants are by their name, and others of such a shape; a key
/// within one is looked at as well (`access.scopes`).
fn grants(keyed: &BTreeMap<&str, Vec<&Node>>) -> (Places, Places) {
    let (mut certain, mut others) = (Vec::new(), Vec::new());
    let mut sort = |path: TreePath, values: &[&Node]| {
        let Some(shape) = shape(values) else { return };
        if is_word(&path, &GRANTS) {
            certain.push((path, shape));
        } else {
            others.push((path, shape));
        }
    };
    for (key, values) in keyed {
        let Some(path) = TreePath::of(".").then(key) else {
            continue;
        };
        let maps = values.iter().all(|value| value.as_map().is_some());
        let inner = if maps {
            self::keyed(values)
        } else {
            BTreeMap::new()
        };
        let telling = |key: &&&str| GRANTS.contains(&word(key).as_str());
        if inner.keys().any(|key| telling(&key)) {
            for (key, values) in inner {
                if let Some(path) = path.then(key) {
                    sort(path, &values);
                }
            }
        } else {
            sort(path, values);
        }
    }
    (certain, others)
}

fn is_word(path: &TreePath, known: &[&str]) -> bool {
    path.last_key()
        .is_some_and(|key| known.contains(&word(key).as_str()))
}

fn chosen_values<'n>(path: &TreePath, keyed: &BTreeMap<&str, Vec<&'n Node>>) -> Vec<&'n Node> {
    let mut found = Vec::new();
    for (key, values) in keyed {
        let first = TreePath::key(key);
        for value in values {
            let own = TreePath::of(".").then(key).as_ref() == Some(path);
            let within = value.as_map().unwrap_or_default().iter();
            let within = within.filter(|(inner, _)| {
                inner.text().and_then(|inner| first.then(inner)).as_ref() == Some(path)
            });
            found.extend(own.then_some(*value));
            found.extend(within.map(|(_, value)| value).filter(|_| !own));
        }
    }
    found
}

fn scope_values(path: &TreePath, keyed: &BTreeMap<&str, Vec<&Node>>) -> bool {
    scopes(&chosen_values(path, keyed))
}

/// Whether most names in these values look like scopes.
fn scopes(values: &[&Node]) -> bool {
    let signs = [' ', ',', ';', '|'];
    let mut names: Vec<&str> = Vec::new();
    for value in values {
        let items = value.as_seq().unwrap_or_default().iter();
        names.extend(items.filter_map(Node::as_str));
        names.extend(
            value
                .as_str()
                .into_iter()
                .flat_map(|text| text.split(signs)),
        );
    }
    names.retain(|name| !name.trim().is_empty());
    let like = names.iter().filter(|name| is_scope(name)).count();
    like * 2 > names.len()
}

fn is_clients(path: &TreePath) -> bool {
    is_word(path, &CLIENTS)
}

fn is_other(path: &TreePath) -> bool {
    is_word(path, &OTHERS)
}
