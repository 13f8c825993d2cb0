//! For each rule: one case that fires, one near miss, one without the data.

mod callers;
mod credentials;
mod described;
mod duties;
mod first;
mod second;
mod shared;
mod spikes;
mod third;

use super::Severity;
use super::testing::{Case, case};
use crate::model::Outcome;
use crate::usage::credentials::Facts;

const ROUTES: [&str; 3] = [
    "GET /orders = orders:read",
    "POST /orders = orders:write",
    "GET /invoices = invoices:read",
];
const USED: fn(u64) -> (Outcome, u64) = |count| (Outcome::Used, count);
const NAMELESS: (Outcome, u64) = (Outcome::Unauthenticated, 2);
const LATE: (Outcome, u64) = (Outcome::DeniedService, 3);
const EARLY: (Outcome, u64) = (Outcome::DeniedGateway, 3);

fn plain() -> Case {
    case(&ROUTES, r#"{"app":["orders:read"]}"#)
}

fn missing(case: &Case, rule: &str, part: &str) {
    let field = case.run(rule).unwrap_err();
    assert!(field.contains(part), "{field}");
}

fn nothing(_: &mut Facts) {}
