//! Near misses: none of them is above a note.

use super::Plant;
use crate::tenant::call::{By, Call, HOUR, Life, On, With};
use crate::tenant::files::{Grant, Operation, Security};

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn plants() -> Vec<Plant> {
    let key = |client, id, on| {
        Call::new(client, "GET /v1/orders", "")
            .with(With::Key(id))
            .on(on)
    };
    vec![
        Plant::new(
            "near-renewal",
            "a client learns from a 401 that its token is over",
        )
        .granted("orders:read")
        .calls([
            Call::new("near-renewal", "GET /v1/orders", "orders:read").times(3),
            Call::new("near-renewal", "GET /v1/orders", "")
                .with(With::Token("orders:read", Life::Ended(30)))
                .answered(401, By::Gateway),
        ]),
        Plant::new(
            "near-business",
            "the service refuses one request in a hundred for reasons of business",
        )
        .granted("orders:read")
        .calls([
            Call::new("near-business", "GET /v1/orders/{id}", "orders:read").times(14),
            Call::new("near-business", "GET /v1/orders/{id}", "orders:read")
                .on(On::Days(&[80, 60, 50, 40, 30, 20, 10]))
                .refused(By::Service),
        ]),
        Plant::new("near-renamed", "a consumer with one key is renamed")
            .grants([
                Grant::new("near-renamed-old", "orders:read"),
                Grant::new("near-renamed-new", "orders:read"),
            ])
            .calls([
                key("near-renamed-old", "K-NEAR-1", On::Every(1, 80, 40)),
                key("near-renamed-new", "K-NEAR-1", On::Every(1, 39, 0)),
            ]),
        Plant::new(
            "near-moved",
            "a client with one key moves to another network",
        )
        .granted("orders:read")
        .calls([
            key("near-moved", "K-NEAR-2", On::Every(1, 80, 40)).from("203.0.113.20"),
            key("near-moved", "K-NEAR-2", On::Every(1, 39, 0)).from("192.0.2.20"),
        ]),
        Plant::new(
            "near-rotated",
            "two keys are used side by side for two days",
        )
        .granted("orders:read")
        .calls([
            key("near-rotated", "K-NEAR-3", On::Every(1, 85, 40)),
            key("near-rotated", "K-NEAR-4", On::Every(1, 41, 0)),
        ]),
        Plant::new(
            "near-egress",
            "a key comes from three networks of egress from the first day on",
        )
        .granted("orders:read")
        .calls(
            ["203.0.113.30", "192.0.2.30", "198.51.100.30"].map(|address| {
                key("near-egress", "K-NEAR-5", On::Every(1, 85, 0))
                    .at(10, 5)
                    .from(address)
            }),
        ),
        Plant::new(
            "near-programs",
            "a key is used by two HTTP libraries from the first day on",
        )
        .granted("orders:read")
        .calls(["okhttp/4.12.0", "node-fetch/1.0"].map(|agent| Call {
            agent,
            ..key("near-programs", "K-NEAR-6", On::Every(1, 85, 0)).at(10, 5)
        })),
        Plant::new(
            "near-words",
            "scopes of owners' profiles and root causes are not an administrator's",
        )
        .granted("owner-profile:read root-cause:read")
        .operations([
            Operation::scoped("GET /v1/owner-profile", "owner-profile:read"),
            Operation::scoped("GET /v1/root-cause", "root-cause:read"),
        ])
        .calls([
            Call::new(
                "near-words",
                "GET /v1/owner-profile",
                "owner-profile:read root-cause:read",
            ),
            Call::new(
                "near-words",
                "GET /v1/root-cause",
                "owner-profile:read root-cause:read",
            ),
        ]),
        Plant::new("near-hour", "tokens live for one hour to the second")
            .granted("orders:read")
            .calls([
                Call::new("near-hour", "GET /v1/orders", "").with(With::Token("orders:read", HOUR))
            ]),
        Plant::new("near-login", "everybody may log in")
            .operations([Operation::new("POST /v1/login", Security::Public)])
            .calls([Call::new("", "POST /v1/login", "")
                .with(With::Unsaid)
                .times(4)]),
        Plant::new("near-exception", "an exception is in force")
            .granted("orders:read")
            .calls([Call::new("near-exception", "GET /v1/orders", "-")])
            .config(IN_FORCE),
        Plant::new(
            "near-stumble",
            "a client is refused at ten operations on one day",
        )
        .granted("orders:read")
        .calls([Call::new("near-stumble", "GET /v1/orders", "orders:read")])
        .calls(TEN.map(|label| {
            Call::new("near-stumble", label, "orders:read")
                .on(On::Days(&[21]))
                .refused(By::Gateway)
        })),
    ]
}

const TEN: [&str; 10] = [
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
];

const IN_FORCE: &str = concat!(
    "[[exceptions]]\n",
    "client = \"near-exception\"\n",
    "term = \"orders:read\"\n",
    "reason = \"agreed\"\n",
    "until = 2027-06-30\n",
);
