//! Who has a policy of AWS in Terraform, and what refers to it means.

use super::{Iam, OF_GROUP};
use crate::document::Node;
use crate::grants::entry_reader::Reader;
use crate::grants::given::{role_of, term_of};
use crate::grants::terraform::code::{Named, Resource, flat};
use crate::grants::terraform::uses::{DOCUMENT, target};
use crate::grants::tree_path::Found;
use crate::model::{ClientName, RoleName, Subject};

/// Why a membership stays.
const ATTACHED: &str = "its policy comes with a resource of its own, which is removed by hand";
impl<'n> Iam<'_, 'n> {
    /// Gives what a reference means to somebody.
    pub(super) fn give(&self, reader: &mut Reader<'_>, address: &str, at: &Node, to: &Subject) {
        for role in self.roles(address) {
            let role = self.code.unique(&role);
            reader.fixed(role_of(to, &role, Some(ATTACHED.to_owned())), at);
        }
    }

    /// The documents that a policy is made of, by their addresses; itself where it has its own text.
    fn roles(&self, address: &str) -> Vec<String> {
        let mut all = vec![address.to_owned()];
        let mut next = 0;
        while let Some(resource) = all.get(next).map(|address| self.code.at(address)) {
            let is_document = resource.is_some_and(|own| own.kind == "aws_iam_policy_document");
            let key = if is_document {
                "source_policy_documents"
            } else {
                "policy"
            };
            let parts = resource.and_then(|own| own.found.get(key));
            let parts = parts.iter().flat_map(flat);
            let parts = parts.filter_map(|part| target(part.node.as_str()?));
            let parts: Vec<String> = parts
                .filter(|part| part.starts_with(DOCUMENT) && !all.contains(part))
                .collect();
            if is_document || parts.is_empty() {
                next += 1;
            } else {
                all.remove(next);
            }
            all.extend(parts);
        }
        all
    }

    pub(super) fn attach(&self, reader: &mut Reader<'_>, resource: &Found<'n>, to: &Subject) {
        if let Some(place) = resource.get("policy_arn") {
            self.attached(reader, &place, to);
        }
    }

    /// A managed policy, by its ARN.
    pub(super) fn attached(&self, reader: &mut Reader<'_>, place: &Found<'n>, to: &Subject) {
        let Some(text) = place.node.as_str() else {
            return;
        };
        if let Some(address) = target(text) {
            self.give(reader, &address, place.node, to);
        } else if let Some(shown) = reader.language.computed(reader.text, place.node) {
            reader.fixed(
                term_of(to, &shown, Some(reader.language.reason().to_owned())),
                place.node,
            );
        } else if !text.is_empty() && !text.chars().any(char::is_control) {
            reader.fixed(role_of(to, text, Some(ATTACHED.to_owned())), place.node);
        }
    }

    /// One policy, and lists of whom it is for.
    pub(super) fn attach_to_all(&mut self, reader: &mut Reader<'_>, resource: &Resource<'n>) {
        for key in ["roles", "users"] {
            let all = resource.found.get(key);
            for at in all.iter().flat_map(flat) {
                if let Some(named) = self.principal(reader, &at) {
                    let subject = self.client(reader, named);
                    self.attach(reader, &resource.found, &subject);
                }
            }
        }
        let groups = resource.found.get("groups");
        for at in groups.iter().flat_map(flat) {
            if let Some(group) = self.group_called(at.node) {
                self.attach(reader, &resource.found, &Subject::Role(group));
            }
        }
    }

    /// A role or user as a client.
    pub(super) fn itself(
        &mut self,
        reader: &mut Reader<'_>,
        resource: &Resource<'n>,
    ) -> (Subject, Option<String>) {
        let named = self.code.principal_itself(resource);
        let frozen = named.frozen.clone();
        (self.client(reader, named), frozen)
    }

    /// The users of a group; what it is given is not edited, as others may be in it.
    pub(super) fn members(&mut self, reader: &mut Reader<'_>, resource: &Resource<'n>) {
        let lists = [("user", "groups"), ("users", "group")];
        for (users, groups) in lists {
            let all = resource.found.get(users);
            for at in all.iter().flat_map(flat) {
                let (Some(named), Some(list)) =
                    (self.principal(reader, &at), resource.found.get(groups))
                else {
                    continue;
                };
                let subject = self.client(reader, named);
                for group in flat(&list) {
                    if let Some(role) = self.group_called(group.node) {
                        let grant = role_of(&subject, role.as_str(), Some(OF_GROUP.to_owned()));
                        reader.fixed(grant, group.node);
                    }
                }
            }
        }
    }

    pub(super) fn group(&self, resource: &Found<'n>, key: &str) -> Option<RoleName> {
        self.group_called(resource.get(key)?.node)
    }

    fn group_called(&self, node: &Node) -> Option<RoleName> {
        let text = node.as_str().filter(|text| !text.is_empty())?;
        let name = self.code.principal(text).name;
        (!name.chars().any(char::is_control)).then(|| RoleName::new(&format!("group/{name}")))
    }

    /// Whom an attribute names.
    pub(super) fn principal(&self, reader: &Reader<'_>, at: &Found<'n>) -> Option<Named> {
        let text = reader.name(at.node, "client").ok()?;
        Some(self.code.principal(text))
    }

    pub(super) fn client(&mut self, reader: &mut Reader<'_>, named: Named) -> Subject {
        let client = ClientName::new(&named.name);
        reader.client(client.clone());
        self.named.push(named);
        Subject::Client(client)
    }
}
