//! What can be wrong with a policy file, and why a grant cannot be edited.

use std::sync::Arc;

use crate::document::csv::CsvError;
use crate::document::hcl::HclError;
use crate::document::json::JsonError;
use crate::document::toml::TomlError;
use crate::document::yaml::YamlError;
use crate::model::Place;

/// Why a policy file was refused.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The file cannot be read.
    #[error("{file}: the policy file cannot be read: {source}")]
    Io {
        /// The file as shown to the user.
        file: Arc<str>,
        /// What the system said.
        source: std::io::Error,
    },
    /// More bytes than a policy file may have.
    #[error("{file}: the policy file has more than {limit} bytes")]
    TooLarge {
        /// The file as shown to the user.
        file: Arc<str>,
        /// The limit in bytes.
        limit: u64,
    },
    /// One file was named twice: its grants would be edited twice.
    #[error("{file}: the policy file is given twice, first as `{first}`")]
    GivenTwice {
        /// The file as shown to the user.
        file: Arc<str>,
        /// Its first name.
        first: Arc<str>,
    },
    /// Not UTF-8.
    #[error("{place}: the policy file is not UTF-8 text")]
    NotText {
        /// The line with the first bad byte.
        place: Place,
    },
    /// No format claims it.
    #[error("{file}: no policy format fits")]
    UnknownFormat {
        /// The file as shown to the user.
        file: Arc<str>,
    },
    /// A file of a format that holds grants, without any place for them.
    #[error("{file}: {what}")]
    NoGrants {
        /// The file as shown to the user.
        file: Arc<str>,
        /// What it is.
        what: String,
    },
    /// Not YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Not TOML.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// Not HCL.
    #[error(transparent)]
    Hcl(#[from] HclError),
    /// Not CSV, or not a table of grants.
    #[error("{place}: {message}")]
    Csv {
        /// File and line.
        place: Place,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A key that the format does not have.
    #[error("{place}: unknown key `{key}` in {within}")]
    UnknownKey {
        /// File and line.
        place: Place,
        /// The key.
        key: String,
        /// Where it is.
        within: String,
        /// The known key it looks like.
        similar: Option<String>,
    },
    /// A value of another kind than the format has at this place.
    #[error("{place}: {what} must be {expected}, not {found}")]
    WrongKind {
        /// File and line.
        place: Place,
        /// Which value.
        what: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A role that no file defines.
    #[error("{place}: client `{client}` has role `{role}`, which no policy file defines")]
    UndefinedRole {
        /// File and line.
        place: Place,
        /// The client.
        client: String,
        /// The role.
        role: String,
        /// The defined role it looks like.
        similar: Option<String>,
    },
    /// A role that its member's own file does not define, and several others do.
    #[error(
        "{place}: client `{client}` has role `{role}`, which `{first}` and `{second}` both define"
    )]
    AmbiguousRole {
        /// File and line.
        place: Place,
        /// The client.
        client: String,
        /// The role.
        role: String,
        /// A file that defines it.
        first: Arc<str>,
        /// Another one.
        second: Arc<str>,
    },
    /// Not a name of a scope, role or client.
    #[error("{place}: {message}")]
    BadName {
        /// File and line.
        place: Place,
        /// What is wrong with it.
        message: String,
    },
    /// Not a date.
    #[error("{place}: `{text}` is not a date")]
    BadDate {
        /// File and line.
        place: Place,
        /// The text.
        text: String,
    },
    /// A `keep` comment that cannot be honoured.
    #[error("{place}: {message}")]
    BadKeep {
        /// File and line.
        place: Place,
        /// What is wrong with it.
        message: String,
    },
}

impl From<CsvError> for GrantError {
    fn from(CsvError { place, message }: CsvError) -> Self {
        Self::Csv {
            place,
            message: message.to_owned(),
            help: None,
        }
    }
}

impl GrantError {
    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::UnknownKey {
                similar: Some(name),
                ..
            }
            | Self::UndefinedRole {
                similar: Some(name),
                ..
            } => {
                return Some(format!("did you mean `{name}`?"));
            }
            Self::Csv { help, .. } => return help.clone(),
            Self::Io { file, .. } if &**file == "-" => {
                "a policy file is edited, so it cannot come from standard input: name the file"
            }
            Self::Io { file, .. } if file.contains(['*', '?']) => {
                "patterns are for logs; let the shell expand it, or name each policy file"
            }
            Self::Yaml(error) if error.help().is_some() => return error.help().map(str::to_owned),
            Self::Json(_) | Self::Hcl(_) | Self::Toml(_) | Self::Yaml(_) => {
                "open the file at that place; its text is not shown here"
            }
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
                "name the files in it"
            }
            Self::Io { .. } => "check the path and its permissions",
            Self::TooLarge { .. } => "split the file, or name only the part that holds grants",
            Self::GivenTwice { .. } => "name each policy file once",
            Self::UndefinedRole { .. } => {
                "define it under `roles:`, or name the file that does as well"
            }
            Self::AmbiguousRole { .. } => {
                "name the files of one system only, or the file that defines the role for this client"
            }
            Self::UnknownKey { .. } => {
                "keys that start with `x-` are ignored at the top of the file"
            }
            Self::BadDate { .. } => "write a date as 2026-01-31",
            Self::BadKeep { .. } => {
                "write `# keep until=2027-03-31 reason=\"year-end job\"` after the grant, on its own line"
            }
            Self::UnknownFormat { .. } => {
                "use grants.yaml (`clients:`), a mapping of clients to lists of scopes, CSV with the columns client,scope, or a form that docs/policy-formats.md names; describe another one under [[policies]], for which `scopetrim grants explain FILE` makes a proposal"
            }
            Self::NoGrants { .. } => "name the files that say which client holds what",
            Self::NotText { .. } => "save the file as UTF-8",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl GrantError {
    /// The same without a word of the file, which may be anything: a place, and what belongs there.
    pub(super) fn without_content(self) -> Self {
        let (place, expected, found) = match self {
            // What is quoted is a name in the file.
            Self::WrongKind { ref what, .. } if !what.contains('`') => return self,
            Self::WrongKind {
                place,
                expected,
                found,
                ..
            } => (place, expected, found),
            Self::UnknownKey { place, .. } | Self::BadName { place, .. } => {
                (place, "the name of a scope", "something else".to_owned())
            }
            Self::BadDate { place, .. } => (place, "a date", "something else".to_owned()),
            Self::BadKeep { place, .. } => {
                let message = "this keep comment cannot be read".to_owned();
                return Self::BadKeep { place, message };
            }
            other => return other,
        };
        let what = "what stands here".to_owned();
        Self::WrongKind {
            place,
            what,
            expected,
            found,
        }
    }
}

/// The candidate that `name` is probably a slip of.
pub(super) fn similar<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let slips = name.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= slips)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}
