//! Writes the logs of `samples/nginx`, `samples/gateway`, `samples/aws` and `samples/tenant-files`: a year and some of four small APIs.
//!
//!     cargo run --example make_policy_samples -- samples
//!
//! Same bytes on every run: no clock, no chance, no time stamp in the gzip header. The policies and descriptions are written by hand.
#![expect(
    clippy::unwrap_used,
    reason = "a generator of fixed data may panic on a wrong table"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;

use chrono::{Days, NaiveDate};
use flate2::{Compression, GzBuilder};
use serde_json::json;

const DAYS: u64 = 420;

/// Who asks for what, with which status, on each day whose number leaves the last value when
/// divided by the one before it.
type Call = (&'static str, &'static str, &'static str, u16, u64, u64);

const GATEWAY: [Call; 9] = [
    ("storefront", "GET", "/orders/4711", 200, 1, 0),
    ("storefront", "POST", "/orders", 201, 1, 0),
    ("storefront", "GET", "/customers/17", 200, 3, 1),
    ("billing", "GET", "/orders/4711", 200, 1, 0),
    ("billing", "POST", "/invoices", 201, 7, 2),
    ("billing", "GET", "/invoices/9", 200, 1, 0),
    ("erp-sync", "GET", "/orders", 200, 1, 0),
    // What is refused is no use.
    ("erp-sync", "POST", "/invoices", 403, 30, 4),
    ("warehouse", "GET", "/orders", 200, 1, 0),
];

const TENANT: [Call; 7] = [
    ("k3Fq9ZbillingM2Mq7Xw", "GET", "/invoices", 200, 1, 0),
    ("k3Fq9ZbillingM2Mq7Xw", "POST", "/invoices", 201, 10, 3),
    ("Yp81mreportingM2M4sD", "GET", "/invoices", 200, 1, 0),
    ("Yp81mreportingM2M4sD", "GET", "/orders", 200, 7, 1),
    ("c1Rt55deployPipe8LmN", "GET", "/orders", 200, 1, 0),
    ("c1Rt55deployPipe8LmN", "POST", "/orders", 403, 60, 5),
    ("w9Kd20warehouse3HgTa", "GET", "/orders", 200, 1, 0),
];

const NGINX: [Call; 19] = [
    ("web-shop", "GET", "/v1/orders/4711", 200, 1, 0),
    ("web-shop", "POST", "/v1/orders", 201, 1, 0),
    ("web-shop", "GET", "/v1/products?page=2", 200, 1, 0),
    ("mobile-app", "GET", "/v1/products?page=1", 200, 1, 0),
    ("mobile-app", "GET", "/v1/orders/4712", 200, 1, 0),
    ("mobile-app", "POST", "/v1/orders", 201, 2, 1),
    ("billing", "GET", "/v1/orders/4713", 200, 1, 0),
    ("billing", "POST", "/v1/invoices", 201, 7, 2),
    ("billing", "GET", "/v1/invoices/9", 200, 1, 0),
    ("warehouse", "GET", "/v1/orders/4714", 200, 1, 0),
    ("warehouse", "PATCH", "/v1/orders/4714", 200, 1, 0),
    ("reports", "GET", "/v1/orders", 200, 7, 1),
    ("reports", "GET", "/v1/invoices", 200, 30, 1),
    ("partner-feed", "GET", "/v1/products?page=3", 200, 1, 0),
    // What is refused is no use, and neither is what a stranger looks for.
    ("partner-feed", "GET", "/v1/customers/17", 403, 60, 5),
    ("-", "GET", "/wp-login.php", 404, 9, 4),
    ("support-desk", "GET", "/v1/customers/17", 200, 1, 0),
    ("support-desk", "PATCH", "/v1/customers/17", 200, 5, 3),
    ("support-desk", "GET", "/v1/orders/4715", 200, 1, 0),
];

const AWS: [Call; 9] = [
    ("4h57qm1storefront2kd9vtz", "GET", "/orders/4711", 200, 1, 0),
    ("4h57qm1storefront2kd9vtz", "POST", "/orders", 201, 1, 0),
    ("7jc02nbinvoicing8w3xq5r", "GET", "/orders/4711", 200, 1, 0),
    ("7jc02nbinvoicing8w3xq5r", "POST", "/invoices", 201, 7, 2),
    ("7jc02nbinvoicing8w3xq5r", "GET", "/invoices/9", 200, 1, 0),
    ("1kd8s6warehouse5mz4p0t", "GET", "/orders", 200, 1, 0),
    ("1kd8s6warehouse5mz4p0t", "PUT", "/orders/4711", 200, 2, 1),
    ("9xv3t4export7hb2c6y", "GET", "/orders", 200, 7, 3),
    ("9xv3t4export7hb2c6y", "POST", "/orders", 403, 60, 5),
];

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("usage: make_policy_samples FOLDER")?;
    let folder = Path::new(&folder);
    let written = write(&folder.join("gateway"), &GATEWAY, &kong)
        .and_then(|()| write(&folder.join("tenant-files"), &TENANT, &native))
        .and_then(|()| write(&folder.join("nginx"), &NGINX, &nginx))
        .and_then(|()| write(&folder.join("aws"), &AWS, &api_gateway));
    written.map_err(|error| format!("cannot write to `{}`: {error}", folder.display()))
}

