//! Documents and their statements.

use crate::document::{Node, Value};
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::given::{Given, ItemGrant, role_of, term_of};
use crate::grants::nested::text;
use crate::grants::overlap::Reach;
use crate::grants::shapes::Shape;
use crate::grants::site::EmptyMeans;
use crate::grants::tree_path::{Found, TreePath};
use crate::grants::written::Slot;
use crate::model::{ClientName, Granted, Subject, Warning};

/// Whom a document gives something to.
pub(in crate::grants) struct Holder {
    pub(in crate::grants) subject: Subject,
    /// Why nothing of it is edited, if so.
    pub(in crate::grants) frozen: Option<String>,
}

impl Holder {
    pub(in crate::grants) fn client(name: &str) -> Self {
        Self {
            subject: Subject::Client(ClientName::new(name)),
            frozen: None,
        }
    }

    pub(in crate::grants) fn role(&self, name: &str, why: Option<String>) -> ItemGrant {
        role_of(&self.subject, name, self.frozen.clone().or(why))
    }
}

/// How the parts of a document are called.
pub(in crate::grants) struct Keys {
    statement: &'static str,
    /// The keys of a statement that is understood: its name, effect, actions, resources and
    /// condition.
    known: [&'static str; 5],
    others: Others,
}

/// The keys that mean all but what they name, and those of whom a policy of a resource is for.
struct Others {
    actions: &'static str,
    resources: &'static str,
    principals: [&'static str; 2],
}

/// In JSON.
pub(in crate::grants) const JSON: Keys = Keys {
    statement: "Statement",
    known: ["Sid", "Effect", "Action", "Resource", "Condition"],
    others: Others {
        actions: "NotAction",
        resources: "NotResource",
        principals: ["Principal", "NotPrincipal"],
    },
};

/// In `aws_iam_policy_document` of Terraform, where a statement allows if it says nothing.
pub(in crate::grants) const BLOCKS: Keys = Keys {
    statement: "statement",
    known: ["sid", "effect", "actions", "resources", "condition"],
    others: Others {
        actions: "not_actions",
        resources: "not_resources",
        principals: ["principals", "not_principals"],
    },
};

/// What is the same for all documents of a file, and how far each of its entries reaches.
pub(in crate::grants) struct Documents {
    /// How the next one is spelt.
    pub(in crate::grants) keys: &'static Keys,
    /// Statements that name principals are no grants of the holder; in a file that is nothing
    /// but a document they are an error.
    pub(in crate::grants) among_others: bool,
    pub(in crate::grants) reaches: Vec<Reach>,
}

impl Documents {
    /// Documents among other things of a file.
    pub(in crate::grants) fn among_others() -> Self {
        Self {
            keys: &JSON,
            among_others: true,
            reaches: Vec::new(),
        }
    }

