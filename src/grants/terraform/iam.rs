//! Policies of AWS IAM in Terraform: documents, the resources that hold them, and attachments.
//!
//! ```hcl
//! data "aws_iam_policy_document" "orders" {
//!   statement {
//!     actions   = ["s3:GetObject", "s3:PutObject"]
//!     resources = ["arn:aws:s3:::orders/*"]
//!   }
//! }
//!
//! resource "aws_iam_role_policy" "orders" {
//!   role   = aws_iam_role.billing.name
//!   policy = data.aws_iam_policy_document.orders.json
//! }
//! ```
//!
//! A document of its own, and a managed policy, is a role of those who get it by reference. A
//! client is called as the role or user is, where that is a literal in the same directory, else by
//! the address.
//!
//! Invariants:
//! * a statement means what it means in `aws_iam`, by whose code it is read;
//! * whatever is referred to in a way that is not understood stays: who has it is not known;
//! * memberships are not edited: they are resources of their own;
//! * a document is never emptied.

mod holders;

use std::sync::Arc;

use super::code::{Code, Named, Resource, flat};
use super::uses::{DOCUMENT, Uses, target};
use crate::document::{Node, json};
use crate::grants::GrantError;
use crate::grants::aws_iam::statement::{
    BLOCKS, Documents, Holder, JSON, actions, document, statement, unknown,
};
use crate::grants::entry_reader::Reader;
use crate::grants::given::term_of;
use crate::grants::overlap::freeze_overlaps;
use crate::grants::tree_path::Found;
use crate::grants::written::Syntax;
use crate::model::{ScopeMatch, Subject};

const QUOTED: &str = "its policy is written as a string in quotes";
const NOT_READ: &str = "its policy is an expression, or a text that is not JSON as it stands";
const OF_GROUP: &str = "it is given to a group, whose members a log does not tell";
const DYNAMIC: &str = "its statement is made by `dynamic`";

/// The policies of one file.
pub(super) struct Iam<'c, 'n> {
    code: &'c Code<'n>,
    uses: &'c Uses,
    documents: Documents,
    named: Vec<Named>,
}

/// Whether a type of resource is read here.
pub(super) fn is_known(resource: &Resource<'_>) -> bool {
    match resource.kind {
        "aws_iam_policy_document" => resource.data,
        "aws_iam_role"
        | "aws_iam_user"
        | "aws_iam_policy"
        | "aws_iam_role_policy"
        | "aws_iam_user_policy"
        | "aws_iam_group_policy"
        | "aws_iam_role_policy_attachment"
        | "aws_iam_user_policy_attachment"
        | "aws_iam_group_policy_attachment"
        | "aws_iam_policy_attachment"
        | "aws_iam_user_group_membership"
        | "aws_iam_group_membership" => !resource.data,
        _ => false,
    }
}

/// Reads the policies of a file; gives what its clients are called.
pub(super) fn read(
    reader: &mut Reader<'_>,
    code: &Code<'_>,
    uses: &Uses,
) -> Result<Vec<Named>, GrantError> {
    let mut iam = Iam {
        code,
        uses,
        documents: Documents::among_others(),
        named: Vec::new(),
    };
    reader.file().matching = Some(ScopeMatch::GlobAnyCase);
    for resource in code.own().filter(|own| is_known(own)) {
        iam.resource(reader, resource)?;
    }
    freeze_overlaps(reader.file(), &iam.documents.reaches);
    Ok(iam.named)
}