fn write(
    folder: &Path,
    calls: &[Call],
    record: &dyn Fn(NaiveDate, u64, Call) -> String,
) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = fs::File::create(folder.join("access.log.gz"))?;
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(file, Compression::best());
    let first = NaiveDate::from_ymd_opt(2025, 9, 1).unwrap();
    for day in 0..DAYS {
        let date = first.checked_add_days(Days::new(day)).unwrap();
        for (number, call) in (0..).zip(calls).filter(|(_, call)| day % call.4 == call.5) {
            writeln!(gzip, "{}", record(date, 6 + number, *call))?;
        }
    }
    gzip.finish()?.sync_all()
}

fn kong(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> String {
    let at = date
        .and_hms_opt(u32::try_from(hour).unwrap(), 20, 0)
        .unwrap();
    json!({
        "request": {"method": method, "uri": path, "url": format!("https://api.shop.example{path}"), "headers": {"host": "api.shop.example"}},
        "response": {"status": status, "size": 120},
        "latencies": {"kong": 2, "proxy": 20, "request": 22},
        "consumer": {"username": client},
        "client_ip": "198.51.100.23",
        "started_at": at.and_utc().timestamp_millis(),
    })
    .to_string()
}

fn native(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> String {
    json!({"time": format!("{date}T{hour:02}:20:00Z"), "client_id": client, "method": method, "path": path, "status": status}).to_string()
}

/// The line that `scopetrim formats` recommends: `combined`, with the client where the user stands. NGINX writes
/// in the order in which requests end, and a day has 24 hours, so two calls share one.
fn nginx(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> String {
    let (hour, minute) = (6 + (hour - 6) / 2, 20 * ((hour - 6) % 2) + 10);
    format!(
        "198.51.100.23 - {client} [{}:{hour:02}:{minute}:00 +0000] \"{method} {path} HTTP/1.1\" {status} 120 \"-\" \"-\"",
        date.format("%d/%b/%Y")
    )
}

/// What `$context` gives for an HTTP API with a JWT authorizer, as the documentation of the format recommends.
fn api_gateway(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> String {
    json!({
        "requestId": format!("{}-{hour:02}", date.format("%Y%m%d")),
        "requestTime": format!("{}:{hour:02}:20:00 +0000", date.format("%d/%b/%Y")),
        "httpMethod": method,
        "path": path,
        "status": status.to_string(),
        // A refusal is the authorizer's own: no integration was asked.
        "integrationStatus": if status == 403 { "-".to_owned() } else { status.to_string() },
        "clientId": client,
    })
    .to_string()
}
