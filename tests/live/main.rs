//! Real gateways against the log readers: each is started on this machine with the log lines
//! that the documentation recommends, is asked awkward requests, and what `scopetrim events`
//! reads from its logs is compared with what was asked and answered.
//!
//! Every line that a gateway wrote has to be a record, or one that its list of unusual lines
//! names with the reason for which it is passed over.
//!
//! A gateway that is not on this machine is named with the reason, and its test passes.
//! `SCOPETRIM_LIVE_BIN` is a folder with further programs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::format_push_string,
    reason = "a test may panic, print and be slow, and clippy exempts only `#[test]` functions"
)]

mod apache;
mod asked;
mod caddy;
mod client;
mod compare;
mod documented;
mod enforced;
mod envoy;
mod gateway;
mod h2;
mod haproxy;
mod istio;
mod lua;
mod nginx;
mod openfga;
mod requests;
mod service;
mod services;
mod token;
mod traefik;
#[path = "../scale/yaml.rs"]
mod yaml;

use std::time::Instant;

use compare::{Answered, differences};
use gateway::{Gateway, LOOK, Product};
use service::Service;

#[test]
fn nginx_is_read_as_it_answered() {
    run(&nginx::PRODUCT);
}

#[test]
fn apache_is_read_as_it_answered() {
    run(&apache::PRODUCT);
}

#[test]
fn haproxy_is_read_as_it_answered() {
    run(&haproxy::NATIVE);
    run(&haproxy::HTTPLOG);
}

#[test]
fn caddy_is_read_as_it_answered() {
    run(&caddy::PRODUCT);
}

#[test]
fn envoy_is_read_as_it_answered() {
    run(&envoy::PRODUCT);
}

#[test]
fn traefik_is_read_as_it_answered() {
    run(&traefik::PRODUCT);
}

#[test]
fn nginx_enforces_what_was_written_for_it() {
    enforced::run(&enforced::NGINX);
}

#[test]
fn haproxy_enforces_what_was_written_for_it() {
    enforced::run(&enforced::HAPROXY);
}

#[test]
fn envoy_enforces_what_was_written_for_it() {
    enforced::run(&enforced::ENVOY);
}

#[test]
fn envoy_with_the_patch_for_istio_enforces_what_was_written() {
    istio::run();
}

#[test]
fn envoy_with_shadow_rules_refuses_nothing_and_says_what_it_would() {
    istio::first_week();
}

#[test]
fn nginx_with_lua_enforces_what_was_written_for_apisix_and_kong() {
    enforced::run_as("apisix, in NGINX with Lua", &lua::APISIX);
    enforced::run_as("kong, in NGINX with Lua", &lua::KONG);
}

#[test]
fn express_and_java_decide_as_the_table_that_the_page_has_code_for() {
    enforced::run_as("table, Express", &services::EXPRESS);
    services::spring();
}

#[test]
fn openfga_decides_what_was_written_for_it() {
    openfga::run();
}

#[test]
fn nginx_with_the_trimmed_policy_passes_the_boundary_tests() {
    enforced::boundary();
}

#[test]
fn a_gateway_that_is_asked_decides_as_the_policy_that_was_written_for_it() {
    asked::as_written(&enforced::NGINX);
    asked::as_written(&enforced::HAPROXY);
}

#[test]
fn a_spoilt_policy_is_found_by_asking() {
    asked::spoilt();
}

/// Asks everything of one gateway, and compares all its logs.
fn run(product: &Product) {
    let service = Service::start();
    let mut gateway = match Gateway::start(product, &service) {
        Ok(gateway) => gateway,
        Err(reason) => {
            println!("live: {}: skipped, {reason}", product.name);
            return;
        }
    };
    let mut ends = vec![0; product.logs.len()];
    if let Some(path) = product.ready {
        client::wait_until_served(gateway.ports.0, path);
        for (log, end) in product.logs.iter().zip(&mut ends) {
            *end = grown(&gateway, log.file, 0, 1);
        }
    }
    let mut all = Vec::new();
    for asked in requests::all() {
        let statuses = client::send(&asked, gateway.ports, &service);
        let lines = product.logs.iter().zip(&mut ends).map(|(log, end)| {
            let start = *end;
            *end = grown(&gateway, log.file, start, log.lines_of(&asked));
            start..*end
        });
        all.push(Answered {
            lines: lines.collect(),
            served: service.saw(&asked.marker),
            statuses,
            asked,
        });
    }
    gateway.stop();
    let mut wrong = Vec::new();
    for (at, log) in product.logs.iter().enumerate() {
        let found = differences(log, at, &all, &gateway.path(log.file));
        let (lines, differ) = (gateway.read(log.file), found.len());
        let lines = String::from_utf8_lossy(&lines).lines().count();
        println!(
            "live: {}: {}: {} requests, {lines} lines, {differ} differences",
            product.name,
            log.format,
            all.len()
        );
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", log.file)),
        );
    }
    let wrong = wrong.join("\n");
    if gateway.is_known {
        assert!(wrong.is_empty(), "{}\n{wrong}", product.name);
    } else if !wrong.is_empty() {
        println!(
            "live: {}: this is not the version ({}) that the test knows:\n{wrong}",
            product.name, product.known
        );
    }
}

/// Where a log ends once it has so many more lines, or when it does not get them.
fn grown(gateway: &Gateway, file: &str, start: usize, lines: usize) -> usize {
    let deadline = Instant::now() + client::PATIENCE / 4;
    loop {
        let text = gateway.read(file);
        let new = text.get(start..).unwrap_or_default();
        let ends = new.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let ends: Vec<usize> = ends.map(|(at, _)| start + at + 1).collect();
        if ends.len() >= lines || Instant::now() > deadline {
            return ends.last().copied().unwrap_or(start);
        }
        std::thread::sleep(LOOK);
    }
}
