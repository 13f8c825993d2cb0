//! The parts of the generator of `samples/findings`: who calls (`calls`), and the line that is logged (`line`).

pub(crate) mod calls;
pub(crate) mod line;
mod shared;

use chrono::NaiveDate;

/// First day of the logs.
pub(crate) const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 5).unwrap();
/// Days of the logs; the last one is 2026-08-31.
pub(crate) const DAYS: u32 = 180;

/// The clients that ask for shipping rates without the scope: too many to be a hole.
pub(crate) const RATES: [&str; 12] = [
    "f02-late",
    "f03-long",
    "f03-endless",
    "f03-expired",
    "f04-old",
    "f05-rotated",
    "f05-open",
    "f06-spare-key",
    "f07-networks",
    "f07-programs",
    "f07-roaming",
    "f19-typo",
];

/// The twelve lists of the catalogue of goods.
pub(crate) const GOODS: [&str; 12] = [
    "GET /v1/catalog/brands",
    "GET /v1/catalog/bundles",
    "GET /v1/catalog/categories",
    "GET /v1/catalog/images",
    "GET /v1/catalog/items",
    "GET /v1/catalog/labels",
    "GET /v1/catalog/prices",
    "GET /v1/catalog/reviews",
    "GET /v1/catalog/stock",
    "GET /v1/catalog/suppliers",
    "GET /v1/catalog/tags",
    "GET /v1/catalog/variants",
];
