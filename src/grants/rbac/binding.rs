//! Bindings: who is given which role.

use super::{Object, alone, role_name};
use crate::document::{Node, Value};
use crate::grants::GrantError;
use crate::grants::entry_reader::Reader;
use crate::grants::given::{Given, role_of};
use crate::grants::not_editable::marker;
use crate::grants::shapes::Shape;
use crate::grants::tree_path::Found;
use crate::model::{ClientName, RoleName, Subject, Warning};

impl Object<'_> {
    pub(in crate::grants) fn binding(&self, reader: &mut Reader<'_>) -> Result<(), GrantError> {
        let role = self.role_ref(reader)?;
        let Some(subjects) = self.found.get(self.names.subjects) else {
            return Ok(());
        };
        let given = Given {
            optional: false,
            audience: None,
            empty: self.names.empty,
            fixed: Some("a subject of a binding is no scope"),
        };
        let mut strangers = Vec::new();
        reader.shaped(
            &subjects,
            &Shape::Objects("name".to_owned()),
            &given,
            &mut |item, name| {
                let subject = self.subject(item, name);
                let known = matches!(subject, Subject::Client(_));
                if let Subject::Role(stranger) = &subject {
                    strangers.push((stranger.clone(), item.line));
                }
                let why = (!known).then(|| "a log does not tell who that is".to_owned());
                Some(role_of(&subject, role.as_str(), why))
            },
        )?;
        for (stranger, line) in strangers {
            let text = format!(
                "`{stranger}` has role `{role}`: a log does not tell who that is, so nothing is removed from the role"
            );
            let mut place = reader.place(self.found.node);
            place.line = line;
            let warning = Warning::new("unknown-members", text).at(place);
            reader.file().warnings.push(warning);
        }
        Ok(())
    }

    /// Who is meant: a client that a log names, or somebody whom none does.
    fn subject(&self, item: &Node, name: &str) -> Subject {
        let meaning = |text: &str| (self.names.meaning)(text);
        let text = |key: &str| {
            let text = item.get(key).and_then(Node::text)?;
            Some(meaning(text).unwrap_or_else(|| text.to_owned()))
        };
        let name = meaning(name).unwrap_or_else(|| name.to_owned());
        let (name, kind) = (
            name.as_str(),
            text("kind").unwrap_or_else(|| "Subject".to_owned()),
        );
        let stated = text("namespace");
        let templated = [Some(name), stated.as_deref(), self.namespace.as_deref()];
        let templated = templated
            .iter()
            .flatten()
            .any(|text| marker(text).is_some());
        let stranger = |namespace| Subject::Role(RoleName::new(&role_name(&kind, namespace, name)));
        if templated {
            return stranger(None);
        }
        match kind.as_str() {
            "User" => Subject::Client(ClientName::new(name)),
            "ServiceAccount" => {
                // The API server wants it to be stated; what a tool fills in is the binding's own.
                match stated.as_deref().or(self.namespace.as_deref()) {
                    Some(namespace) => {
                        let name = format!("system:serviceaccount:{namespace}:{name}");
                        Subject::Client(ClientName::new(&name))
                    }
                    None => stranger(None),
                }
            }
            _ => stranger(None),
        }
    }

    fn role_ref(&self, reader: &Reader<'_>) -> Result<RoleName, GrantError> {
        let wrong = |at: &Node| {
            let expected = "a mapping with `kind` (Role or ClusterRole) and `name`";
            Err(reader.wrong(at, "`roleRef`", expected))
        };
        let Some(at) = self.found.get(self.names.role_ref).map(alone) else {
            return Err(GrantError::BadName {
                place: reader.place(self.found.node),
                message: format!(
                    "{} `{}` names no role: `{}` is missing",
                    self.kind, self.name, self.names.role_ref
                ),
            });
        };
        let part = |key: &str| {
            at.get(key)
                .filter(|found: &Found<'_>| found.node.value != Value::Null)
        };
        let (Some(kind), Some(name)) = (part("kind"), part("name")) else {
            return wrong(at.node);
        };
        let name = reader.name(name.node, "role")?;
        let meant = (self.names.meaning)(name);
        let name = meant.as_deref().unwrap_or(name);
        match kind.node.text() {
            Some("ClusterRole") => Ok(RoleName::new(&role_name("ClusterRole", None, name))),
            Some("Role") if self.kind == "RoleBinding" => {
                let namespace = self.namespace.as_deref();
                Ok(RoleName::new(&role_name("Role", namespace, name)))
            }
            _ => wrong(at.node),
        }
    }
}
