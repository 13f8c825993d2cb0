//! F1, F11, F24, F25, F28: what is open.

use super::{Expect, JSON, Plant, TEXT};
use crate::tenant::call::{Call, Life, On, With};
use crate::tenant::files::{Operation, Security};

/// Five days, twenty-five requests with five on each.
const FIVE: On = On::Days(&[40, 33, 26, 19, 12]);

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn plants() -> Vec<Plant> {
    vec![
        Plant::new(
            "hole-token",
            "a client deletes with a token that lacks the scope it is granted",
        )
        .granted("orders:read orders:delete")
        .calls([
            Call::new("hole-token", "GET /v1/orders", "orders:read orders:delete"),
            Call::new(
                "hole-token",
                "DELETE /v1/orders/{id}",
                "orders:read orders:delete",
            ),
            Call::new("hole-token", "DELETE /v1/orders/{id}", "orders:read")
                .on(FIVE)
                .times(3),
        ])
        .expects([Expect::new("F1", "hole-token", "critical")
            .about("DELETE /v1/orders/{id}")
            .requests(15)
            .only(JSON)]),
        Plant::new(
            "hole-held",
            "a client with opaque tokens passes where no grant permits it",
        )
        .granted("invoices:read")
        .calls([
            Call::new("hole-held", "GET /v1/invoices", "-"),
            Call::new("hole-held", "DELETE /v1/invoices/{id}", "-").on(FIVE),
        ])
        .expects([Expect::new("F1", "hole-held", "critical")
            .about("DELETE /v1/invoices/{id}")
            .requests(5)]),
        Plant::new(
            "ghost",
            "a caller that no policy names deletes with a token that lacks the scope",
        )
        .calls(
            [Call::new("ghost", "DELETE /v1/tickets/{id}", "orders:read")
                .on(FIVE)
                .times(5)],
        )
        .expects([
            Expect::new("F1", "ghost", "critical")
                .about("DELETE /v1/tickets/{id}")
                .requests(25)
                .only(JSON),
            // Without the scopes of the token it is a caller that nobody governs.
            Expect::new("F24", "ghost", "high").requests(25).only(TEXT),
        ]),
        Plant::new(
            "anonymous",
            "nobody deletes on a protected operation and is answered",
        )
        .calls([Call::new("", "DELETE /v1/quotes/{id}", "")
            .with(With::Unsaid)
            .on(FIVE)
            .times(5)])
        .expects([Expect::new("F1", "", "critical")
            .about("DELETE /v1/quotes/{id}")
            .requests(25)]),
        Plant::new(
            "ungoverned-writer",
            "a caller that no policy names writes with a token that has the scope",
        )
        .calls([
            Call::new("ungoverned-writer", "POST /v1/reports", "reports:write")
                .on(FIVE)
                .times(4),
        ])
        .expects([Expect::new("F24", "ungoverned-writer", "high").requests(20)]),
        Plant::new(
            "ungoverned-reader",
            "a caller that no policy names reads with a token that has the scope",
        )
        .calls([
            Call::new("ungoverned-reader", "GET /v1/reports", "reports:read")
                .on(FIVE)
                .times(4),
        ])
        .expects([Expect::new("F24", "ungoverned-reader", "medium").requests(20)]),
        Plant::new(
            "public-write",
            "a write needs no authentication and is used",
        )
        .granted("orders:read")
        .operations([Operation::new("POST /v1/feedback", Security::Public)])
        .calls([
            Call::new("public-write", "GET /v1/orders", "orders:read"),
            Call::new("public-write", "POST /v1/feedback", "orders:read")
                .on(FIVE)
                .times(6),
        ])
        .expects([Expect::new("F25", "", "high")
            .about("POST /v1/feedback")
            .requests(30)
            .placed()]),
        Plant::new(
            "never-refused",
            "nobody was ever refused on protected operations",
        )
        .granted("ledger:read ledger:close")
        .operations([
            Operation::scoped("GET /v1/ledger", "ledger:read"),
            Operation::scoped("POST /v1/ledger/close", "ledger:close"),
        ])
        .calls([
            Call::new(
                "never-refused",
                "GET /v1/ledger",
                "ledger:read ledger:close",
            ),
            Call::new(
                "never-refused",
                "POST /v1/ledger/close",
                "ledger:read ledger:close",
            ),
        ])
        .expects([Expect::new("F28", "", "note").some()]),
        Plant::new("shadow", "a path that no description names serves a client")
            .granted("orders:read")
            .calls([
                Call::new("shadow", "GET /v1/orders", "orders:read"),
                Call::new("shadow", "GET !/v1/internal/export", "orders:read")
                    .on(FIVE)
                    .times(4),
            ])
            .expects([Expect::new("F11", "", "medium")
                .about("GET /v1/internal/export")
                .requests(20)]),
        Plant::new(
            "shadow-stranger",
            "a path that no description names serves a caller that no policy names",
        )
        .calls([
            Call::new("shadow-stranger", "GET !/v1/internal/dump", "orders:read")
                .on(FIVE)
                .times(4),
        ])
        .expects([Expect::new("F11", "", "medium")
            .about("GET /v1/internal/dump")
            .requests(20)]),
        Plant::new(
            "privileged",
            "a client assigns roles, which is to be looked at",
        )
        .granted("users:read users:assign")
        .calls([
            Call::new(
                "privileged",
                "GET /v1/users/{id}",
                "users:read users:assign",
            )
            .with(QUARTER),
            Call::new(
                "privileged",
                "POST /v1/users/{id}/roles",
                "users:read users:assign",
            )
            .with(QUARTER),
        ])
        .expects([Expect::new("F15", "privileged", "note")
            .about("POST /v1/users/{id}/roles")
            .requests(50)]),
        Plant::new(
            "privileged-stranger",
            "a caller that no policy names assigns roles",
        )
        .calls([
            Call::new("privileged-stranger", "POST /v1/users/{id}/roles", "")
                .with(QUARTER)
                .on(FIVE),
        ])
        .expects([
            Expect::new("F15", "privileged-stranger", "low")
                .about("POST /v1/users/{id}/roles")
                .requests(5),
            Expect::new("F24", "privileged-stranger", "high").requests(5),
        ]),
        Plant::new(
            "after-idle",
            "a heavy operation is used for the first time after 96 days",
        )
        .granted("users:read users:assign")
        .calls([
            Call::new("after-idle", "GET /v1/users/{id}", "").with(QUARTER),
            Call::new("after-idle", "POST /v1/users/{id}/roles", "")
                .with(QUARTER)
                .on(On::Days(&[3])),
        ])
        .expects([
            Expect::new("F16", "after-idle", "low")
                .about("POST /v1/users/{id}/roles")
                .requests(1),
            Expect::new("F15", "after-idle", "note").requests(1),
        ]),
    ]
}

/// Who can assign roles has shorter tokens.
const QUARTER: With = With::Token("users:read users:assign", Life::Lasts(900));
