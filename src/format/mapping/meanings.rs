//! The fields that a description can name.

use crate::format::declared::Meaning;

/// The gateway's own name of the route, and how long a request took: read, and compared in
/// samples, but no part of any conclusion.
const ROUTE: Meaning = Meaning::Own(3);
const DURATION: Meaning = Meaning::Own(4);

/// The meanings that a file can name.
pub(in crate::format) const MEANINGS: [(&str, Meaning); 26] = [
    ("time", Meaning::Time),
    ("method", Meaning::Method),
    ("target", Meaning::Target),
    ("request", Meaning::RequestLine),
    ("path", Meaning::Path),
    ("query", Meaning::Query),
    ("template", Meaning::Template),
    ("client", Meaning::Client),
    ("client_alt", Meaning::ClientAlt),
    ("status", Meaning::Status),
    ("upstream_status", Meaning::UpstreamStatus),
    ("request_id", Meaning::RequestId),
    ("host", Meaning::Host),
    ("subject", Meaning::Subject),
    ("credential", Meaning::Credential),
    ("scopes", Meaning::Scopes),
    ("client_ip", Meaning::ClientIp),
    ("user_agent", Meaning::UserAgent),
    ("token_iat", Meaning::Issued),
    ("token_exp", Meaning::Expires),
    ("token_id", Meaning::TokenId),
    ("certificate_serial", Meaning::Serial),
    ("api_key", Meaning::KeyShown),
    ("route", ROUTE),
    ("duration", DURATION),
    // As descriptions were written first.
    ("expires", Meaning::Expires),
];
