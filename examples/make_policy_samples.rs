//! Writes the logs of `samples/gateway` and `samples/tenant-files`: a year and some of two small APIs.
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
use serde_json::{Value, json};

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

fn main() -> Result<(), String> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("usage: make_policy_samples FOLDER")?;
    let folder = Path::new(&folder);
    let written = write(&folder.join("gateway"), &GATEWAY, &kong)
        .and_then(|()| write(&folder.join("tenant-files"), &TENANT, &native));
    written.map_err(|error| format!("cannot write to `{}`: {error}", folder.display()))
}

fn write(
    folder: &Path,
    calls: &[Call],
    record: &dyn Fn(NaiveDate, u64, Call) -> Value,
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

fn kong(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> Value {
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
}

fn native(date: NaiveDate, hour: u64, (client, method, path, status, ..): Call) -> Value {
    json!({"time": format!("{date}T{hour:02}:20:00Z"), "client_id": client, "method": method, "path": path, "status": status})
}
