//! Policies of AWS IAM, as JSON.
//!
//! ```json
//! {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}]}
//! ```
//!
//! One document, a mapping of names to documents, what `aws iam get-role-policy` and its like
//! print, or what `aws iam get-account-authorization-details` exports. The terms are actions as
//! they are written; upper and lower case are alike, and `*` and `?` stand for other characters.
//! A managed policy is a role of those it is attached to, a group is one of its users.
//!
//! With its last action a statement goes, and with its last statement the inline policy of an
//! export; a document is never emptied. Not edited: statements with `Condition`, `NotResource`
//! or keys that are not known here; what another statement gives in part for other resources or
//! under other conditions; policies of AWS itself, of groups, of boundaries, and those that are
//! attached to more than the file shows. Statements that deny are no grants and stay.

pub(super) mod statement;

use std::collections::{BTreeMap, BTreeSet};

use statement::{Documents, Holder, actions, document, is_document, unknown};

use super::entry_reader::Reader;
use super::given::{Given, term_of};
use super::layout::Layout;
use super::nested::{list, text};
use super::overlap::{Reach, freeze_overlaps};
use super::shapes::Shape;
use super::site::EmptyMeans;
use super::source::Source;
use super::tree_path::{Found, TreePath};
use super::{GrantError, PolicyFormat};
use crate::document::Node;
use crate::model::{ClientName, PolicyFile, RoleName, ScopeMatch, Subject, Warning};

/// The registry's entry.
pub(super) struct AwsIam;

pub(super) const NAME: &str = "aws-iam";

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One document, below these keys.
    Document(&'static str),
    /// Documents by name.
    Named,
    /// Everything of an account.
    Export,
}

impl Form {
    fn of(root: &Node) -> Option<Self> {
        for path in [".", "PolicyDocument", "PolicyVersion.Document"] {
            let mut at = Some(root);
            for key in path.split('.').filter(|key| !key.is_empty()) {
                at = at.and_then(|node| node.get(key));
            }
            if at.is_some_and(is_document) {
                return Some(Self::Document(path));
            }
        }
        let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList"];
        if lists.iter().any(|key| root.get(key).is_some()) {
            return Some(Self::Export);
        }
        let pairs = root.as_map()?;
        let all = !pairs.is_empty() && pairs.iter().all(|(_, value)| is_document(value));
        all.then_some(Self::Named)
    }
}

impl PolicyFormat for AwsIam {
    fn name(&self) -> &str {
        NAME
    }

    fn claims(&self, source: &Source<'_>) -> bool {
        let [root] = source.documents() else {
            return false;
        };
        Form::of(root).is_some()
    }

    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError> {
        let roots = source.roots()?;
        let mut reader = Reader::new(source, NAME, roots)?;
        reader.file().matching = Some(ScopeMatch::GlobAnyCase);
        let mut documents = Documents::alone();
        for root in roots {
            let at = Found::root(root);
            match Form::of(root) {
                Some(Form::Document(path)) => {
                    let named = ["RoleName", "UserName"].map(|key| text(root, key));
                    let name = named.into_iter().flatten().next();
                    let holder = Holder::client(name.unwrap_or_else(|| stem(source.shown)));
                    for place in TreePath::of(path).find(&at, &reader.shown)? {
                        document(&mut reader, &place, (&holder, None), &mut documents)?;
                    }
                }
                Some(Form::Named) => {
                    for place in TreePath::of("*").find(&at, &reader.shown)? {
                        let (name, frozen) = reader.called(&place, &[], "client")?;
                        let holder = Holder {
                            frozen,
                            ..Holder::client(&name)
                        };
                        document(&mut reader, &place, (&holder, None), &mut documents)?;
                    }
                }
                Some(Form::Export) => Export::of(root).read(&mut reader, &at, &mut documents)?,
                None => {}
            }
        }
        reader.settle_aliases();
        freeze_overlaps(reader.file(), &documents.reaches);
        reader.finish()
    }
}

/// The name of a file without its folders and its ending.
fn stem(shown: &str) -> &str {
    let name = shown.rsplit(['/', '\\']).next().unwrap_or(shown);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// What an export says about its policies as a whole.
struct Export<'n> {
    /// Names that a user and a role have, or several of them.
    several: BTreeSet<&'n str>,
    /// Managed policies by ARN, with the reason why one is not edited.
    managed: BTreeMap<&'n str, (&'n Node, Option<&'static str>)>,
    groups: BTreeSet<&'n str>,
}

