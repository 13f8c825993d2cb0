//! Policies of AWS IAM in a template: those of roles, users and groups, and those of functions of
//! SAM.
//!
//! Invariants:
//! * a statement means what it means in `aws_iam`, by whose code it is read;
//! * a policy with lists of whom it is for is a role of those; it stays where something else of
//!   the template refers to it, or its lists are not literals or references;
//! * memberships are not edited.

mod mentioned;

use crate::document::Node;
use crate::grants::GrantError;
use crate::grants::aws_iam::statement::{Documents, Holder, document, unknown};
use crate::grants::aws_iam::{group_role, inline_policies};
use crate::grants::entry_reader::Reader;
use crate::grants::given::term_of;
use crate::grants::overlap::freeze_overlaps;
use crate::grants::site::EmptyMeans;
use crate::grants::tree_path::Found;
use crate::model::{ClientName, RoleName, ScopeMatch, Subject};
use mentioned::{ends_so, mentioned};

const ATTACHED: &str = "its policy stands elsewhere, and is detached by hand";
const OF_GROUP: &str = "it is given to a group, whose members a log does not tell";
const OF_SAM: &str = "it is a name or a template of policies, and not their text";
const EXPRESSION: &str = "whom it is for is an intrinsic function";

/// A resource that has policies, and the property with its name.
const NAMED: [(&str, &str); 5] = [
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::Group", "GroupName"),
    // Its role is made for it.
    ("AWS::Serverless::Function", ""),
    ("AWS::Serverless::StateMachine", ""),
];

/// A policy of its own.
const POLICIES: [&str; 5] = [
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
];

/// Whether a resource of this type is read here.
pub(super) fn is_known(kind: &str) -> bool {
    POLICIES.contains(&kind) || NAMED.iter().any(|(known, _)| *known == kind)
}

/// The resources of one template.
pub(super) struct Template<'n> {
    all: Vec<(&'n str, &'n str, Found<'n>)>,
    documents: Documents,
    /// Clients that nothing says the name of in logs.
    by_address: Vec<String>,
}

/// Reads the policies of a template; gives the clients that logs call by other names.
pub(super) fn read(
    reader: &mut Reader<'_>,
    root: &Node,
    resources: &Found<'_>,
) -> Result<Vec<String>, GrantError> {
    let known = |found: Found<'_>| is_known(kind(found.node));
    let known = resources
        .entries()
        .into_iter()
        .filter(|own| known(own.clone()));
    let all: Vec<_> = known
        .filter_map(|found| Some((found.key?.text()?, kind(found.node), found)))
        .collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    reader.file().matching = Some(ScopeMatch::GlobAnyCase);
    let mut template = Template {
        all,
        documents: Documents::among_others(),
        by_address: Vec::new(),
    };
    for at in 0..template.all.len() {
        let (name, kind, found) = template.all[at].clone();
        reader.name(found.key.unwrap_or(found.node), "client")?;
        let Some(own) = found.get("Properties") else {
            continue;
        };
        if POLICIES.contains(&kind) {
            template.policy(reader, root, (name, kind, &own))?;
        } else {
            template.holder_of(reader, (name, kind, &own))?;
        }
    }
    freeze_overlaps(reader.file(), &template.documents.reaches);
    Ok(template.by_address)
}

fn kind(resource: &Node) -> &str {
    let kind = resource.get("Type").and_then(Node::text);
    kind.unwrap_or_default()
}