    /// Documents of a file that is made of them.
    pub(super) fn alone() -> Self {
        Self {
            among_others: false,
            ..Self::among_others()
        }
    }
}

/// Whether this is a policy document: every statement says what it does.
pub(in crate::grants) fn is_document(node: &Node) -> bool {
    let Some(statement) = node.get("Statement") else {
        return false;
    };
    let says = |node: &Node| matches!(text(node, "Effect"), Some("Allow" | "Deny"));
    match &statement.value {
        Value::Seq(all) if all.is_empty() => node.get("Version").is_some(),
        Value::Seq(all) => all.iter().all(says),
        _ => says(statement),
    }
}

/// The actions that a document allows.
pub(in crate::grants) fn actions(document: &Node) -> Vec<&Node> {
    let statements = document.get("Statement").into_iter().flat_map(items);
    let allows = |own: &&Node| text(own, "Effect") == Some("Allow");
    let actions = statements
        .filter(allows)
        .filter_map(|own| own.get("Action"));
    actions.flat_map(items).collect()
}

/// The items of a list, or the one that stands for a list.
fn items(node: &Node) -> &[Node] {
    node.as_seq().unwrap_or(std::slice::from_ref(node))
}

/// Reads a document. With its last statement the item of `slot` goes; without one a document is
/// not emptied.
pub(in crate::grants) fn document(
    reader: &mut Reader<'_>,
    at: &Found<'_>,
    (holder, slot): (&Holder, Option<Slot>),
    documents: &mut Documents,
) -> Result<(), GrantError> {
    if let Subject::Client(client) = &holder.subject {
        reader.client(client.clone());
    }
    let Some(place) = at.get(documents.keys.statement) else {
        return Ok(());
    };
    if unknown(reader, &place, holder) {
        return Ok(());
    }
    if place.node.as_seq().is_none() {
        return statement(reader, &place, (holder, slot), documents);
    }
    let empty = if slot.is_some() {
        EmptyMeans::None
    } else {
        EmptyMeans::Invalid
    };
    let outer = reader.outer(&place, empty, slot);
    let statements = TreePath::of("[]").find(&place, &reader.shown)?;
    for (item, own) in statements.iter().enumerate() {
        let slot = outer.map(|outer| (outer, item));
        statement(reader, own, (holder, slot), documents)?;
    }
    Ok(())
}

/// Takes in what is no literal as one grant that stays.
pub(in crate::grants) fn unknown(
    reader: &mut Reader<'_>,
    place: &Found<'_>,
    holder: &Holder,
) -> bool {
    let Some(shown) = reader.language.computed(reader.text, place.node) else {
        return false;
    };
    let why = Some(reader.language.reason().to_owned());
    reader.fixed(term_of(&holder.subject, &shown, why), place.node);
    true
}

/// Reads one statement, or one block of Terraform that makes statements.
pub(in crate::grants) fn statement(
    reader: &mut Reader<'_>,
    at: &Found<'_>,
    (holder, slot): (&Holder, Option<Slot>),
    documents: &mut Documents,
) -> Result<(), GrantError> {
    let node = at.node;
    if unknown(reader, at, holder) {
        return Ok(());
    }
    let keys = documents.keys;
    let [_, effect, action, ..] = keys.known;
    let of_resource = keys.others.principals;
    if of_resource.iter().any(|key| node.get(key).is_some()) {
        return if documents.among_others {
            Ok(())
        } else {
            Err(policy_of_a_resource(reader, node))
        };
    }
    let (language, source) = (reader.language, reader.text);
    let computed = |key: &str| {
        let found = at.get(key)?;
        language.computed(source, found.node)
    };
    let mut frozen = holder.frozen.clone();
    match text(node, effect) {
        _ if computed(effect).is_some() => {
            frozen.get_or_insert_with(|| "whether its statement allows it is not known".to_owned());
        }
        Some("Allow") => {}
        Some("Deny") => return Ok(()),
        None if keys.statement == BLOCKS.statement && node.get(effect).is_none() => {}
        _ => {
            return Err(reader.wrong(
                node.get(effect).unwrap_or(node),
                format!("`{effect}`"),
                "`Allow` or `Deny`",
            ));
        }
    }
    let Some(place) = at.get(action) else {
        let text = format!(
            "a statement allows everything but some actions (`{}`): it is not read as a grant, and stays",
            keys.others.actions
        );
        let warning = Warning::new("not-action", text).at(reader.place(node));
        reader.file().warnings.push(warning);
        return Ok(());
    };
    let frozen = frozen.or_else(|| why_not(node, keys));
    let given = Given {
        optional: false,
        audience: None,
        empty: EmptyMeans::None,
        fixed: None,
    };
    let first = reader.layout.sites.len();
    let before = reader.file().entries.len();
    let computed = computed(action).is_some();
    if computed || place.node.as_seq().is_some() || place.node.value == Value::Null {
        reader.shaped(&place, &Shape::List, &given, &mut |_, action| {
            Some(term_of(&holder.subject, action, frozen.clone()))
        })?;
    } else {
        let action = reader.name(place.node, "scope")?.to_owned();
        reader.alone(&place, &given, term_of(&holder.subject, &action, frozen));
    }
    reader.inside(first, slot);
    let scope = scope(node, keys);
    documents.reaches.resize_with(before, Reach::default);
    for entry in reader.file().entries.iter().skip(before) {
        let patterns = match &entry.granted {
            Granted::Term(term) => vec![term.to_string()],
            Granted::Role(_) => Vec::new(),
        };
        documents.reaches.push(Reach {
            scope: scope.clone(),
            patterns,
        });
    }
    Ok(())
}

fn policy_of_a_resource(reader: &Reader<'_>, node: &Node) -> GrantError {
    GrantError::NoGrants {
        file: reader.shown.clone(),
        what: format!(
            "a policy of a resource, or a trust policy: its statements name principals (line {}); policies of roles and users are read",
            node.line
        ),
    }
}

/// Why a statement is not edited.
fn why_not(node: &Node, keys: &Keys) -> Option<String> {
    let [.., condition] = keys.known;
    if node.get(condition).is_some() {
        return Some("its statement has a condition".to_owned());
    }
    let own = node.as_map().unwrap_or_default().iter();
    let mut own = own.filter_map(|(key, _)| key.text());
    let other = own.find(|key| !keys.known.contains(key))?;
    Some(if other == keys.others.resources {
        format!("its statement has `{other}`")
    } else {
        "its statement has a key whose meaning is not known".to_owned()
    })
}

/// For which resources, and under which conditions.
fn scope(node: &Node, keys: &Keys) -> String {
    let [.., resource, condition] = keys.known;
    let mut resources: Vec<String> = match node.get(resource) {
        Some(node) => items(node)
            .iter()
            .map(|own| own.to_json().to_string())
            .collect(),
        None => Vec::new(),
    };
    resources.sort_unstable();
    resources.dedup();
    let others = [keys.others.resources, condition]
        .map(|key| node.get(key).map(|own| own.to_json().to_string()));
    format!("{resources:?} {others:?}")
}
