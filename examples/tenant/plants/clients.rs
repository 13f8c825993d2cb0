//! F6, F8, F9, F14: clients that hold more than they use.

use super::{Expect, Plant};
use crate::tenant::call::{Call, Life, On, With};
use crate::tenant::files::Operation;
use crate::tenant::healthy;

pub(super) fn plants() -> Vec<Plant> {
    vec![
        Plant::new("asleep", "a client rests for 95 days")
            .granted("orders:read")
            .calls([Call::new("asleep", "GET /v1/orders", "orders:read").on(On::Every(1, 99, 95))])
            .expects([Expect::new("F6", "asleep", "medium").placed()]),
        Plant::new("never-seen", "a client of the policy was never seen")
            .granted("orders:read")
            .expects([Expect::new("F6", "never-seen", "medium").placed()]),
        wide(),
        Plant::new("administrator", "a client holds an administrator's scope")
            .granted("tenant:admin")
            .operations([Operation::scoped("PUT /v1/tenant", "tenant:admin")])
            .calls([Call::new("administrator", "PUT /v1/tenant", "")
                .with(With::Token("tenant:admin", Life::Lasts(900)))])
            .expects([Expect::new("F8", "administrator", "low")
                .about("tenant:admin")
                .placed()]),
        Plant::new("star", "a pattern opens twelve operations, and one is used")
            .granted("catalog:*")
            .head("match: glob\n")
            .operations(CATALOG)
            .calls([Call::new("star", "GET /v1/catalog/items", "-")])
            .expects([Expect::new("F9", "star", "medium")
                .about("catalog:*")
                .placed()]),
        Plant::new("reader", "a client that may write only reads")
            .granted("orders:read orders:write")
            .calls([Call::new(
                "reader",
                "GET /v1/orders",
                "orders:read orders:write",
            )])
            .expects([Expect::new("F14", "reader", "medium").placed()]),
    ]
}

/// A client that holds every scope of the ten resources.
fn wide() -> Plant {
    let resources = healthy::operations()
        .into_iter()
        .filter(|operation| !operation.label.contains("/users/"));
    let mut scopes: Vec<&str> = resources.filter_map(Operation::scope).collect();
    scopes.dedup();
    Plant::new("wide", "a client may do nearly everything")
        .granted(&scopes.join(" "))
        .calls([
            Call::new("wide", "GET /v1/orders", "-"),
            Call::new("wide", "POST /v1/orders", "-"),
        ])
        .expects([Expect::new("F8", "wide", "medium").placed()])
}

macro_rules! catalog {
    ($($name:literal),+) => {
        [$(Operation::scoped(concat!("GET /v1/catalog/", $name), concat!("catalog:", $name))),+]
    };
}

const CATALOG: [Operation; 12] = catalog!(
    "brands",
    "bundles",
    "categories",
    "images",
    "items",
    "labels",
    "prices",
    "reviews",
    "stock",
    "suppliers",
    "tags",
    "variants"
);
