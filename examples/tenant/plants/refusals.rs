//! F2, F13, F18: who is refused, where and by whom.

use super::{Expect, JSON, Plant, TEXT};
use crate::tenant::call::{By, Call, On, With};
use crate::tenant::healthy;

const THREE: On = On::Days(&[30, 20, 10]);

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn plants() -> Vec<Plant> {
    vec![
        Plant::new(
            "late-deny",
            "the service refuses every request of a client, the gateway none",
        )
        .granted("orders:read payments:read")
        .calls([
            Call::new("late-deny", "GET /v1/orders", "orders:read payments:read"),
            Call::new("late-deny", "GET /v1/payments", "orders:read payments:read")
                .on(THREE)
                .times(4)
                .refused(By::Service),
        ])
        .expects([
            Expect::new("F2", "late-deny", "medium")
                .about("late deny")
                .requests(12)
                .only(JSON)
                .unjudged(TEXT),
            Expect::new("F18", "late-deny", "medium").requests(12),
        ]),
        Plant::new(
            "early-deny",
            "the gateway refuses what token and grants permit",
        )
        .granted("orders:read shipments:read")
        .calls([
            Call::new("early-deny", "GET /v1/orders", "orders:read shipments:read"),
            Call::new(
                "early-deny",
                "GET /v1/shipments",
                "orders:read shipments:read",
            )
            .on(THREE)
            .times(4)
            .refused(By::Gateway),
        ])
        .expects([
            Expect::new("F2", "early-deny", "medium")
                .about("early deny")
                .requests(12)
                .only(JSON)
                .unjudged(TEXT),
            Expect::new("F18", "early-deny", "medium").requests(12),
        ]),
        Plant::new(
            "denied-granted",
            "a granted scope is in no token, and the gateway refuses",
        )
        .granted("orders:read quotes:read")
        .calls([
            Call::new("denied-granted", "GET /v1/orders", "orders:read"),
            Call::new("denied-granted", "GET /v1/quotes", "orders:read")
                .on(THREE)
                .times(4)
                .refused(By::Gateway),
        ])
        .expects([
            Expect::new("F18", "denied-granted", "medium")
                .about("GET /v1/quotes")
                .requests(12),
            Expect::new("F23", "denied-granted", "low")
                .only(JSON)
                .maybe(),
        ]),
        Plant::new(
            "prober",
            "a client is refused at twelve operations on one day",
        )
        .granted("orders:read")
        .calls([Call::new("prober", "GET /v1/orders", "orders:read")])
        .calls(TWELVE.map(|label| {
            Call::new("prober", label, "orders:read")
                .on(On::Days(&[25]))
                .refused(By::Gateway)
        }))
        .expects([Expect::new("F13", "prober", "high").requests(12)]),
        Plant::new(
            "prober-stranger",
            "a caller that no policy names is refused at twelve operations on one day",
        )
        .calls(TWELVE.map(|label| {
            Call::new("prober-stranger", label, "orders:read")
                .on(On::Days(&[24]))
                .refused(By::Gateway)
        }))
        .expects([Expect::new("F13", "prober-stranger", "high").requests(12)]),
        Plant::new(
            "browser",
            "a client asks for forty paths that no description names",
        )
        .granted("orders:read")
        .calls([
            Call::new("browser", "GET /v1/orders", "orders:read"),
            Call::new("browser", "GET !/admin{n}/config", "orders:read")
                .on(On::Days(&[23]))
                .times(40)
                .answered(404, By::Service),
        ])
        .expects([Expect::new("F13", "browser", "high").requests(40)]),
        Plant::new(
            "browser-nobody",
            "nobody asks for forty paths that no description names",
        )
        .calls([Call::new("", "GET !/backup{n}/dump", "")
            .with(With::Unsaid)
            .on(On::Days(&[22]))
            .times(40)
            .answered(404, By::Service)])
        .expects([Expect::new("F13", "", "medium|high").requests(40)]),
        slow(),
        Plant::new(
            "riser",
            "most requests of the last week are refused, and none was before",
        )
        .granted("orders:read")
        .calls([
            Call::new("riser", "GET /v1/orders", "orders:read"),
            Call::new("riser", "GET /v1/customers", "orders:read")
                .on(On::Days(&[5, 3, 1]))
                .times(7)
                .refused(By::Gateway),
        ])
        .expects([Expect::new("F13", "riser", "medium")
            .about("rising")
            .requests(21)]),
        Plant::new(
            "split",
            "the gateway refuses within the hour in which it lets the same pass",
        )
        .granted("orders:read tickets:read")
        .calls([
            Call::new("split", "GET /v1/tickets", "orders:read tickets:read").at(10, 5),
            Call::new("split", "GET /v1/tickets", "orders:read tickets:read")
                .on(On::Days(&[31, 21, 11]))
                .at(10, 40)
                .times(2)
                .refused(By::Gateway),
        ])
        .expects([
            Expect::new("F2", "split", "low")
                .about("split brain")
                .requests(6)
                .only(JSON),
            Expect::new("F2", "split", "medium")
                .about("early deny")
                .only(JSON)
                .maybe(),
            Expect::new("F2", "split", "low")
                .about("split brain")
                .only(TEXT)
                .maybe(),
            Expect::new("F18", "split", "medium").requests(6),
        ]),
    ]
}

/// One other operation on each of forty days.
fn slow() -> Plant {
    let others = healthy::operations()
        .into_iter()
        .filter(|operation| !operation.label.contains("/v1/orders"));
    let calls = others.take(40).zip(6..).map(|(operation, ago)| {
        Call::new("slow-prober", operation.label, "orders:read")
            .on(On::Every(1, ago, ago))
            .refused(By::Gateway)
    });
    Plant::new(
        "slow-prober",
        "a client is refused at forty operations, one on each day",
    )
    .granted("orders:read")
    .calls([Call::new("slow-prober", "GET /v1/orders", "orders:read")])
    .calls(calls)
    .expects([Expect::new("F13", "slow-prober", "medium|high").requests(40)])
}

const TWELVE: [&str; 12] = [
    "GET /v1/invoices",
    "GET /v1/products",
    "GET /v1/customers",
    "GET /v1/payments",
    "GET /v1/shipments",
    "GET /v1/reports",
    "GET /v1/tickets",
    "GET /v1/webhooks",
    "GET /v1/quotes",
    "POST /v1/customers",
    "POST /v1/payments",
    "DELETE /v1/customers/{id}",
];