impl<'n> Template<'n> {
    /// What a role, user, group or function has by itself.
    fn holder_of(
        &mut self,
        reader: &mut Reader<'_>,
        (name, kind, own): (&str, &str, &Found<'n>),
    ) -> Result<(), GrantError> {
        let holder = self.resource(reader, name);
        if matches!(holder.subject, Subject::Role(_)) {
            reader.role(&holder_name(&holder));
        }
        if kind.starts_with("AWS::Serverless::") {
            // With a role of its own it has no policies.
            if own.get("Role").is_none() {
                self.of_function(reader, own, &holder)?;
            }
            return Ok(());
        }
        inline_policies(reader, own, ("Policies", &holder), &mut self.documents)?;
        if let Some(place) = own.get("ManagedPolicyArns") {
            for item in items(&place) {
                self.attached(reader, &item, &holder);
            }
        }
        if let Some(place) = own.get("Groups") {
            for group in items(&place) {
                if let Some(role) = self.group(reader, &group) {
                    let grant = holder.role(&role, Some(OF_GROUP.to_owned()));
                    reader.fixed(grant, group.node);
                }
            }
        }
        Ok(())
    }

    /// The policies of a function: documents, names and templates of SAM.
    fn of_function(
        &mut self,
        reader: &mut Reader<'_>,
        own: &Found<'n>,
        holder: &Holder,
    ) -> Result<(), GrantError> {
        let Some(place) = own.get("Policies") else {
            return Ok(());
        };
        if unknown(reader, &place, holder) {
            return Ok(());
        }
        let outer = place.node.as_seq().is_some();
        let outer = outer.then(|| reader.outer(&place, EmptyMeans::None, None));
        for (item, policy) in items(&place).iter().enumerate() {
            if policy.node.get("Statement").is_some() {
                let slot = outer.flatten().map(|outer| (outer, item));
                document(reader, policy, (holder, slot), &mut self.documents)?;
            } else if let Some(pairs) = policy
                .node
                .as_map()
                .filter(|_| !is_computed(reader, policy.node))
            {
                for (key, _) in pairs {
                    let name = reader.name(key, "scope")?.to_owned();
                    let grant = term_of(&holder.subject, &name, Some(OF_SAM.to_owned()));
                    reader.fixed(grant, key);
                }
            } else {
                self.attached(reader, policy, holder);
            }
        }
        Ok(())
    }

    /// A policy that stands for itself.
    fn policy(
        &mut self,
        reader: &mut Reader<'_>,
        root: &Node,
        (name, kind, own): (&str, &str, &Found<'n>),
    ) -> Result<(), GrantError> {
        let single = [
            ("RoleName", false),
            ("UserName", false),
            ("GroupName", true),
        ];
        let single = single
            .into_iter()
            .filter(|_| !["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"].contains(&kind));
        let lists = [("Roles", false), ("Users", false), ("Groups", true)];
        let role = reader.role(name);
        let mut frozen = None;
        let stated = own.node.get("ManagedPolicyName").and_then(Node::text);
        let by_arn = stated.is_some_and(|name| ends_so(root, &format!("/{name}")));
        if kind == "AWS::IAM::ManagedPolicy" && (by_arn || mentioned(root, name)) {
            frozen = Some(
                "something else in the template refers to its policy, so who has it is not known"
                    .to_owned(),
            );
        }
        for (key, is_group) in lists.into_iter().chain(single) {
            let Some(place) = own.get(key) else {
                continue;
            };
            for item in items(&place) {
                let holder = if is_group {
                    self.group(reader, &item).map(|group| Holder {
                        subject: Subject::Role(RoleName::new(&group)),
                        frozen: None,
                    })
                } else {
                    self.named(reader, &item)
                };
                let Some(holder) = holder else {
                    continue;
                };
                frozen = frozen.or_else(|| holder.frozen.clone().filter(|_| !is_group));
                if let Subject::Client(client) = &holder.subject {
                    reader.client(client.clone());
                }
                reader.fixed(
                    holder.role(role.as_str(), Some(ATTACHED.to_owned())),
                    item.node,
                );
            }
        }
        let holder = Holder {
            subject: Subject::Role(role),
            frozen,
        };
        let Some(place) = own.get("PolicyDocument") else {
            return Ok(());
        };
        if unknown(reader, &place, &holder) {
            return Ok(());
        }
        document(reader, &place, (&holder, None), &mut self.documents)
    }

    /// A managed policy, by its ARN or by a reference.
    fn attached(&self, reader: &mut Reader<'_>, item: &Found<'n>, holder: &Holder) {
        let why = Some(ATTACHED.to_owned());
        if let Some(name) = reference(reader, item.node)
            && self
                .all
                .iter()
                .any(|(own, kind, _)| *own == name && POLICIES.contains(kind))
        {
            reader.fixed(holder.role(&name, why), item.node);
        } else if !unknown(reader, item, holder)
            && let Some(text) = item.node.as_str().filter(|text| is_name(text))
        {
            reader.fixed(holder.role(text, why), item.node);
        }
    }

    /// A role, user, group or function of the template as somebody who has policies.
    fn resource(&mut self, reader: &mut Reader<'_>, name: &str) -> Holder {
        let found = self.all.iter().find(|(own, ..)| *own == name);
        let (kind, found) = found.map_or(("", None), |(_, kind, found)| (*kind, Some(found)));
        let key = NAMED
            .iter()
            .find(|(known, _)| *known == kind)
            .map_or("", |own| own.1);
        let stated = found.and_then(|found| found.get("Properties")?.get(key));
        let stated = stated.filter(|own| reader.language.computed(reader.text, own.node).is_none());
        let stated = stated.and_then(|own| {
            own.node
                .text()
                .filter(|text| is_name(text))
                .map(str::to_owned)
        });
        if kind == "AWS::IAM::Group" {
            let group = group_role(stated.as_deref().unwrap_or(name));
            return Holder {
                subject: Subject::Role(RoleName::new(&group)),
                frozen: Some(OF_GROUP.to_owned()),
            };
        }
        if stated.is_none() {
            self.by_address.push(format!("`{name}`"));
        }
        let holder = Holder::client(stated.as_deref().unwrap_or(name));
        reader.client(ClientName::new(&holder_name(&holder)));
        holder
    }

    /// Whom an item of a list names.
    fn named(&mut self, reader: &mut Reader<'_>, item: &Found<'n>) -> Option<Holder> {
        if let Some(name) = reference(reader, item.node)
            && self.all.iter().any(|(own, ..)| *own == name)
        {
            return Some(self.resource(reader, &name));
        }
        if let Some(shown) = reader.language.computed(reader.text, item.node) {
            return Some(Holder {
                frozen: Some(EXPRESSION.to_owned()),
                ..Holder::client(&shown)
            });
        }
        let name = item.node.as_str().filter(|text| is_name(text))?;
        Some(Holder::client(name))
    }

    fn group(&mut self, reader: &mut Reader<'_>, item: &Found<'n>) -> Option<String> {
        self.named(reader, item)
            .map(|holder| match &holder.subject {
                Subject::Role(role) => role.to_string(),
                Subject::Client(name) => group_role(name.as_str()),
            })
    }
}

fn holder_name(holder: &Holder) -> String {
    match &holder.subject {
        Subject::Client(name) => name.to_string(),
        Subject::Role(name) => name.to_string(),
    }
}

fn is_computed(reader: &Reader<'_>, node: &Node) -> bool {
    reader.language.computed(reader.text, node).is_some()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// The items of a list, or the one thing that stands there.
fn items<'n>(place: &Found<'n>) -> Vec<Found<'n>> {
    match place.node.as_seq() {
        Some(items) => items.iter().map(|item| place.below(None, item)).collect(),
        None => vec![place.clone()],
    }
}

/// The resource that `!Ref x`, or `{"Ref": "x"}`, names.
fn reference(reader: &Reader<'_>, node: &Node) -> Option<String> {
    if let Some([(key, name)]) = node.as_map() {
        return name
            .text()
            .filter(|_| key.text() == Some("Ref"))
            .map(str::to_owned);
    }
    let shown = reader.language.computed(reader.text, node)?;
    shown.strip_prefix("!Ref ").map(str::to_owned)
}
