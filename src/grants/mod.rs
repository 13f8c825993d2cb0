//! Policy files become grants that know their own bytes.
//!
//! In: the bytes of the user's policy files. Out: a [`Policy`]: who holds what, and
//! which bytes say so; on request, the edits that remove entries.
//!
//! Invariants:
//! * a file is read completely or refused with a place; no grant is lost silently;
//! * a grant whose bytes cannot be edited safely says why (`frozen`);
//! * nothing is written here.
//!
//! A new policy format is one file and its line in [`ALL`].

mod apisix;
mod auth0;
mod aws_iam;
mod block;
mod cloudformation;
mod comment;
mod csv;
mod csv_header;
mod described;
mod described_table;
mod entra;
mod entry_reader;
mod error;
mod explain;
mod flow;
mod given;
pub(crate) mod history;
mod hydra;
mod istio;
mod joined;
mod keycloak;
mod kong;
mod language;
mod layout;
mod list;
mod module;
mod native;
mod neighbours;
mod nested;
mod not_editable;
mod overlap;
mod placeholder;
mod product;
mod propose;
mod quote;
mod rbac;
mod role_edits;
mod rules;
mod shapes;
mod site;
mod source;
mod standard_formats;
mod table;
mod terraform;
mod tree_path;
mod tyk;
mod warnings;
mod words;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use crate::document::Node;
use crate::input;
use crate::model::{Granted, Place, Policy, PolicyFile, ScopeMatch, Subject, Term};
use crate::storage;
pub(crate) use module::is_read as is_read_with_others;
use module::{Modules, Others};

pub(crate) use crate::model::{Change, CommentEffect, Edit, EditRefusal as Refusal};
pub(crate) use described::{Description, Roles};
pub(crate) use error::GrantError;
pub(crate) use explain::{known_by, places};
pub(crate) use joined::{as_editable, join};
pub(crate) use layout::Layout;
pub(crate) use propose::{Proposed, propose, toml as proposal_text};
pub(crate) use role_edits::{ClientChange, NewRole, RoleEdits};
pub(crate) use shapes::Shape;
pub(crate) use site::EmptyMeans;
pub(crate) use source::Source;
pub(crate) use tree_path::TreePath;

/// A policy file may have this many bytes.
pub(crate) const MAX_BYTES: u64 = 256 << 20;

/// One policy format.
pub(crate) trait PolicyFormat: Sync {
    /// The name in outputs.
    fn name(&self) -> &str;

