//! F3, F22, F23, F26, F27: what tokens carry, how long they live, and how much they are used.

use super::{Expect, JSON, Plant, TEXT};
use crate::tenant::call::{Call, Life, On, With};

const TEN: On = On::Every(1, 20, 11);
const WIDE: &str = concat!(
    "orders:read invoices:read products:read customers:read payments:read ",
    "shipments:read reports:read tickets:read webhooks:read quotes:read"
);

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn plants() -> Vec<Plant> {
    let lives = |client, life| {
        [
            Call::new(client, "GET /v1/orders", "orders:read"),
            Call::new(client, "GET /v1/orders/{id}", "")
                .on(TEN)
                .with(With::Token("orders:read", life)),
        ]
    };
    let f3 = |client, severity| {
        Expect::new("F3", client, severity)
            .only(JSON)
            .unjudged(TEXT)
    };
    vec![
        Plant::new("token-workday", "tokens live for eight hours")
            .granted("orders:read")
            .calls(lives("token-workday", Life::Lasts(28_800)))
            .expects([f3("token-workday", "medium").requests(10)]),
        Plant::new("token-month", "tokens live for thirty days")
            .granted("orders:read")
            .calls(lives("token-month", Life::Lasts(30 * 86_400)))
            .expects([f3("token-month", "high").requests(10)]),
        Plant::new("token-endless", "tokens have no end")
            .granted("orders:read")
            .calls(lives("token-endless", Life::Endless))
            .expects([f3("token-endless", "high").about("no end").requests(10)]),
        Plant::new(
            "token-over",
            "requests pass ten minutes after the token's end",
        )
        .granted("orders:read")
        .calls(lives("token-over", Life::Ended(600)))
        .expects([f3("token-over", "high").about("after its end").requests(10)]),
        Plant::new(
            "token-stranger",
            "a caller that no policy names has tokens of thirty days",
        )
        .calls([Call::new("token-stranger", "GET /v1/orders", "")
            .on(TEN)
            .with(With::Token("orders:read", Life::Lasts(30 * 86_400)))])
        .expects([
            f3("token-stranger", "high").requests(10),
            Expect::new("F24", "token-stranger", "medium").requests(10),
        ]),
        Plant::new("issued-extra", "tokens carry a scope that no line grants")
            .granted("orders:read")
            .calls([
                Call::new("issued-extra", "GET /v1/orders", "orders:read"),
                Call::new(
                    "issued-extra",
                    "GET /v1/orders/{id}",
                    "orders:read customers:delete",
                )
                .on(TEN),
            ])
            .expects([Expect::new("F22", "issued-extra", "high")
                .about("customers:delete")
                .requests(10)
                .only(JSON)
                .unjudged(TEXT)]),
        Plant::new(
            "never-issued",
            "a granted scope is in no token of fifty days",
        )
        .granted("orders:read invoices:read")
        .calls([Call::new("never-issued", "GET /v1/orders", "orders:read")])
        .expects([Expect::new("F23", "never-issued", "low")
            .about("invoices:read")
            .placed()
            .only(JSON)
            .unjudged(TEXT)]),
        Plant::new(
            "full-token",
            "every token carries ten scopes, and every call needs the same one",
        )
        .granted(WIDE)
        .calls([Call::new("full-token", "GET /v1/orders", WIDE).times(4)])
        .expects([Expect::new("F26", "full-token", "low")
            .only(JSON)
            .unjudged(TEXT)]),
        Plant::new(
            "spike",
            "one credential is used twenty times as much on three days",
        )
        .granted("orders:read")
        .calls(spike("spike", "C-SPIKE", ""))
        .expects([
            Expect::new("F27", "spike", "medium").only(JSON),
            Expect::new("F27", "spike", "medium").only(TEXT).maybe(),
        ]),
        Plant::new(
            "spike-elsewhere",
            "one credential is used twenty times as much from a new network",
        )
        .granted("orders:read")
        .calls(spike("spike-elsewhere", "C-SPIKE-2", "203.0.113.77"))
        .expects([
            Expect::new("F27", "spike-elsewhere", "high").only(JSON),
            Expect::new("F27", "spike-elsewhere", "medium|high")
                .only(TEXT)
                .maybe(),
        ]),
    ]
}

/// Five a day for three months; on three days a hundred.
fn spike(client: &'static str, id: &'static str, address: &'static str) -> [Call; 2] {
    let usual = Call::new(client, "GET /v1/orders", "")
        .with(With::Certificate(id))
        .on(On::Every(1, 85, 0))
        .times(5);
    [
        usual,
        usual.on(On::Every(1, 12, 10)).times(100).from(address),
    ]
}
