//! What can be wrong with a configuration file.

use thiserror::Error;

use crate::model::Place;

/// Why a configuration file was refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{file}`: {reason}")]
    Unreadable {
        /// As shown to the user.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The text is not TOML.
    #[error("{place}: not valid TOML: {reason}")]
    Syntax {
        /// Where the parser stopped.
        place: Place,
        /// The parser's words.
        reason: String,
    },
    /// A key that means nothing here; ignoring it would hide a typing mistake.
    #[error("{place}: unknown key `{key}`{}", within(.table))]
    UnknownKey {
        /// Where the key is.
        place: Place,
        /// As written.
        key: String,
        /// The table it is in; empty at the top.
        table: &'static str,
        /// What is likely meant, or all that is known here.
        help: String,
    },
    /// Some other file, whose content is not for a message.
    #[error("{place}: not a configuration: no key in the file is one of it")]
    NotConfig {
        /// Where its first key is.
        place: Place,
    },
    /// A key that has to be there.
    #[error("{place}: {table} has no `{key}`")]
    MissingKey {
        /// Where the table begins.
        place: Place,
        /// The table.
        table: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A table that does not say what it is about.
    #[error("{place}: {table} has none of {}", listed(.keys))]
    MissingKeys {
        /// Where the table begins.
        place: Place,
        /// The table.
        table: &'static str,
        /// The keys; one of them has to be there.
        keys: &'static [&'static str],
    },
    /// A value of the wrong type.
    #[error("{place}: `{key}` has to be {expected}, not {found}")]
    WrongType {
        /// Where the value is.
        place: Place,
        /// Its key.
        key: String,
        /// What is accepted.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A value of the right type that means nothing.
    #[error("{place}: `{key}` cannot be `{value}`")]
    BadValue {
        /// Where the value is.
        place: Place,
        /// Its key.
        key: String,
        /// As written.
        value: String,
        /// What would be accepted.
        help: String,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "check the path and its permissions; `scopetrim init` writes a new configuration".to_owned()
            }
            Self::Syntax { .. } => {
                "strings need quotes, lists need square brackets, and tables such as `[aliases]` come after all plain keys"
                    .to_owned()
            }
            Self::NotConfig { .. } => {
                "check that this is the file you mean; `scopetrim init` writes a new configuration".to_owned()
            }
            Self::UnknownKey { help, .. } | Self::BadValue { help, .. } => help.clone(),
            Self::MissingKeys { .. } => {
                "say with at least one of them what is meant; without any, everything would be".to_owned()
            }
            Self::MissingKey { table, key, .. } => match *key {
                "reason" if *table == "`[[noise]]`" => {
                    "what is noise lets permissions go that it may have needed; say for the next reviewer why".to_owned()
                }
                "reason" if *table == "`[[granted]]`" => {
                    "a stated age lets permissions go; say for the next reviewer how it is known".to_owned()
                }
                "reason" => "an exception keeps a permission alive; say for the next reviewer why".to_owned(),
                key => format!("add a line `{key} = \"...\"`"),
            },
            Self::WrongType { key, expected, .. } => format!("write {expected} after `{key} =`"),
        }
    }
}

fn listed(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

fn within(table: &str) -> String {
    if table.is_empty() {
        String::new()
    } else {
        format!(" in {table}")
    }
}