/// Users and roles: the list, the name of one, its inline policies.
const CLIENTS: [[&str; 3]; 2] = [
    ["UserDetailList", "UserName", "UserPolicyList"],
    ["RoleDetailList", "RoleName", "RolePolicyList"],
];
const ATTACHED: &str = "AttachedManagedPolicies";

impl<'n> Export<'n> {
    fn of(root: &'n Node) -> Self {
        let mut seen = BTreeSet::new();
        let mut several = BTreeSet::new();
        let mut attached: BTreeMap<&str, i64> = BTreeMap::new();
        let mut of_groups = BTreeSet::new();
        let arns = |holder: &'n Node| {
            let all = list(holder, ATTACHED).iter();
            all.filter_map(|item| text(item, "PolicyArn"))
        };
        for [key, id, _] in CLIENTS {
            for client in list(root, key) {
                let name = text(client, id);
                several.extend(name.filter(|name| !seen.insert(*name)));
                for arn in arns(client) {
                    *attached.entry(arn).or_default() += 1;
                }
            }
        }
        for group in list(root, "GroupDetailList") {
            of_groups.extend(arns(group));
        }
        let why = |policy: &Node, arn: &str| {
            let count = |key: &str| text(policy, key).and_then(|text| text.parse::<i64>().ok());
            let seen = attached.get(arn).copied().unwrap_or_default();
            if arn.contains(":iam::aws:") {
                Some("its policy is one of AWS itself")
            } else if of_groups.contains(arn) {
                Some("its policy is attached to a group as well")
            } else if count("AttachmentCount").is_some_and(|count| count != seen) {
                Some("its policy is attached to more than the file shows")
            } else if count("PermissionsBoundaryUsageCount").is_some_and(|count| count != 0) {
                Some("its policy is a permissions boundary as well")
            } else {
                None
            }
        };
        let policies = list(root, "Policies").iter();
        let managed = policies.filter_map(|policy| {
            let arn = text(policy, "Arn")?;
            Some((arn, (policy, why(policy, arn))))
        });
        let groups = list(root, "GroupDetailList").iter();
        Self {
            several,
            managed: managed.collect(),
            groups: groups
                .filter_map(|group| text(group, "GroupName"))
                .collect(),
        }
    }

    fn read(
        &self,
        reader: &mut Reader<'_>,
        root: &Found<'_>,
        documents: &mut Documents,
    ) -> Result<(), GrantError> {
        for [key, id, inline] in CLIENTS {
            for client in TreePath::of(&format!("{key}[]")).find(root, &reader.shown)? {
                let id = TreePath::of(id);
                let arn = TreePath::of("Arn");
                let (mut name, frozen) = reader.called(&client, &[id, arn.clone()], "client")?;
                if self.several.contains(name.as_str()) {
                    (name, _) = reader.called(&client, &[arn], "client")?;
                }
                let holder = Holder {
                    frozen,
                    ..Holder::client(&name)
                };
                let own = ClientName::new(&name);
                reader.client(own.clone());
                if let Some(arn) = text(client.node, "Arn").filter(|arn| *arn != name) {
                    reader.alias(arn, &own);
                }
                inline_policies(reader, &client, (inline, &holder), documents)?;
                self.attached(reader, &client, &holder)?;
                self.member(reader, &client, &holder)?;
            }
        }
        self.read_groups(reader, root, documents)?;
        for policy in TreePath::of("Policies[]").find(root, &reader.shown)? {
            let (arn, frozen) = reader.called(&policy, &[TreePath::of("Arn")], "policy")?;
            let why = self.managed.get(arn.as_str()).and_then(|known| known.1);
            let holder = Holder {
                subject: Subject::Role(RoleName::new(&arn)),
                frozen: frozen.or_else(|| why.map(str::to_owned)),
            };
            for version in TreePath::of("PolicyVersionList[]").find(&policy, &reader.shown)? {
                if is_default(policy.node, version.node)
                    && let Some(place) = version.get("Document")
                {
                    document(reader, &place, (&holder, None), documents)?;
                }
            }
        }
        Ok(())
    }

    /// Managed policies of a user or role.
    fn attached(
        &self,
        reader: &mut Reader<'_>,
        client: &Found<'_>,
        holder: &Holder,
    ) -> Result<(), GrantError> {
        let Some(place) = client.get(ATTACHED) else {
            return Ok(());
        };
        let mut elsewhere = Vec::new();
        let shape = Shape::Objects("PolicyArn".to_owned());
        reader.shaped(&place, &shape, &MEMBER, &mut |_, arn| {
            let Some((policy, _)) = self.managed.get(arn) else {
                elsewhere.push(arn.to_owned());
                return None;
            };
            let counted = policy.get("AttachmentCount").is_some();
            let why = counted.then(|| {
                "its policy counts what it is attached to (`AttachmentCount`), so it is detached in the account"
                    .to_owned()
            });
            Some(holder.role(arn, why))
        })?;
        for arn in elsewhere {
            let text =
                format!("managed policy `{arn}` is not in the file: what it gives is not read");
            let warning = Warning::new("policy-elsewhere", text).at(reader.place(place.node));
            reader.file().warnings.push(warning);
        }
        Ok(())
    }

    /// Groups of a user.
    fn member(
        &self,
        reader: &mut Reader<'_>,
        client: &Found<'_>,
        holder: &Holder,
    ) -> Result<(), GrantError> {
        let Some(place) = client.get("GroupList") else {
            return Ok(());
        };
        reader.shaped(&place, &Shape::List, &MEMBER, &mut |_, group| {
            let known = self.groups.contains(group);
            known.then(|| holder.role(&group_role(group), None))
        })
    }

    fn read_groups(
        &self,
        reader: &mut Reader<'_>,
        root: &Found<'_>,
        documents: &mut Documents,
    ) -> Result<(), GrantError> {
        for group in TreePath::of("GroupDetailList[]").find(root, &reader.shown)? {
            let (name, frozen) = reader.called(&group, &[TreePath::of("GroupName")], "group")?;
            let holder = Holder {
                subject: Subject::Role(RoleName::new(&group_role(&name))),
                frozen,
            };
            inline_policies(reader, &group, ("GroupPolicyList", &holder), documents)?;
            for item in list(group.node, ATTACHED) {
                let arn = text(item, "PolicyArn").unwrap_or_default();
                let Some((policy, _)) = self.managed.get(arn) else {
                    continue;
                };
                let versions = list(policy, "PolicyVersionList").iter();
                let version = versions.filter(|version| is_default(policy, version));
                for action in version
                    .filter_map(|own| own.get("Document"))
                    .flat_map(actions)
                {
                    let why = format!("it comes with the managed policy `{arn}` of the group");
                    let name = reader.name(action, "scope")?.to_owned();
                    reader.fixed(term_of(&holder.subject, &name, Some(why)), action);
                    let reach = Reach {
                        // Of resources that are not looked at: alike to nothing.
                        scope: format!("group {}", reader.file().entries.len()),
                        patterns: vec![name],
                    };
                    documents.reaches.resize(reader.file().entries.len(), reach);
                }
            }
        }
        Ok(())
    }
}