    /// Whether this looks like a file of the format; the first in [`ALL`] that says yes reads it.
    fn claims(&self, source: &Source<'_>) -> bool;

    /// Reads a file: what it grants, and where each grant stands.
    fn open(&self, source: &Source<'_>) -> Result<(PolicyFile, Layout), GrantError>;
}

/// Every format, in the order in which detection tries them.
pub(crate) static ALL: &[&dyn PolicyFormat] = &[
    &csv::Csv,
    &keycloak::Keycloak,
    &rbac::Rbac,
    &auth0::Auth0,
    &tyk::Tyk,
    &entra::Entra,
    &apisix::Apisix,
    &kong::Kong,
    &terraform::Terraform,
    &cloudformation::CloudFormation,
    &hydra::Hydra,
    &aws_iam::AwsIam,
    &istio::Istio,
    &native::Native,
    &standard_formats::Plain,
];

/// The formats that a run knows.
#[derive(Clone, Debug, Default)]
pub struct Formats {
    own: Arc<[Description]>,
    /// What stands next to the files that were read together.
    modules: Arc<Modules>,
}

impl Formats {
    /// Whether the user describes formats.
    pub fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// The built-in formats, and before them those that the user describes.
    pub fn with(own: Vec<Description>) -> Self {
        Self {
            own: own.into(),
            ..Self::default()
        }
    }

    /// Reads one policy file from memory, in the format that claims it.
    ///
    /// The bytes are read into a tree once; what is needed for edits is kept with the file.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the file that is read keeps these bytes"
    )]
    pub fn read(&self, bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
        let mut source = Source::new(&bytes, shown)?;
        source.module = self.modules.around(shown);
        let own = self
            .own
            .iter()
            .map(|format| -> &dyn PolicyFormat { format });
        // In HCL a built-in form of YAML would be another thing.
        let built_in: &[&dyn PolicyFormat] = match source.syntax {
            written::Syntax::Hcl => &[&terraform::Terraform],
            written::Syntax::Csv => &[&csv::Csv],
            written::Syntax::Toml => &[],
            _ => ALL,
        };
        let mut all = own.chain(built_in.iter().copied());
        let Some(format) = all.find(|format| format.claims(&source)) else {
            return Err(source.neighbour().unwrap_or(GrantError::UnknownFormat {
                file: Arc::from(shown),
            }));
        };
        let opened = format.open(&source);
        // These take whatever looks like them.
        let general = !of_a_vendor(format.name());
        let known = |error| source.neighbour().filter(|_| general).unwrap_or(error);
        let (mut file, layout) = opened.map_err(known)?;
        for entry in &file.entries {
            if let (Subject::Role(role), Granted::Term(_)) = (&entry.subject, &entry.granted) {
                file.roles.entry(role.clone()).or_default();
            }
        }
        file.document = Some(Arc::new(layout.complete(self)));
        Ok(file)
    }

    /// Reads policy files from disk, each with the name to show for it.
    pub fn load(&self, files: &[(PathBuf, String)]) -> Result<Policy, GrantError> {
        let mut all = Vec::new();
        let mut known: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
        for (path, shown) in files {
            let file: Arc<str> = Arc::from(shown.as_str());
            let io = |source| GrantError::Io {
                file: Arc::clone(&file),
                source,
            };
            let real = if storage::is_remote(path) {
                path.clone()
            } else {
                std::fs::canonicalize(path).map_err(io)?
            };
            if let Some(first) = known.get(&real) {
                let first = Arc::clone(first);
                return Err(GrantError::GivenTwice { file, first });
            }
            let bytes = input::read_regular(path, MAX_BYTES).map_err(|error| {
                if error.kind() == ErrorKind::FileTooLarge {
                    return GrantError::TooLarge {
                        file: Arc::clone(&file),
                        limit: MAX_BYTES,
                    };
                }
                io(error)
            })?;
            all.push((path.clone(), shown.clone(), Arc::from(bytes)));
            known.insert(real, file);
        }
        self.read_together(all)
    }

    /// The same formats, for files that are read with what stands next to them: `others` says what
    /// that is for the file of a number.
    pub(crate) fn beside(&self, files: &[(String, Arc<[u8]>)], others: &mut Others<'_>) -> Self {
        self.knowing(Modules::beside(files, others))
    }

    fn knowing(&self, modules: Modules) -> Self {
        Self {
            own: Arc::clone(&self.own),
            modules: Arc::new(modules),
        }
    }

    /// Reads files that are one policy, each with its path and the name to show for it.
    pub(crate) fn read_together(
        &self,
        all: Vec<(PathBuf, String, Arc<[u8]>)>,
    ) -> Result<Policy, GrantError> {
        let formats = self.knowing(Modules::of(&all, MAX_BYTES));
        let mut policy = Policy::default();
        for (_, shown, bytes) in all {
            policy.files.push(formats.read(bytes, &shown)?);
        }
        join(&mut policy)?;
        Ok(policy)
    }
}

/// Reads one policy file from memory, in a format that is built in.
pub(crate) fn read(bytes: Arc<[u8]>, shown: &str) -> Result<PolicyFile, GrantError> {
    Formats::default().read(bytes, shown)
}

