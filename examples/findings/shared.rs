//! Keys in several hands, and nearly so.

use super::calls::{BILLS, Call, On, from, key};

pub(super) fn calls() -> Vec<Call> {
    const NETWORKS: [&str; 3] = ["198.51.100.7", "203.0.113.9", "192.0.2.4"];
    let days = On::Days(&[155, 165, 175]);
    let mut all = vec![
        key("f07-networks", "K-NET", On::Every(30, 95, 179)),
        key("f07-roaming", "K-ROAM", On::Every(30, 95, 179)),
        key("f07-programs", "K-PROG", On::Every(30, 95, 179)),
        key("f07-twin-a", "K-TWIN", On::Every(30, 100, 179)),
        Call {
            operation: BILLS,
            ..key("f07-twin-b", "K-TWIN", On::Every(30, 100, 179))
        },
        Call {
            agent: "curl/8.5",
            ..key("f07-programs", "K-PROG", days)
        },
        key("f07-programs", "K-PROG", days),
    ];
    for (index, network) in (0..).zip(NETWORKS) {
        all.push(from(key("f07-networks", "K-NET", days), network));
        let roaming = from(key("f07-roaming", "K-ROAM", days), network);
        all.push(Call {
            hour: 8 + 4 * index,
            ..roaming
        });
    }
    all
}
