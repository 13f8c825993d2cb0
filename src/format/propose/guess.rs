//! Which place of a log is which field.
//!
//! In: places with their values. Out: for each field the likeliest place, and why.

use std::net::IpAddr;

use super::Column;
use crate::format::clock::{Clock, epoch};

/// A field that is looked for.
pub(super) struct Field {
    pub(super) name: &'static str,
    /// Names that places of it have, the most telling first.
    names: &'static [&'static str],
    /// Whether a value can be one.
    fits: fn(&str) -> bool,
    /// Whether values alone are enough.
    by_values: bool,
    /// What it costs when it is not there.
    pub(super) cost: &'static str,
    /// No record without it.
    pub(super) needed: bool,
}

/// The fields, in the order of a description.
pub(super) const FIELDS: [Field; 12] = [
    Field {
        name: "time",
        names: &[
            "msec",
            "time_iso8601",
            "@timestamp",
            "timestamp",
            "time",
            "ts",
            "start_time",
            "date",
            "datetime",
            "when",
            "at",
            "time_local",
            "eventtime",
            "created",
        ],
        fits: is_time,
        by_values: true,
        cost: "no record can be made",
        needed: true,
    },
    Field {
        name: "request",
        names: &["request", "request_line", "req"],
        fits: is_request,
        by_values: true,
        cost: "",
        needed: false,
    },
    Field {
        name: "method",
        names: &[
            "request_method",
            "http_method",
            "method",
            "verb",
            "httpmethod",
        ],
        fits: is_method,
        by_values: true,
        cost: "no record can be made",
        needed: true,
    },
    Field {
        name: "target",
        names: &[
            "request_uri",
            "uri",
            "url",
            "original_url",
            "path",
            "request_path",
            "target",
            "http_path",
            "resource",
        ],
        fits: is_target,
        by_values: true,
        cost: "no record can be made",
        needed: true,
    },
    Field {
        name: "query",
        names: &["query", "query_string", "args", "querystring"],
        fits: is_query,
        by_values: false,
        cost: "",
        needed: false,
    },
    Field {
        name: "status",
        names: &[
            "status",
            "status_code",
            "response_code",
            "code",
            "http_status",
            "statuscode",
            "response_status",
            "sc_status",
        ],
        fits: is_status,
        by_values: true,
        cost: "without it a refused request would pass for use, so no record can be made",
        needed: true,
    },
    Field {
        name: "upstream_status",
        names: &[
            "upstream_status",
            "origin_status",
            "backend_status",
            "backend_status_code",
            "target_status",
        ],
        fits: |_| true,
        by_values: false,
        cost: "a refusal of the gateway cannot be told from one of the service",
        needed: false,
    },
    Field {
        name: "client",
        names: &[
            "azp",
            "client_id",
            "clientid",
            "client",
            "consumer",
            "consumer_username",
            "consumer_id",
            "app",
            "app_id",
            "appid",
            "application",
            "application_id",
            "principal",
            "api_key_id",
            "remote_user",
            "user",
            "username",
            "user_id",
            "userid",
        ],
        fits: is_name,
        by_values: false,
        cost: "no request counts for anybody, so nothing can be removed: let the gateway log who calls",
        needed: false,
    },
    Field {
        name: "scopes",
        names: &["scope", "scopes", "scp", "token_scopes"],
        fits: |_| true,
        by_values: false,
        cost: "",
        needed: false,
    },
    Field {
        name: "request_id",
        names: &[
            "request_id",
            "requestid",
            "req_id",
            "x_request_id",
            "trace_id",
            "correlation_id",
            "id",
            "uuid",
        ],
        fits: |text| text.len() >= 6 && !text.contains(' '),
        by_values: false,
        cost: "the same request in two files counts twice, which changes no conclusion",
        needed: false,
    },
    Field {
        name: "host",
        names: &[
            "host",
            "http_host",
            "server_name",
            "vhost",
            "authority",
            "domain",
        ],
        fits: |text| !text.contains([' ', '/']),
        by_values: false,
        cost: "",
        needed: false,
    },
    Field {
        name: "client_ip",
        names: &[
            "remote_addr",
            "client_ip",
            "remote_ip",
            "ip",
            "source_ip",
            "clientip",
            "remote",
        ],
        fits: |text| text.parse::<IpAddr>().is_ok(),
        by_values: true,
        cost: "",
        needed: false,
    },
];

