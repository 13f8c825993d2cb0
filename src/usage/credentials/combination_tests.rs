//! What is counted is what a plain grouping of the same lines counts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::format::RawRecord;
use crate::model::Outcome;

type Shown = (u8, Option<usize>, usize, usize);

/// Ids that differ only after the part that is compared, and addresses and agents that
/// differ only after the part that is looked at.
fn texts() -> [Vec<Vec<u8>>; 3] {
    let long = |text: &str, len| text.repeat(len).into_bytes();
    let with = |mut text: Vec<u8>, end: &[u8]| {
        text.extend_from_slice(end);
        text
    };
    [
        vec![
            b"a".to_vec(),
            b"".to_vec(),
            with(long("x", 200), b"1"),
            with(long("x", 200), b"2"),
            long("x", 128),
        ],
        vec![
            b"10.0.0.1".to_vec(),
            b"10.0.1.1".to_vec(),
            b"".to_vec(),
            with(long(" ", 64), b"10.0.2.1"),
            b"nonsense".to_vec(),
        ],
        vec![
            b"curl/8".to_vec(),
            b"curl/9".to_vec(),
            b"okhttp/4".to_vec(),
            with(long("y", 300), b"1"),
            with(long("y", 300), b"2"),
        ],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn facts_are_those_of_a_plain_grouping(
        lines in prop::collection::vec(
            ((0..3_u8, prop::option::of(0..5_usize), 0..5_usize, 0..5_usize), 0..2_i64, any::<bool>()),
            1..200,
        ),
    ) {
        let key = HashKey::default();
        let [ids, addresses, agents] = texts();
        let mut collector = Collector::new(&key);
        let mut plain: BTreeMap<_, (u64, u64, BTreeSet<_>, BTreeSet<_>)> = BTreeMap::new();
        for (shown, day, refused) in &lines {
            let (client, id, address, agent): Shown = *shown;
            let id = id.map(|id| ids[id].as_slice());
            let raw = RawRecord {
                time: (20_000 + day) * 86_400_000,
                credential: id,
                client_ip: Some(&addresses[address]),
                user_agent: Some(&agents[agent]),
                ..RawRecord::default()
            };
            let outcome = if *refused { Outcome::DeniedGateway } else { Outcome::Used };
            let request = Request { client: u32::from(client) + 2, route: 0, outcome };
            collector.add(&raw, request, &[]);
            let which = id.map_or(Which::Unnamed, |id| Which::Named(key.hash(id)));
            let counted = plain.entry((Day::of(raw.time), client, which)).or_default();
            counted.0 += 1;
            counted.1 += u64::from(*refused);
            counted.2.extend(Network::of(&addresses[address][..addresses[address].len().min(64)]));
            counted.3.insert(Agent::of(&agents[agent]));
        }
        let table = Collector::merge(vec![collector], |_, client| Some(format!("c{}", client - 2)));
        let found: BTreeMap<_, _> = table.rows.iter().map(|row| {
            let client: u8 = table.clients[row.client as usize][1..].parse().unwrap();
            let facts = &row.facts;
            let networks = facts.networks.items.iter().map(|(network, _)| *network).collect();
            let agents = facts.agents.items.iter().map(|(agent, _)| agent.clone()).collect();
            ((row.day, client, row.credential), (facts.count, facts.refused, networks, agents))
        }).collect();
        prop_assert_eq!(found, plain);
    }
}
