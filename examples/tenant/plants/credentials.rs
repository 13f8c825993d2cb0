//! F4 to F7: keys and certificates.

use super::{Expect, JSON, KEYS, NO_KEYS, Plant, TEXT};
use crate::tenant::call::{ALL, Call, On, With};
use crate::tenant::files::Grant;

const READ: &str = "GET /v1/orders";
/// Networks that join, in addition to the one that a key normally comes from.
const JOINED: [&str; 3] = ["203.0.113.61", "192.0.2.62", "198.51.100.63"];

#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn plants() -> Vec<Plant> {
    let key = |client, id, on| Call::new(client, READ, "").with(With::Key(id)).on(on);
    let certificate = |client, id, on| {
        Call::new(client, READ, "")
            .with(With::Certificate(id))
            .on(on)
    };
    let by_key = |rule, client, severity| {
        Expect::new(rule, client, severity)
            .only(KEYS)
            .unjudged(NO_KEYS)
    };
    let by_certificate = |rule, client, severity| {
        Expect::new(rule, client, severity)
            .only(JSON)
            .unjudged(TEXT)
    };
    vec![
        Plant::new(
            "key-old",
            "a key is in use for 98 days and was never replaced",
        )
        .granted("orders:read")
        .calls([key("key-old", "K-OLD", ALL)])
        .expects([by_key("F4", "key-old", "medium")
            .about("K-OLD")
            .requests(50)]),
        Plant::new(
            "certificate-old",
            "a certificate is in use for 98 days and was never replaced",
        )
        .granted("orders:read")
        .calls([certificate("certificate-old", "C-OLD", ALL)])
        .expects([by_certificate("F4", "certificate-old", "medium")
            .about("C-OLD")
            .requests(50)]),
        Plant::new(
            "key-third",
            "of three keys the oldest is still in use long after the second one came",
        )
        .granted("orders:read")
        .calls([
            key("key-third", "K-THIRD-1", On::Every(1, 80, 0)),
            key("key-third", "K-THIRD-2", On::Every(1, 60, 0)),
            key("key-third", "K-THIRD-3", On::Every(1, 3, 0)),
        ])
        .expects([by_key("F5", "key-third", "low").about("K-THIRD-1")]),
        Plant::new(
            "rotation-open",
            "the old certificate is still in use two months after the new one came",
        )
        .granted("orders:read")
        .calls([
            certificate("rotation-open", "C-OPEN-1", On::Every(1, 80, 0)),
            certificate("rotation-open", "C-OPEN-2", On::Every(1, 60, 0)),
        ])
        .expects([by_certificate("F5", "rotation-open", "low").about("C-OPEN-1")]),
        Plant::new("key-spare", "a client has a key that rests for 95 days")
            .granted("orders:read")
            .calls([
                key("key-spare", "K-SPARE", On::Days(&[99, 97, 95])),
                key("key-spare", "K-SPARE-2", On::Every(1, 94, 50)),
                key("key-spare", "K-SPARE-3", On::Every(1, 50, 0)),
            ])
            .expects([Expect::new("F6", "key-spare", "low")
                .about("K-SPARE")
                .requests(3)
                .only(KEYS)]),
        Plant::new(
            "key-joined",
            "three networks join a key that has one, in the same minutes",
        )
        .granted("orders:read")
        .calls([key("key-joined", "K-JOINED", On::Every(1, 85, 0)).at(10, 5)])
        .calls(JOINED.map(|network| {
            key("key-joined", "K-JOINED", On::Every(2, 40, 0))
                .at(10, 5)
                .from(network)
        }))
        .expects([by_key("F7", "key-joined", "high").about("K-JOINED")]),
        Plant::new(
            "certificate-joined",
            "three networks join a certificate that has one, in the same minutes",
        )
        .granted("orders:read")
        .calls([certificate("certificate-joined", "C-JOINED", On::Every(1, 85, 0)).at(10, 5)])
        .calls(JOINED.map(|network| {
            certificate("certificate-joined", "C-JOINED", On::Every(2, 40, 0))
                .at(10, 5)
                .from(network)
        }))
        .expects([by_certificate("F7", "certificate-joined", "high").about("C-JOINED")]),
        Plant::new("key-twins", "two clients use one key in the same minutes")
            .grants([
                Grant::new("twin-a", "orders:read"),
                Grant::new("twin-b", "orders:read"),
            ])
            .calls(
                ["twin-a", "twin-b"]
                    .map(|client| key(client, "K-TWIN", On::Every(3, 60, 0)).at(10, 5)),
            )
            .expects([Expect::new("F7", "", "high").about("K-TWIN").only(KEYS)]),
        Plant::new(
            "certificate-twins",
            "two clients use one certificate in the same minutes",
        )
        .grants([
            Grant::new("twin-c", "orders:read"),
            Grant::new("twin-d", "orders:read"),
        ])
        .calls(
            ["twin-c", "twin-d"]
                .map(|client| certificate(client, "C-TWIN", On::Every(3, 60, 0)).at(10, 5)),
        )
        .expects([Expect::new("F7", "", "high")
            .about("C-TWIN")
            .only(JSON)
            .unjudged(TEXT)]),
        Plant::new(
            "key-twins-past",
            "two clients used one key in the same minutes, three months ago",
        )
        .grants([
            Grant::new("twin-e", "orders:read"),
            Grant::new("twin-f", "orders:read"),
        ])
        .calls(
            ["twin-e", "twin-f"]
                .map(|client| key(client, "K-PAST", On::Every(1, 99, 85)).at(10, 5)),
        )
        .calls([
            key("twin-e", "K-PAST-E", On::Every(1, 84, 0)),
            key("twin-f", "K-PAST-F", On::Every(1, 84, 0)),
        ])
        .expects([Expect::new("F7", "", "low").about("K-PAST").only(KEYS)]),
    ]
}