/// The likeliest place of a field.
pub(super) struct Guess {
    pub(super) column: usize,
    pub(super) why: &'static str,
    /// Further keys of the description.
    pub(super) more: Option<String>,
}

/// The guesses, by field.
pub(super) fn all(columns: &[Column]) -> Vec<Option<Guess>> {
    let mut used = Vec::new();
    FIELDS
        .iter()
        .map(|field| {
            let guess = best(field, columns, &used)?;
            used.push(guess.column);
            Some(guess)
        })
        .collect()
}

fn best(field: &Field, columns: &[Column], used: &[usize]) -> Option<Guess> {
    let ranked = columns
        .iter()
        .enumerate()
        .filter(|(number, _)| !used.contains(number));
    let ranked = ranked.filter_map(|(number, column)| {
        let said: Vec<&String> = column
            .values
            .iter()
            .filter(|value| !matches!(value.as_str(), "" | "-" | "null"))
            .collect();
        let fits = said.iter().filter(|value| (field.fits)(value)).count();
        // One in ten may be something else, as a request that was none.
        if said.is_empty() || fits * 10 < said.len() * 9 {
            return None;
        }
        let name = field
            .names
            .iter()
            .position(|own| names(column).any(|name| name == *own));
        let rank = name.or(field.by_values.then_some(usize::MAX))?;
        Some((rank, number))
    });
    let (rank, column) = ranked.min()?;
    Some(Guess {
        column,
        why: if rank == usize::MAX {
            "by its values"
        } else {
            "by its name, and its values can be"
        },
        more: (field.name == "time")
            .then(|| form(&columns[column]))
            .flatten(),
    })
}

/// The names that a place has: its last key, with the one before it, in one spelling.
fn names(column: &Column) -> impl Iterator<Item = String> {
    let place = column.inner.as_ref().unwrap_or(&column.place);
    let spelt = place
        .to_ascii_lowercase()
        .replace(['-', '.', ' ', '~'], "_");
    let keys: Vec<&str> = spelt.split('/').filter(|key| !key.is_empty()).collect();
    let last = keys.last().map(|key| (*key).to_owned());
    let both = keys.last_chunk::<2>().map(|two| two.join("_"));
    both.into_iter().chain(last)
}

/// Forms of times that are no usual ones.
const FORMS: [&str; 6] = [
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d - %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%dT%H%M%S%z",
    "%a %b %d %H:%M:%S %Y",
];

/// The form of the times, when it has to be said.
fn form(column: &Column) -> Option<String> {
    let value = column.values.iter().find(|value| is_time(value))?;
    if Clock::default().any(value.as_bytes()).is_some() {
        return None;
    }
    let form = FORMS.iter().find(|form| reads(form, value))?;
    Some(format!("parse = \"{form}\""))
}

fn reads(form: &str, value: &str) -> bool {
    chrono::NaiveDateTime::parse_from_str(value, form).is_ok()
        || chrono::DateTime::parse_from_str(value, form).is_ok()
}

fn is_time(text: &str) -> bool {
    let number = epoch(text.as_bytes());
    // A number from 2000 to 2100.
    let instant = number.is_some_and(|time| (946_684_800_000..4_102_444_800_000).contains(&time));
    let written = !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && Clock::default().any(text.as_bytes()).is_some();
    instant || written || FORMS.iter().any(|form| reads(form, text))
}

fn is_method(text: &str) -> bool {
    matches!(
        text.to_ascii_uppercase().as_str(),
        "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS" | "CONNECT" | "TRACE"
    )
}

fn is_request(text: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(method, rest)| is_method(method) && is_target(rest))
}

fn is_target(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("http://") || text.starts_with("https://")
}

fn is_query(text: &str) -> bool {
    !text.starts_with('/') && !text.contains(' ')
}

fn is_status(text: &str) -> bool {
    text.parse::<u16>()
        .is_ok_and(|code| code == 0 || (100..600).contains(&code))
}

/// A name, and no sentence or address.
fn is_name(text: &str) -> bool {
    text.len() <= 200 && !text.starts_with(['{', '[']) && text.parse::<IpAddr>().is_err()
}
