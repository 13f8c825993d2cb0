//! Writes large access logs for measurements, as fast as a disk takes them.
//!
//!     genlog --format kong|flat|combined --requests N [--clients C] [--routes R] [--days D]
//!            [--spread] [--seed S] [--openapi FILE] > LOG
//!
//! Out: one record a line, in the order of time, from 2026-06-01 on. `kong` is Kong's nested JSON (about
//! 1.6 kB a line), `flat` is JSON of one level as Envoy and NGINX write it (about 470 bytes), `combined` is
//! the text format of Apache and NGINX (about 230 bytes). `--openapi` writes the operations as OpenAPI JSON.
//!
//! Invariants: equal options give equal bytes, and one seed gives the same requests in every format. A client
//! uses few operations, and few clients make most requests, unless `--spread` makes every client use every
//! operation. About 0.5 % of the paths are in no catalogue, and 1 % of the user agents hold escaped quotes.

#[path = "genlog/kong.rs"]
mod kong;
#[path = "genlog/lines.rs"]
mod lines;
#[path = "support/rng.rs"]
mod rng;
#[path = "genlog/routes.rs"]
mod routes;
#[path = "genlog/stamp.rs"]
mod stamp;

use std::fs;
use std::io::{self, Write};

use lines::{Client, Format, Request};
use rng::{Rng, mix};
use routes::Route;
use stamp::Stamp;

/// 2026-06-01T00:00:00Z in milliseconds since 1970.
const START: u64 = 1_780_272_000_000;
const DAY: u64 = 86_400_000;
const FLUSH_AT: usize = 1 << 20;
const JUNK: [&str; 5] = [
    "/favicon.ico",
    "/wp-login.php",
    "/.env",
    "/api/v1/unknown/thing",
    "/robots.txt",
];

struct Options {
    format: Format,
    requests: u64,
    clients: u64,
    routes: u64,
    days: u64,
    spread: bool,
    seed: u64,
    openapi: Option<String>,
}

fn main() -> Result<(), String> {
    let options = options(std::env::args().skip(1))?;
    let routes = routes::all(options.routes);
    if let Some(path) = &options.openapi {
        fs::write(path, routes::openapi(&routes))
            .map_err(|error| format!("cannot write `{path}`: {error}"))?;
    }
    match write(&options, &routes, &mut io::stdout().lock()) {
        // The reader has seen enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        format: Format::Flat,
        requests: 1_000,
        clients: 1_000,
        routes: 200,
        days: 90,
        spread: false,
        seed: 1,
        openapi: None,
    };
    while let Some(name) = arguments.next() {
        if name == "--spread" {
            options.spread = true;
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("`{name}` needs a value"))?;
        let number = || match value.parse::<u64>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!(
                "`{name}` needs a positive whole number, not `{value}`"
            )),
        };
        match name.as_str() {
            "--format" => {
                options.format = Format::parse(&value)
                    .ok_or_else(|| format!("unknown format `{value}`: kong, flat or combined"))?;
            }
            "--requests" => options.requests = number()?,
            "--clients" => options.clients = number()?,
            "--routes" => options.routes = number()?,
            "--days" => options.days = number()?,
            "--seed" => options.seed = number()?,
            "--openapi" => options.openapi = Some(value),
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    Ok(options)
}

fn write(options: &Options, routes: &[Route], out: &mut dyn Write) -> io::Result<()> {
    let clients: Vec<Client> = (0..options.clients).map(Client::new).collect();
    let ranks = harmonic(options.clients);
    let mut rng = Rng::new(options.seed);
    let mut stamp = Stamp::default();
    let mut path = Vec::new();
    let mut buffer = Vec::with_capacity(FLUSH_AT + 8_192);
    let span = u128::from(options.days * DAY - 1);
    for number in 0..options.requests {
        let offset = u128::from(number) * span / u128::from(options.requests);
        stamp.set(START + u64::try_from(offset).unwrap_or(0));
        let rank = if options.spread {
            rng.below(options.clients)
        } else {
            by_rank(&ranks, &mut rng)
        };
        let client = &clients[index(rank)];
        let choice = choose(client, options, &mut rng);
        let route = &routes[index(choice)];
        path.clear();
        let junk = rng.below(1_000) < 5;
        if junk {
            path.extend_from_slice(JUNK[index(rng.below(5))].as_bytes());
        } else {
            route.fill(&mut path, &mut rng);
        }
        if route.method == "GET" && rng.below(10) < 4 {
            path.extend_from_slice(b"?page=");
            lines::decimal(&mut path, rng.below(50));
            path.extend_from_slice(b"&sort=created_at&q=a%20b");
        }
        let request = Request {
            stamp: &stamp,
            client,
            route,
            path: &path,
            junk,
            status: status(client, choice, route, junk, &mut rng),
            bytes: rng.below(20_000),
            millis: 1 + rng.below(400),
            id: (rng.next(), rng.next()),
            quoted_agent: rng.below(100) == 0,
        };
        request.write(options.format, &mut buffer);
        if buffer.len() >= FLUSH_AT {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)?;
    out.flush()
}

/// A client has 5 to 44 operations of its own and likes the first of them best.
fn choose(client: &Client, options: &Options, rng: &mut Rng) -> u64 {
    if options.spread {
        return rng.below(options.routes);
    }
    let share = 5 + client.hash % 40;
    let favourite = rng.below(share).min(rng.below(share));
    ((client.hash >> 20) + favourite * 131) % options.routes
}

fn status(client: &Client, choice: u64, route: &Route, junk: bool, rng: &mut Rng) -> u64 {
    let roll = rng.below(1_000);
    // One pair of client and operation in 25 was never granted.
    let refused = mix(client.hash ^ choice).is_multiple_of(25);
    match roll {
        _ if junk => 404,
        0..10 => 401,
        _ if refused => 403,
        10..40 => 404,
        40..45 => 429,
        45..50 => [500, 502, 503, 504][index(roll % 4)],
        _ => match route.method {
            "POST" => 201,
            "DELETE" => 204,
            _ => 200,
        },
    }
}

/// Sums of 1/rank in fixed point: the first client is twice as busy as the second.
fn harmonic(count: u64) -> Vec<u64> {
    let mut sum = 0;
    (1..=count)
        .map(|rank| {
            sum += ((1 << 40) / rank).max(1);
            sum
        })
        .collect()
}

fn by_rank(sums: &[u64], rng: &mut Rng) -> u64 {
    let point = rng.below(sums.last().copied().unwrap_or(1));
    let rank = sums.partition_point(|sum| *sum <= point);
    u64::try_from(rank).unwrap_or(0)
}

/// A number of this program as an index; all of them are small.
fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