impl<'n> Iam<'_, 'n> {
    fn resource(
        &mut self,
        reader: &mut Reader<'_>,
        resource: &Resource<'n>,
    ) -> Result<(), GrantError> {
        let client = ["role", "user"].map(|key| resource.found.get(key));
        let client = client.into_iter().flatten().next();
        match resource.kind {
            "aws_iam_policy_document" => self.document(reader, resource)?,
            "aws_iam_role" => self.role(reader, resource)?,
            "aws_iam_user" => drop(self.itself(reader, resource)),
            "aws_iam_policy" => {
                let address = resource.address();
                let role = reader.role(&self.code.unique(&address));
                let frozen = self.uses.unknown(&address);
                let text = resource.found.get("policy");
                let text = text.as_ref().and_then(|own| own.node.as_str());
                // Whoever has it has the document itself.
                if text.and_then(target).is_none() {
                    self.text_of(reader, resource, Subject::Role(role), frozen)?;
                }
            }
            "aws_iam_role_policy" | "aws_iam_user_policy" => {
                if let Some(named) = client.and_then(|at| self.principal(reader, &at)) {
                    let frozen = named.frozen.clone();
                    let subject = self.client(reader, named);
                    self.text_of(reader, resource, subject, frozen)?;
                }
            }
            "aws_iam_group_policy" => {
                if let Some(group) = self.group(&resource.found, "group") {
                    let frozen = Some(OF_GROUP.to_owned());
                    reader.role(group.as_str());
                    self.text_of(reader, resource, Subject::Role(group), frozen)?;
                }
            }
            "aws_iam_group_policy_attachment" => {
                if let Some(group) = self.group(&resource.found, "group") {
                    self.attach(reader, &resource.found, &Subject::Role(group));
                }
            }
            "aws_iam_role_policy_attachment" | "aws_iam_user_policy_attachment" => {
                if let Some(named) = client.and_then(|at| self.principal(reader, &at)) {
                    let subject = self.client(reader, named);
                    self.attach(reader, &resource.found, &subject);
                }
            }
            "aws_iam_policy_attachment" => self.attach_to_all(reader, resource),
            _ => self.members(reader, resource),
        }
        Ok(())
    }

    /// A document of blocks.
    fn document(
        &mut self,
        reader: &mut Reader<'_>,
        resource: &Resource<'n>,
    ) -> Result<(), GrantError> {
        let address = resource.address();
        let others = ["override_policy_documents", "override_json", "source_json"];
        let other = others
            .into_iter()
            .find(|key| resource.found.get(key).is_some());
        let replaced = other.map(|key| format!("its document has `{key}`, which may change it"));
        let holder = Holder {
            subject: Subject::Role(reader.role(&self.code.unique(&address))),
            frozen: self.uses.unknown(&address).or(replaced),
        };
        self.documents.keys = &BLOCKS;
        document(
            reader,
            &resource.found,
            (&holder, None),
            &mut self.documents,
        )?;
        for part in ["source_policy_documents", "override_policy_documents"] {
            let parts = resource.found.get(part);
            for part in parts.iter().flat_map(flat) {
                if part.node.as_str().and_then(target).is_none() {
                    unknown(reader, &part, &holder);
                }
            }
        }
        let made = Holder {
            frozen: holder.frozen.or_else(|| Some(DYNAMIC.to_owned())),
            ..holder
        };
        let blocks = resource.found.get("dynamic");
        let blocks = blocks.and_then(|all| all.get("statement"));
        for block in blocks.iter().flat_map(flat) {
            for content in block.get("content").iter().flat_map(flat) {
                statement(reader, &content, (&made, None), &mut self.documents)?;
            }
        }
        Ok(())
    }

    /// The policy in the attribute of a resource.
    fn text_of(
        &mut self,
        reader: &mut Reader<'_>,
        resource: &Resource<'n>,
        subject: Subject,
        frozen: Option<String>,
    ) -> Result<(), GrantError> {
        let Some(place) = resource.found.get("policy") else {
            return Ok(());
        };
        let holder = Holder {
            subject,
            frozen: frozen.or_else(|| resource.ignored("policy")),
        };
        self.text(reader, &place, &holder)
    }

    /// A policy: a document as it stands, the text of one, or a reference to one.
    fn text(
        &mut self,
        reader: &mut Reader<'_>,
        place: &Found<'n>,
        holder: &Holder,
    ) -> Result<(), GrantError> {
        self.documents.keys = &JSON;
        if place.node.get("Statement").is_some() {
            return document(reader, place, (holder, None), &mut self.documents);
        }
        let text = place.node.as_str().unwrap_or_default();
        if let Some(address) = target(text).filter(|address| address.starts_with(DOCUMENT)) {
            self.give(reader, &address, place.node, &holder.subject);
            return Ok(());
        }
        if let Some(node) = heredoc(reader.text, place.node) {
            let found = Found {
                key: place.key,
                node: &node,
                frozen: place.frozen.clone(),
            };
            // It is JSON to its last byte: no comments, and no comma at the end of a list.
            let syntax = std::mem::replace(&mut reader.layout.syntax, Syntax::Json);
            let read = document(reader, &found, (holder, None), &mut self.documents);
            reader.layout.syntax = syntax;
            return read;
        }
        let quoted = json::parse(text, &reader.shown).ok();
        if let Some(quoted) = quoted.filter(|quoted| quoted.get("Statement").is_some()) {
            for action in actions(&quoted).into_iter().filter_map(Node::text) {
                let grant = term_of(&holder.subject, action, Some(QUOTED.to_owned()));
                reader.fixed(grant, place.node);
            }
            return Ok(());
        }
        let shown = reader.language.computed(reader.text, place.node);
        let shown = shown.filter(|shown| !shown.starts_with("<<"));
        let shown = shown.unwrap_or_else(|| "policy".to_owned());
        let grant = term_of(&holder.subject, &shown, Some(NOT_READ.to_owned()));
        reader.fixed(grant, place.node);
        Ok(())
    }

    /// A role: its own policies.
    fn role(&mut self, reader: &mut Reader<'_>, resource: &Resource<'n>) -> Result<(), GrantError> {
        let (subject, frozen) = self.itself(reader, resource);
        let inline = resource.found.get("inline_policy");
        for block in inline.iter().flat_map(flat) {
            if let Some(place) = block.get("policy") {
                let frozen = frozen.clone().or_else(|| resource.ignored("inline_policy"));
                let holder = Holder {
                    subject: subject.clone(),
                    frozen,
                };
                self.text(reader, &place, &holder)?;
            }
        }
        let managed = resource.found.get("managed_policy_arns");
        for place in managed.iter().flat_map(flat) {
            self.attached(reader, &place, &subject);
        }
        Ok(())
    }
}

/// The document in a heredoc, where that is JSON as it stands.
fn heredoc(text: &str, node: &Node) -> Option<Node> {
    let span = node.span;
    let source = text
        .get(span.start..span.end)
        .filter(|text| text.starts_with("<<"))?;
    let (first, last) = (source.find('\n')?, source.rfind('\n')?);
    let body = text.get(..span.start + last.max(first))?;
    let from = (span.start + first + 1, node.line.saturating_add(1));
    let shown: Arc<str> = Arc::from("");
    let read = json::from(body, (from.0.min(body.len()), from.1), &shown).ok()?;
    read.get("Statement").is_some().then_some(read)
}