pub(super) const MEMBER: Given = Given {
    optional: false,
    audience: None,
    empty: EmptyMeans::None,
    fixed: Some("a policy is not replaced here"),
};

/// Groups and policies are roles; a group has no ARN where it is named.
pub(super) fn group_role(name: &str) -> String {
    format!("group/{name}")
}

fn is_default(policy: &Node, version: &Node) -> bool {
    let id = text(policy, "DefaultVersionId");
    let flag = text(version, "IsDefaultVersion");
    flag.map_or_else(|| id == text(version, "VersionId"), |flag| flag == "true")
}

/// The inline policies of a user, group or role.
pub(super) fn inline_policies(
    reader: &mut Reader<'_>,
    of: &Found<'_>,
    (key, holder): (&str, &Holder),
    documents: &mut Documents,
) -> Result<(), GrantError> {
    let Some(place) = of.get(key) else {
        return Ok(());
    };
    if unknown(reader, &place, holder) {
        return Ok(());
    }
    let outer = reader.outer(&place, EmptyMeans::None, None);
    let policies = TreePath::of("[]").find(&place, &reader.shown)?;
    for (item, policy) in policies.iter().enumerate() {
        if unknown(reader, policy, holder) {
            continue;
        }
        if let Some(place) = policy.get("PolicyDocument") {
            let slot = outer.map(|outer| (outer, item));
            document(reader, &place, (holder, slot), documents)?;
        }
    }
    Ok(())
}
