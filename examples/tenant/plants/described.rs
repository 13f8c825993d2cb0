//! F10, F12: what the API description says of itself.

use super::{Expect, Plant};
use crate::tenant::call::{ALL, Call, With};
use crate::tenant::files::{Operation, Security};
use crate::tenant::format::Format;

/// AWS logs no query string.
const QUERY: &[Format] = &[Format::Envoy, Format::Kong, Format::Combined];

pub(super) fn plants() -> Vec<Plant> {
    vec![
        Plant::new("deprecated", "a deprecated operation still serves a client")
            .granted("archive:read")
            .operations([Operation::scoped("GET /v1/archive", "archive:read").deprecated()])
            .calls([Call::new("deprecated", "GET /v1/archive", "archive:read")])
            .expects([Expect::new("F10", "", "medium")
                .about("GET /v1/archive")
                .requests(50)
                .placed()]),
        Plant::new(
            "deprecated-nobody",
            "a deprecated operation still serves requests that name nobody",
        )
        .operations([Operation::new("GET /v1/prices", Security::Public).deprecated()])
        .calls([Call::new("", "GET /v1/prices", "")
            .with(With::Unsaid)
            .on(ALL)])
        .expects([Expect::new("F10", "", "medium")
            .about("GET /v1/prices")
            .requests(50)
            .placed()]),
        Plant::new(
            "version",
            "an old version of an operation still serves a client",
        )
        .granted("stock:read")
        .operations([
            Operation::scoped("GET /v1/stock-levels", "stock:read"),
            Operation::scoped("GET /v2/stock-levels", "stock:read"),
        ])
        .calls([
            Call::new("version", "GET /v1/stock-levels", "stock:read"),
            Call::new("version", "GET /v2/stock-levels", "stock:read"),
        ])
        .expects([Expect::new("F10", "", "medium")
            .about("GET /v1/stock-levels")
            .requests(50)
            .placed()]),
        Plant::new(
            "basic",
            "an operation that asks for a password serves a client",
        )
        .granted("orders:read")
        .operations([Operation::new("GET /v1/legacy-stock", Security::Basic)])
        .calls([
            Call::new("basic", "GET /v1/orders", "-"),
            Call::new("basic", "GET /v1/legacy-stock", "").with(With::Basic),
        ])
        .expects([Expect::new("F10", "", "medium")
            .about("GET /v1/legacy-stock")
            .requests(50)]),
        Plant::new(
            "query-declared",
            "an operation that asks for a key in the query serves a client",
        )
        .granted("orders:read")
        .operations([Operation::new("GET /v1/feed", Security::QueryKey("key"))])
        .calls([
            Call::new("query-declared", "GET /v1/orders", "-"),
            Call::new("query-declared", "GET /v1/feed", "")
                .with(With::Unsaid)
                .query("key=NOT-A-REAL-KEY"),
        ])
        .expects([Expect::new("F10", "", "medium")
            .about("GET /v1/feed")
            .requests(50)]),
        Plant::new("query-seen", "a client puts its key into the query")
            .granted("orders:read")
            .calls([Call::new("query-seen", "GET /v1/orders", "")
                .with(With::Unsaid)
                .query("api_key=NOT-A-REAL-KEY")])
            .expects([Expect::new("F10", "query-seen", "medium")
                .about("query")
                .requests(50)
                .only(QUERY)
                .unjudged(&[Format::Aws])]),
        Plant::new("zombie", "a scope is declared and opens nothing")
            .declared("ledger:legacy")
            .expects([Expect::new("F12", "", "low").about("ledger:legacy")]),
    ]
}
