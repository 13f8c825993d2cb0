//! Throughput of the hot path, in bytes: lines of each format to the merged table.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;
use std::sync::atomic::AtomicU64;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scopetrim::model::{Method, Operation, Requirement};
use scopetrim::run::{EventRules, Identities, Limits, MatchOptions, Matcher};
use scopetrim::stages::{CollectOptions, collect, discover, head, log_format};
use scopetrim::usage::Uncertain;

fn line(format: &str, n: usize) -> String {
    let (client, id, second) = (n % 97, n * 7919 % 100_000, n % 60);
    match format {
        "native" => format!(
            r#"{{"time":"2026-01-02T12:00:{second:02}.117Z","request_id":"{n:032x}","client_id":"svc-{client}","method":"GET","path":"/v1/r{}/{id}?page=2","status":200,"user_agent":"okhttp/4.12.0"}}"#,
            n % 200
        ),
        "kong" => format!(
            r#"{{"latencies":{{"request":24,"kong":2,"proxy":21}},"request":{{"id":"{n:032x}","querystring":{{}},"uri":"\/v1\/r{}\/{id}","headers":{{"host":"api.example.com","user-agent":"okhttp\/4.12.0"}},"method":"GET"}},"response":{{"status":200,"headers":{{"content-type":"application\/json"}}}},"route":{{"name":"r"}},"consumer":{{"custom_id":"svc-{client}","username":"svc-{client}"}},"started_at":17673552{second:02}117}}"#,
            n % 200
        ),
        _ => format!(
            r#"198.51.100.23 - svc-{client} [02/Jan/2026:12:00:{second:02} +0000] "GET /v1/r{}/{id}?page=2 HTTP/1.1" 200 1843 "-" "okhttp/4.12.0""#,
            n % 200
        ),
    }
}

fn collecting(criterion: &mut Criterion) {
    let operations: Vec<Operation> = (0..200)
        .map(|n| Operation::new(Method::Get, format!("/v1/r{n}/{{id}}"), Requirement::none()))
        .collect();
    let (matcher, _) = Matcher::new(&operations, MatchOptions::default());
    let uncertain = Uncertain::new(&matcher, &Identities::default(), Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("collect");
    for name in ["native", "kong", "combined"] {
        let text: String = (0..50_000).map(|n| line(name, n) + "\n").collect();
        std::fs::write(folder.path().join(name), &text).unwrap();
        let sources = head(&discover(&[name.to_owned()], folder.path()).unwrap(), &[]);
        let formats = [log_format(name)];
        let limits = Limits {
            threads: 2,
            ..Limits::default()
        };
        let options = CollectOptions {
            formats: &formats,
            rules: &EventRules::default(),
            identities: &Identities::default(),
            matcher: &matcher,
            uncertain: &uncertain,
            limits: &limits,
            max_clients: 1 << 18,
            credentials: None,
        };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(collect(&sources, &options, &AtomicU64::new(0)).files));
        });
    }
    group.finish();
}

fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("match");
    for routes in [50, 200, 6_000] {
        let operations: Vec<Operation> = (0..routes)
            .map(|n| {
                Operation::new(
                    Method::Get,
                    format!("/v1/area{}/r{n}/{{id}}/items", n % 12),
                    Requirement::none(),
                )
            })
            .collect();
        let (matcher, _) = Matcher::new(&operations, MatchOptions::default());
        let paths: Vec<String> = (0..routes)
            .map(|n| format!("/v1/area{}/r{n}/4711/items", n % 12))
            .collect();
        let mut at = 0;
        group.bench_function(format!("{routes} routes"), |bencher| {
            bencher.iter(|| {
                at = (at + 7) % paths.len();
                black_box(matcher.find(Method::Get, paths[at].as_bytes()))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, collecting, matching);
criterion_main!(benches);
