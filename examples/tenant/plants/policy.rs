//! F17, F19, F20, F21, F29, F30: what is in the policy and the configuration.

use super::{Expect, Plant};
use crate::tenant::call::Call;
use crate::tenant::files::{Grant, Operation};

pub(super) fn plants() -> Vec<Plant> {
    let reads = |client| [Call::new(client, "GET /v1/orders", "-")];
    vec![
        Plant::new(
            "exception-over",
            "an exception expired before the log began",
        )
        .granted("orders:read")
        .calls(reads("exception-over"))
        .config(OVER)
        .expects([Expect::new("F17", "", "medium")
            .about("exception-over")
            .placed()]),
        Plant::new("exception-nobody", "an exception matches no grant")
            .config(NOBODY)
            .expects([Expect::new("F17", "", "low")
                .about("exception-nobody")
                .placed()]),
        Plant::new("typo", "a granted scope opens nothing")
            .granted("orders:read order:read")
            .calls(reads("typo"))
            .expects([Expect::new("F19", "typo", "low")
                .about("order:read")
                .placed()]),
        Plant::new("twice", "a scope is granted directly and through a role")
            .grants([Grant::new("twice", "orders:read").roles(&["reader"])])
            .head(READER)
            .calls(reads("twice"))
            .expects([Expect::new("F20", "twice", "low")
                .about("orders:read")
                .placed()]),
        Plant::new("switch", "a switch makes the other grants meaningless")
            .granted("orders:read fullScopeAllowed")
            .calls(reads("switch"))
            .expects([
                Expect::new("F21", "switch", "critical")
                    .about("fullScopeAllowed")
                    .placed(),
                Expect::new("F19", "switch", "low")
                    .about("fullScopeAllowed")
                    .maybe(),
            ]),
        Plant::new("undocumented", "a grant has no owner and no date")
            .grants([Grant::new("undocumented", "orders:read").undocumented()])
            .calls(reads("undocumented"))
            .expects([
                Expect::new("F29", "", "low").about("owner").placed(),
                Expect::new("F29", "", "low").about("date").placed(),
            ]),
        Plant::new("toxic", "one client makes payments and releases them")
            .granted("payments:write payments:release")
            .operations([Operation::scoped(
                "POST /v1/payments/{id}/release",
                "payments:release",
            )])
            .calls([
                Call::new("toxic", "POST /v1/payments", "-"),
                Call::new("toxic", "POST /v1/payments/{id}/release", "-"),
            ])
            .config(PAIR)
            .expects([Expect::new("F30", "toxic", "high")
                .about("payments:release")
                .placed()]),
    ]
}

const OVER: &str = concat!(
    "[[exceptions]]\n",
    "client = \"exception-over\"\n",
    "term = \"orders:read\"\n",
    "reason = \"over\"\n",
    "until = 2026-06-30\n",
);
const NOBODY: &str = concat!(
    "[[exceptions]]\n",
    "client = \"exception-nobody\"\n",
    "term = \"orders:read\"\n",
    "reason = \"meant for another\"\n",
    "until = 2027-06-30\n",
);
const READER: &str = concat!(
    "roles:\n",
    "  reader:\n",
    "    owner: team-apis\n",
    "    description: reads orders\n",
    "    since: 2025-01-15\n",
    "    scopes: [\"orders:read\"]\n",
);
const PAIR: &str = concat!(
    "[[toxic]]\n",
    "a = \"payments:write\"\n",
    "b = \"payments:release\"\n",
    "reason = \"four eyes\"\n",
);
