//! Casbin, decided by its Rust engine.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use casbin::{CoreApi as _, DefaultModel, Enforcer, StringAdapter};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::table::Table;
use crate::world;

/// Nothing here waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the engine waits"),
    }
}

fn engine(folder: &Path) -> Enforcer {
    world::enforce(folder, "casbin");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    now(async {
        let model = DefaultModel::from_str(&read("casbin-model.conf"))
            .await
            .unwrap();
        let lines = StringAdapter::new(read("casbin-policy.csv"));
        Enforcer::new(model, lines).await.unwrap()
    })
}

fn decide(engine: &Enforcer, client: Option<&str>, method: &str, path: &str) -> bool {
    engine
        .enforce((client.unwrap_or_default(), path, method))
        .unwrap()
}

/// Names that its lines can hold.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[test]
fn casbin_decides_every_request_as_planned() {
    let folder = tempfile::tempdir().unwrap();
    world::write(folder.path(), &world::OPERATIONS, &world::CLIENTS);
    let engine = engine(folder.path());
    let mut passed = 0;
    for request in world::requests(folder.path()) {
        let [method, target] = ["method", "target"].map(|key| request[key].as_str().unwrap());
        let client = request["client"].as_str();
        let odd = world::CLIENTS
            .iter()
            .any(|(name, _)| Some(*name) == client && !is_plain(name));
        let path = target.split('?').next().unwrap();
        let decided = decide(&engine, client, method, path);
        // What it cannot hold is refused, except where everybody may.
        let expected = request["allowed"] == true && (!odd || path == "/health");
        assert_eq!(decided, expected, "{request}");
        passed += usize::from(decided);
    }
    assert!(passed > 30, "{passed}");
}

const SEGMENTS: [&str; 12] = [
    "a",
    "A",
    "me",
    "@me",
    "a.b",
    "{id}",
    "{id}",
    "{id}.json",
    "f-{id}",
    "{id}:go",
    "7",
    "a+b",
];
const BITS: [&str; 20] = [
    "/", "//", "%2F", ".", "..", "/../", "%2e", ";x", "%00", "%20", "%40", "@", ":", "a", "A",
    "me", "7", ".json", "/x", "%61",
];
const NAMES: [&str; 4] = ["one", "One", "two", "three"];

fn operation() -> impl Strategy<Value = String> {
    let path = proptest::collection::vec(select(SEGMENTS.to_vec()), 1..4);
    let end = select(vec!["", "", "/**"]);
    (select(vec!["GET", "GET", "POST", "HEAD", "ANY"]), path, end)
        .prop_map(|(method, path, end)| format!("{method} /{}{end}", path.join("/")))
}

/// Paths near the operations.
fn paths(operations: &[String], seeds: &[(usize, usize, usize)]) -> Vec<String> {
    let near = |(at, bit, place): &(usize, usize, usize)| {
        let template = operations[at % operations.len()].split_once(' ').unwrap().1;
        let mut path = template.replace("{id}", "7").replace("/**", "/x");
        for round in 0..bit % 3 {
            let place = (place / (round + 1)) % (path.len() + 1);
            path.insert_str(place, BITS[(bit / (round + 3)) % BITS.len()]);
        }
        path
    };
    seeds.iter().map(near).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]
    #[test]
    fn any_casbin_policy_decides_as_the_table(
        mut operations in proptest::collection::vec(operation(), 1..7),
        grants in proptest::collection::vec(subsequence(vec![0, 1, 2, 3, 4, 5], 0..6), NAMES.len()),
        seeds in proptest::collection::vec((0..1_000_usize, 0..1_000_usize, 0..1_000_usize), 1_000),
    ) {
        // Two routes of one shape are a mistake that the reader refuses.
        operations.sort();
        operations.dedup();
        let clients: Vec<(&str, &[usize])> = NAMES.into_iter().zip(grants.iter().map(Vec::as_slice)).collect();
        let folder = tempfile::tempdir().unwrap();
        let texts: Vec<&str> = operations.iter().map(String::as_str).collect();
        world::write(folder.path(), &texts, &clients);
        world::enforce(folder.path(), "table");
        let (table, engine) = (Table::of(&std::fs::read_to_string(folder.path().join("table.json")).unwrap()), engine(folder.path()));
        for (number, path) in paths(&operations, &seeds).iter().enumerate() {
            let client = [Some("one"), Some("One"), Some("two"), Some("three"), None, Some("four")][number % 6];
            let method = ["GET", "POST", "HEAD"][number / 6 % 3];
            let expected = table.allows(client, method, path);
            prop_assert_eq!(decide(&engine, client, method, path), expected, "{:?} {} {}", client, method, path);
        }
    }
}
