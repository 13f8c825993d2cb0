//! The format string of a server, as it stands in its configuration, becomes a reader.
//!
//! In: a text such as `$remote_addr - $remote_user [$time_local] "$request" $status`, or the
//! whole directive around it. Out: where each variable of a line is, and what it means.
//!
//! Invariants:
//! * two variables with nothing between them are refused: nobody can tell where one ends;
//! * a variable that is not known is a field that is skipped;
//! * a request header that callers can set is no identity, until the user says that it is: of
//!   JSON by the name of its key, else by naming the variable;
//! * without a time, a request and a status the string is refused: no record could be made.
//!
//! A server is one file with its variables, and its lines in [`Server`].

mod apache;
mod directive;
mod envoy;
mod goaccess;
mod haproxy;
mod known;
mod nginx;
mod skeleton;
mod written;
mod yaml;

#[cfg(test)]
mod tests;

use known::Known;
pub(super) use written::Written;

/// The names of the servers.
pub(crate) const NAMES: [&str; 5] = ["nginx", "apache", "envoy", "haproxy", "goaccess"];

/// Whose format string it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Nginx,
    Apache,
    Envoy,
    Haproxy,
    Goaccess,
}

impl Server {
    const ALL: [Self; 5] = [
        Self::Nginx,
        Self::Apache,
        Self::Envoy,
        Self::Haproxy,
        Self::Goaccess,
    ];

    /// The server of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nginx => NAMES[0],
            Self::Apache => NAMES[1],
            Self::Envoy => NAMES[2],
            Self::Haproxy => NAMES[3],
            Self::Goaccess => NAMES[4],
        }
    }

    /// The name of its logs in outputs.
    pub(crate) fn format_name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx-string",
            Self::Apache => "apache-string",
            Self::Envoy => "envoy-string",
            Self::Haproxy => "haproxy-string",
            Self::Goaccess => "goaccess-string",
        }
    }
}

/// A piece of a format string.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Text(String),
    Var(Var),
    /// Blanks of any number (GoAccess).
    Blanks,
}

/// A variable.
#[derive(Clone, Debug)]
pub(super) struct Var {
    /// As it is written.
    pub(super) name: String,
    /// Where, in bytes from the beginning of the string.
    pub(super) at: usize,
    pub(super) known: Known,
}

/// A format string in pieces, and how its server writes values.
pub(super) struct Tokens {
    pub(super) all: Vec<Token>,
    /// A quote within quotes is escaped.
    pub(super) quotes_escaped: bool,
    /// JSON of the server needs repairs.
    pub(super) repaired: bool,
    pub(super) answered: super::Answered,
    pub(super) messages: Option<fn(&[u8]) -> bool>,
}

/// What is wrong at a place of the string.
pub(super) fn wrong(text: &str, at: usize, why: &str) -> String {
    let mut from = at.min(text.len());
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let rest = &text[from..];
    let shown: String = rest.chars().take(24).collect();
    let more = if shown.len() < rest.len() { "…" } else { "" };
    let number = text[..from].chars().count() + 1;
    format!("character {number}, `{shown}{more}`: {why}")
}

/// Reads a format string, or the directive around it.
pub(super) fn read(server: Server, text: &str) -> Result<Written, String> {
    let (text, tokens) = match server {
        Server::Nginx => nginx::tokens(text)?,
        Server::Apache => apache::tokens(text)?,
        Server::Envoy => envoy::tokens(text)?,
        Server::Haproxy => haproxy::tokens(text)?,
        Server::Goaccess => goaccess::tokens(text)?,
    };
    if tokens.all.is_empty() {
        return Err("the format string is empty".to_owned());
    }
    Written::new(&text, &tokens)
}

/// `nginx:'…'` in its two parts.
pub(crate) fn stated(text: &str) -> Result<(Server, &str), String> {
    let help = || {
        format!(
            "write the name of the server, a colon and its format string: one of {}",
            NAMES.map(|name| format!("{name}:'…'")).join(", ")
        )
    };
    let (name, string) = text.split_once(':').ok_or_else(help)?;
    let server = Server::parse(name.trim()).ok_or_else(|| {
        match crate::model::words::closest(name.trim(), NAMES) {
            Some(close) => format!("`{name}` is not a server: did you mean `{close}`?"),
            None => help(),
        }
    })?;
    Ok((server, string.trim()))
}

/// Whether a text is a format string with the name of its server.
pub(crate) fn is_stated(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(name, _)| Server::parse(name.trim()).is_some())
}