/// The documents of a policy file as JSON.
pub(crate) fn as_json(
    bytes: &Arc<[u8]>,
    shown: &str,
) -> Result<Vec<serde_json::Value>, GrantError> {
    let source = Source::new(bytes, shown)?;
    Ok(source.roots()?.iter().map(Node::to_json).collect())
}

/// Another version of a file that was read, by the formats that it was read with.
fn reread(file: &PolicyFile, bytes: Vec<u8>) -> Option<PolicyFile> {
    let bytes = Arc::from(bytes);
    match &file.document {
        Some(document) => document.reread(bytes, &file.path).ok(),
        None => read(bytes, &file.path).ok(),
    }
}

/// The edits that make these changes, by index into `file.entries`.
pub(crate) fn edits(
    file: &PolicyFile,
    changes: &BTreeMap<usize, Change>,
) -> Result<Vec<Edit>, Refusal> {
    match &file.document {
        Some(document) => document.edit(file, changes),
        None => Err(Refusal {
            place: Place {
                file: Arc::clone(&file.path),
                line: 1,
            },
            reason: "how the file is written is not known".to_owned(),
        }),
    }
}

/// The entries of a file that cannot be removed without losing or moving a comment.
pub(crate) fn comments_affected(file: &PolicyFile) -> BTreeMap<usize, CommentEffect> {
    let document = file.document.as_ref();
    document.map_or_else(BTreeMap::new, |document| document.comments(file))
}

/// Whether the file's format has a place for scope rules (`match:`, `implies:`),
/// so that their absence means something.
pub(crate) fn states_rules(file: &PolicyFile) -> bool {
    *file.format == *native::NAME
}

/// Whether the file is in the form of a product, by which it is known for what it is.
pub(crate) fn is_of_a_vendor(file: &PolicyFile) -> bool {
    of_a_vendor(&file.format)
}

fn of_a_vendor(format: &str) -> bool {
    ![native::NAME, csv::NAME, standard_formats::NAME].contains(&format)
}

/// Whether the format has roles that no file need define: they are built in, or kept elsewhere.
fn may_define_roles_elsewhere(file: &PolicyFile) -> bool {
    let all = [
        rbac::NAME,
        tyk::NAME,
        apisix::NAME,
        aws_iam::NAME,
        terraform::NAME,
        cloudformation::NAME,
    ];
    all.contains(&&*file.format)
}

/// Whether a grant of the format is for some resources or under conditions that its term does not name.
pub(crate) fn is_for_some_resources(file: &PolicyFile) -> bool {
    *file.format == *istio::NAME || names_actions_of_aws(file)
}

/// Whether its terms are actions of AWS IAM.
pub(crate) fn names_actions_of_aws(file: &PolicyFile) -> bool {
    // Whatever holds policies of AWS compares names as AWS does.
    file.matching == Some(ScopeMatch::GlobAnyCase) && of_a_vendor(&file.format)
}

/// Whether a client whose last grant is removed is no longer named by the file.
pub(crate) fn forgets_clients(file: &PolicyFile) -> bool {
    [csv::NAME, istio::NAME].contains(&&*file.format)
        || file.path.to_ascii_lowercase().ends_with(".csv")
}

/// Those of these entries in whose place the format can write the terms.
pub(crate) fn replaceable(file: &PolicyFile, wanted: &[(usize, Vec<Term>)]) -> BTreeSet<usize> {
    let change = |(entry, with): &(usize, Vec<Term>)| (*entry, Change::Replace(with.clone()));
    // Nearly always all of them, so one question is asked for all.
    match edits(file, &wanted.iter().map(change).collect()) {
        Ok(_) => wanted.iter().map(|(entry, _)| *entry).collect(),
        Err(_) if wanted.len() <= 1 => BTreeSet::new(),
        Err(_) => {
            let (first, second) = wanted.split_at(wanted.len() / 2);
            let mut all = replaceable(file, first);
            all.extend(replaceable(file, second));
            all
        }
    }
}

#[cfg(test)]
mod tests;
