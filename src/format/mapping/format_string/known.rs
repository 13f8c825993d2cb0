//! What is known about a variable.

use crate::format::declared::Meaning;
use crate::format::mapping::field::Unescape;
use crate::format::mapping::layout::Class;
use crate::format::mapping::times::TimeForm;

/// What a variable means, and how its server writes it.
#[derive(Clone, Debug)]
pub(in crate::format) struct Known {
    pub(super) meaning: Option<Meaning>,
    /// Of several variables with one meaning the lowest comes first.
    pub(super) rank: u8,
    pub(super) class: Class,
    pub(super) time: Option<TimeForm>,
    /// The user of basic authentication.
    pub(super) basic: bool,
    /// Callers can set it: it names nobody by itself.
    pub(super) settable: bool,
    pub(super) unescape: Unescape,
    /// The part that counts.
    pub(super) regex: Option<&'static str>,
    /// The server cuts it there.
    pub(super) longest: Option<usize>,
    /// What it is within a text of JSON, as a pattern.
    pub(super) shape: &'static str,
}

impl Known {
    /// A field that is skipped.
    pub(super) fn skipped() -> Self {
        Self {
            meaning: None,
            rank: 0,
            class: Class::Any,
            time: None,
            basic: false,
            settable: false,
            unescape: Unescape::None,
            regex: None,
            longest: None,
            shape: ".*?",
        }
    }

    /// A field with a meaning.
    pub(super) fn of(meaning: Meaning) -> Self {
        let class = match meaning {
            Meaning::Status => Class::Number,
            Meaning::UpstreamStatus => Class::List,
            _ => Class::Any,
        };
        Self {
            meaning: Some(meaning),
            class,
            ..Self::skipped()
        }
    }

    pub(super) fn class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    pub(super) fn rank(self, rank: u8) -> Self {
        Self { rank, ..self }
    }

    pub(super) fn basic(self) -> Self {
        Self {
            basic: true,
            ..self
        }
    }

    pub(super) fn settable(self) -> Self {
        Self {
            settable: true,
            ..self
        }
    }

    pub(super) fn unescape(self, unescape: Unescape) -> Self {
        Self { unescape, ..self }
    }

    pub(super) fn part(self, regex: &'static str) -> Self {
        Self {
            regex: Some(regex),
            ..self
        }
    }

    /// A time in a form.
    pub(super) fn time(form: TimeForm, rank: u8) -> Self {
        let class = form.blanks().map_or(Class::Own, Class::Blanks);
        Self {
            time: Some(form),
            rank,
            ..Self::of(Meaning::Time).class(class)
        }
    }

    /// A number of the server itself.
    pub(super) fn number() -> Self {
        Self::skipped().class(Class::Number)
    }

    /// A word of the server itself.
    pub(super) fn word() -> Self {
        Self::skipped().class(Class::Word)
    }

    /// What a claim of a token means.
    pub(super) fn claim(name: &str) -> Self {
        match name {
            "azp" => Self::of(Meaning::Client).rank(0),
            "client_id" | "clientid" | "clientId" => Self::of(Meaning::Client).rank(1),
            "appid" | "cid" => Self::of(Meaning::Client).rank(2),
            "scope" | "scp" | "scopes" => Self::of(Meaning::Scopes),
            "sub" => Self::of(Meaning::Subject),
            "jti" => Self::of(Meaning::TokenId),
            "iat" => Self::of(Meaning::Issued),
            "exp" => Self::of(Meaning::Expires),
            _ => Self::skipped(),
        }
    }

    /// A request header, in lower case with `-`.
    pub(super) fn header(name: &str) -> Self {
        match name {
            "user-agent" => Self::of(Meaning::UserAgent),
            "host" => Self::of(Meaning::Host),
            "x-request-id" => Self::of(Meaning::RequestId).rank(2),
            _ => Self::skipped().settable(),
        }
    }
}

/// What the key of a JSON log names, whatever variable is under it: the operator said so.
pub(in crate::format) const MEANING_OF_KEYS: [(&str, Meaning); 20] = [
    ("azp", Meaning::Client),
    ("client_id", Meaning::Client),
    ("clientid", Meaning::Client),
    ("jwt_claim_azp", Meaning::Client),
    ("jwt_claim_client_id", Meaning::Client),
    ("jwt_azp", Meaning::Client),
    ("consumer", Meaning::Client),
    ("consumer_name", Meaning::Client),
    ("consumer_id", Meaning::Client),
    ("ssl_client_s_dn", Meaning::Client),
    ("scope", Meaning::Scopes),
    ("scopes", Meaning::Scopes),
    ("scp", Meaning::Scopes),
    ("jti", Meaning::TokenId),
    ("iat", Meaning::Issued),
    ("exp", Meaning::Expires),
    ("sub", Meaning::Subject),
    ("subject", Meaning::Subject),
    ("request_id", Meaning::RequestId),
    ("req_id", Meaning::RequestId),
];
