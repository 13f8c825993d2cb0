//! Logs, descriptions and policies in a bucket, and on a web server.

use std::fs;
use std::io::Write as _;

use crate::server::Fault;
use crate::{SECRET, World, files, log, shop, text};

/// Compressed, plain, larger than two segments, empty, in an archive, and hidden.
fn world_with_logs() -> World {
    let world = World::new();
    for month in ["10", "11"] {
        let name = format!("kong-2025-{month}.log.gz");
        let bytes = fs::read(shop("logs").join(&name)).unwrap();
        world.add(&format!("logs/{name}"), &bytes);
    }
    world.add("logs/plain.log", &log("billing", 1..9, 12000));
    world.add("logs/empty.log", b"");
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["a.log", "b.log"] {
        let content = log(name, 10..13, 50);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_slice())
            .unwrap();
    }
    world.add("logs/deep/er/two.tar", &tar.into_inner().unwrap());
    world.add("logs/.hidden.log", b"not a log");
    // A folder as consoles make it.
    world.server.put("b/logs/deep/", b"");
    world
}

/// The tables without those that name the places of logs.
fn tables(world: &World, ledger: &str) -> Vec<(String, Vec<u8>)> {
    let all = files(&world.path(ledger));
    let tables = all
        .into_iter()
        .filter(|(name, _)| !name.starts_with("sources/") && name != "manifest.json");
    let tables: Vec<_> = tables.collect();
    assert!(tables.len() > 60, "{}", tables.len());
    tables
}

#[test]
fn logs_in_a_bucket_give_the_tables_of_the_same_logs_in_a_folder() {
    let world = world_with_logs();
    let plain = world.path("logs/plain.log").metadata().unwrap().len();
    assert!(plain > 8 << 20, "it has several segments: {plain}");
    world.ok("ingest logs --catalog openapi.yaml --ledger local");
    let told = world.ok("ingest s3://b/logs --catalog s3://b/openapi.yaml --ledger remote");
    assert!(
        told.contains("s3://b/logs/deep/er/two.tar!b.log: added"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 6, "{told}");
    assert_eq!(tables(&world, "local"), tables(&world, "remote"));
    world.ok("ingest s3://b/logs/**/[a-z]* s3://b/logs/*.gz --threads 1 --catalog s3://b/openapi.yaml --ledger globs");
    assert!(
        world
            .fails("ingest s3://b/logs/**/*.zst --catalog openapi.yaml --ledger x")
            .contains("no file matches")
    );
    let named = "ingest s3://b/logs/plain.log s3://b/logs/deep s3://b/logs/empty.log s3://b/logs/*.gz --catalog openapi.yaml --ledger named";
    world.ok(named);
    assert_eq!(tables(&world, "local"), tables(&world, "named"));
    let (globs, named) = (files(&world.path("globs")), files(&world.path("named")));
    assert!(
        globs == named,
        "the same objects, by whatever names and with any number of threads"
    );
}

#[test]
fn an_analysis_of_a_bucket_says_what_one_of_a_folder_says() {
    let world = World::new();
    for month in ["08", "09", "10"] {
        let name = format!("kong-2026-{month}.log.gz");
        world.add(
            &format!("logs/{name}"),
            &fs::read(shop("logs").join(&name)).unwrap(),
        );
    }
    let flags = |at: &str| {
        format!(
            "analyze --logs {at}logs --catalog {at}openapi.yaml --grants {at}grants.yaml --json"
        )
    };
    let local = world.ok(&flags(""));
    let remote = world.ok(&flags("s3://b/"));
    let verdicts = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).unwrap();
        report["clients"].clone()
    };
    let expected = verdicts(&local)
        .to_string()
        .replace("grants.yaml", "s3://b/grants.yaml");
    assert!(expected.len() > 1000);
    assert_eq!(verdicts(&remote).to_string(), expected);
}

#[test]
fn a_policy_in_a_bucket_is_not_written_back() {
    let world = World::new();
    world.add("logs/a.log", &log("storefront-web", 1..29, 20));
    world.ok("analyze --logs s3://b/logs --catalog openapi.yaml --grants s3://b/grants.yaml --level review --out result");
    let told = world.fails("apply result --level review");
    assert!(
        told.contains("is no file of this machine: nothing was changed"),
        "{told}"
    );
}

#[test]
fn a_listing_of_many_pages_is_read_to_its_end() {
    let world = World::new();
    for number in 0..3500 {
        world.server.put(&format!("b/many/{number:05}/x.txt"), b"x");
    }
    world
        .server
        .put("b/many/03499/y.log", &log("billing", 1..3, 5));
    let told = world.ok("ingest s3://b/many/*/*.log --catalog openapi.yaml --ledger l");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_web_server_is_read_and_never_written() {
    let world = world_with_logs();
    let web = format!("http://127.0.0.1:{}/b", world.server.port);
    let told = world.ok(&format!(
        "ingest {web}/logs/kong-2025-10.log.gz {web}/logs/deep/er/two.tar --catalog {web}/openapi.yaml --ledger s3://b/ledger"
    ));
    assert_eq!(told.lines().count(), 3, "{told}");
    let status = world.ok("ledger status s3://b/ledger");
    assert_eq!(world.ok(&format!("ledger status {web}/ledger")), status);
    let told = world.fails(&format!(
        "ingest logs/plain.log --catalog openapi.yaml --ledger {web}/new"
    ));
    assert!(told.contains("a web server is only read"), "{told}");
}

#[test]
fn what_is_wrong_with_an_address_is_said_without_what_may_be_secret() {
    let world = World::new();
    let told = |args: &str| {
        let told = world.fails(&format!("{args} --catalog openapi.yaml --ledger l"));
        assert!(
            !told.contains("hunter2") && !world.path("l").exists(),
            "{told}"
        );
        told
    };
    assert!(
        told("ingest s3://b/nothing")
            .contains("no such object, and none below it: `s3://b/nothing`")
    );
    assert!(told("ingest s3://b/a//b").contains("a key with `//`"));
    assert!(told("ingest https://me:hunter2@host/a.log").contains("it may be a credential"));
    assert!(told("ingest https://host/a.log?sig=hunter2").contains("`https://host/a.log`"));
    world.server.plan(|_| Fault::Status(403));
    let denied = told("ingest s3://b/logs");
    assert!(denied.contains("access is denied (SlowDown)"), "{denied}");
    assert!(!denied.contains(SECRET));
}

#[test]
fn a_log_that_is_replaced_while_it_is_read_is_incomplete() {
    let world = World::new();
    world.add("logs/a.log", &log("billing", 1..29, 3000));
    let server = world.server.clone();
    let changed = log("billing", 1..29, 3001);
    let mut count = 0;
    world.server.plan(move |request| {
        if request.path == "b/logs/a.log" {
            count += 1;
            // After the head and before the rest.
            if count == 2 {
                server.put("b/logs/a.log", &changed);
            }
        }
        Fault::None
    });
    let output = world.run("ingest s3://b/logs --catalog openapi.yaml --ledger l --threads 1");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let told = text(&output.stderr);
    assert!(told.contains("it was replaced while it was read"), "{told}");
    std::io::stdout().flush().unwrap();
}
