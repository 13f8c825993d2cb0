//! Why an API description was refused, and what to do about it.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::document::yaml::YamlError;
use crate::model::Place;
use crate::model::words::{backticks, closest};

/// A file, and a line of it when it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// The file as shown to the user.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: Option<u32>,
}

impl At {
    /// The same as a place, when the line is known.
    pub(crate) fn place(&self) -> Option<Place> {
        self.line.map(|line| Place {
            file: self.file.clone(),
            line,
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Why an API description was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// No file was named.
    #[error("no API description was given")]
    NoFiles,
    /// The operating system's own reason.
    #[error("{file}: cannot be read: {source}")]
    Unreadable { file: Arc<str>, source: io::Error },
    /// Larger than any description has reason to be.
    #[error("{file}: is larger than {limit} MiB")]
    TooLarge { file: Arc<str>, limit: u64 },
    /// Compressed or binary data, or not UTF-8.
    #[error("{file}: is not UTF-8 text: {seen}")]
    NotText { file: Arc<str>, seen: String },
    /// A syntax error in JSON.
    #[error("{file}:{line}:{column}: {message}")]
    Json {
        file: Arc<str>,
        line: usize,
        column: usize,
        message: String,
    },
    /// A syntax error in YAML.
    #[error(transparent)]
    Yaml(YamlError),
    /// The same in a referenced file.
    #[error("{file}:{line}:{column}: referenced file is not valid YAML or JSON")]
    Referenced {
        file: Arc<str>,
        line: usize,
        column: usize,
    },
    /// A table that cannot be read.
    #[error("{at}: not a valid CSV row: {message}")]
    Csv { at: At, message: String },
    /// JSON objects and CSV headers that say a thing twice: one would be lost.
    #[error("{at}: this key is already in its object")]
    DuplicateKey { at: At },
    /// Readable, but no kind of description.
    #[error("{file}: is not a known kind of API description: it is {seen}")]
    NotRecognised {
        file: Arc<str>,
        seen: String,
        kinds: Vec<&'static str>,
    },
    /// A version that is not supported.
    #[error("{file}: {kind} version `{version}` is not supported")]
    Version {
        file: Arc<str>,
        kind: &'static str,
        version: String,
        supported: &'static str,
    },
    /// A part has another type than its format says.
    #[error("{at}: {what} is {found}, not {expected}")]
    WrongType {
        at: At,
        what: String,
        found: &'static str,
        expected: &'static str,
    },
    /// A `$ref` that leads nowhere: what it stands for would be lost.
    #[error("{at}: reference `{reference}` {problem}")]
    Reference {
        at: At,
        reference: String,
        problem: String,
    },
    /// A key that the native format does not have.
    #[error("{at}: unknown {what} `{name}`")]
    Unknown {
        at: At,
        what: &'static str,
        name: String,
        known: Vec<&'static str>,
    },
    /// A route that says nothing, or nothing clear.
    #[error("{at}: {what} {problem}")]
    Route {
        at: At,
        what: String,
        problem: &'static str,
        advice: &'static str,
    },
    /// Two routes that match the same paths.
    #[error("{at}: `{second}` matches the same requests as `{first}`")]
    EqualRoutes {
        at: At,
        first: String,
        second: String,
    },
    /// A security scheme that the description does not have.
    #[error("{file}: there is no security scheme {}", backticks(name))]
    UnknownScheme {
        file: Arc<str>,
        name: String,
        known: Vec<String>,
    },
    /// A table with several schemes, of which none was chosen.
    #[error("{file}: what an operation requires depends on the scheme, and none is chosen")]
    SchemeNeeded { file: Arc<str>, known: Vec<String> },
    /// No description has the key that names scopes: what it names would be lost.
    #[error("no operation of the API descriptions has the key {}", backticks(key))]
    NoScopeKey { key: String },
    /// Two files that compare scopes in different ways.
    #[error("`{first}` and `{second}` say different things under `match`")]
    MatchDiffers { first: Arc<str>, second: Arc<str> },
}

impl CatalogError {
    /// What to do about it.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoFiles => "name one with `--catalog`".to_owned(),
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::IsADirectory => {
                "name the files in it".to_owned()
            }
            Self::Unreadable { file, .. } if file.contains(['*', '?']) => {
                "patterns are for logs; let the shell expand it, or name each description"
                    .to_owned()
            }
            Self::Unreadable { .. } => "check the path and its permissions".to_owned(),
            Self::TooLarge { .. } => "check that this is the file you mean".to_owned(),
            Self::NotText { .. } => {
                "unpack it, or save it as UTF-8, and name the result".to_owned()
            }
            Self::Yaml(error) if error.help().is_some() => error.help()?.to_owned(),
            Self::Json { .. } | Self::Yaml(_) | Self::Referenced { .. } => {
                "open the file at that place; its text is not shown here".to_owned()
            }
            Self::Csv { .. } => {
                "every row needs as many cells as the header; quote cells that hold the delimiter"
                    .to_owned()
            }
            Self::DuplicateKey { .. } => {
                "remove one of the two: readers of JSON silently drop the first".to_owned()
            }
            Self::NotRecognised { kinds, .. } => format!("supported are {}", kinds.join(", ")),
            Self::Version { supported, .. } => format!("supported is {supported}"),
            Self::WrongType { .. } => {
                "correct the description, or check that this is the file you mean".to_owned()
            }
            Self::Reference { .. } => {
                "bundle the description into one file first, or correct the reference".to_owned()
            }
            Self::Unknown { name, known, .. } => match closest(name, known.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("known are {}", known.join(", ")),
            },
            Self::Route { advice, .. } => (*advice).to_owned(),
            Self::EqualRoutes { .. } => "keep one of the two".to_owned(),
            Self::UnknownScheme { known, .. } if known.is_empty() => {
                "the description declares no security scheme: leave `--scheme` out".to_owned()
            }
            Self::UnknownScheme { name, known, .. } => {
                let close = closest(name, known.iter().map(String::as_str));
                let close = close.map(|close| format!("did you mean `{close}`? "));
                format!(
                    "{}known are {}",
                    close.unwrap_or_default(),
                    known.join(", ")
                )
            }
            Self::SchemeNeeded { known, .. } => {
                format!("name one with `--scheme`: {}", known.join(", "))
            }
            Self::NoScopeKey { .. } => {
                "name a key of the operations or paths with `--scope-key`, as they spell it"
                    .to_owned()
            }
            Self::MatchDiffers { .. } => {
                "give the files the same `match`, or analyse them in separate runs".to_owned()
            }
        })
    }
}
