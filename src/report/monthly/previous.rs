//! Earlier reports, read back from their `report.json`.
//!
//! In: the bytes of a file in the form `scopetrim.report/1`, with or without
//! the part that only monthly reports have. Out: what the next report compares
//! itself with.
//!
//! Invariants:
//! * a field that an older version did not write is "not known", never zero;
//! * ids are computed here again, so that a changed file cannot claim another
//!   item's history.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::items::{Item, without_counts};
use super::month::Month;
use super::page::Point;
use super::tiles::{counted, share};
use crate::model::{ContentDigest, Day};
use crate::report::model::SCHEMA;
use crate::report::pseudonym::Pseudonyms;

/// One earlier report.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The month it is about.
    pub month: Month,
    /// As shown to the user.
    pub path: String,
    /// Digest of the file's bytes: the link of the chain.
    pub digest: ContentDigest,
    /// The id it states, when it is a monthly report.
    pub id: Option<String>,
    /// Its names are pseudonyms.
    pub pseudonymised: bool,
    /// What it recommends and what it found, by id.
    pub items: BTreeMap<String, Item>,
    /// What each client held.
    pub holdings: BTreeMap<String, BTreeSet<String>>,
    /// Items it knows of, with the months in which each was open.
    pub seen: BTreeMap<String, (Item, BTreeSet<Month>)>,
    /// The points of its lines, itself included.
    pub points: BTreeMap<Month, Point>,
}

/// Why a file is not an earlier report. Its content is not shown: it may be any file.
#[derive(Debug, thiserror::Error)]
pub enum PreviousError {
    /// Not JSON.
    #[error("`{path}`: not JSON: line {line}, column {column}")]
    Json {
        /// The file.
        path: String,
        /// Where the parser stopped.
        line: usize,
        /// The same within the line.
        column: usize,
    },
    /// JSON of something else.
    #[error("`{path}`: not a report of scopetrim: its `schema` is not `{SCHEMA}`")]
    Schema {
        /// The file.
        path: String,
    },
    /// A report without data has no month.
    #[error("`{path}`: the report has no `as_of`: there was no data")]
    NoData {
        /// The file.
        path: String,
    },
}

impl Previous {
    /// The clients that it names.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        let items = self
            .items
            .values()
            .chain(self.seen.values().map(|entry| &entry.0));
        let holders = self.holdings.keys().map(String::as_str);
        holders.chain(items.map(|item| item.client.as_str()))
    }

    /// Reads one report.
    pub fn read(bytes: &[u8], path: &str) -> Result<Self, PreviousError> {
        let path = path.to_owned();
        let report: Value = serde_json::from_slice(bytes).map_err(|error| PreviousError::Json {
            path: path.clone(),
            line: error.line(),
            column: error.column(),
        })?;
        if report["schema"] != SCHEMA {
            return Err(PreviousError::Schema { path });
        }
        let section = &report["month"];
        let month = section["month"].as_str().and_then(Month::parse);
        let as_of = report["as_of"].as_str().and_then(Day::parse);
        let Some(month) = month.or_else(|| as_of.map(Month::of)) else {
            return Err(PreviousError::NoData { path });
        };
        let items = items(&report);
        let mut seen = BTreeMap::new();
        for key in ["items", "closed"] {
            for known in list(section, key) {
                let Some(item) = item(known) else {
                    continue;
                };
                let months: BTreeSet<Month> = list(known, "months")
                    .filter_map(|month| Month::parse(month.as_str()?))
                    .filter(|known| *known <= month)
                    .collect();
                seen.insert(item.id(), (item, months));
            }
        }
        for (id, item) in &items {
            let known = seen
                .entry(id.clone())
                .or_insert_with(|| (item.clone(), BTreeSet::new()));
            known.1.insert(month);
        }
        let mut points: BTreeMap<Month, Point> = list(section, "points")
            .filter_map(point)
            .filter(|point| point.month <= month)
            .map(|point| (point.month, point))
            .collect();
        points
            .entry(month)
            .or_insert_with(|| point_of(month, &report));
        Ok(Self {
            month,
            digest: ContentDigest::of(bytes),
            id: section["id"].as_str().map(str::to_owned),
            pseudonymised: section["pseudonymised"].as_bool().unwrap_or(false),
            holdings: holdings(&report),
            path,
            items,
            seen,
            points,
        })
    }

    /// The same report with every name under its pseudonym.
    #[must_use]
    pub fn renamed(mut self, key: &Pseudonyms) -> Self {
        let rename = |item: Item| item.renamed(key);
        self.items = self
            .items
            .into_values()
            .map(rename)
            .map(|item| (item.id(), item))
            .collect();
        self.seen = self
            .seen
            .into_values()
            .map(|(item, months)| (rename(item), months))
            .map(|(item, months)| (item.id(), (item, months)))
            .collect();
        self.holdings = self
            .holdings
            .into_iter()
            .map(|(client, held)| {
                let held = held.iter().map(|term| key.scope(term)).collect();
                (key.client(&client), held)
            })
            .collect();
        self
    }
}

/// One of `month.items` and `month.closed`.
fn item(value: &Value) -> Option<Item> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Some(Item {
        client: text("client")?,
        subject: text("subject")?,
        rule: text("rule")?,
        level: text("level").unwrap_or_default(),
        recommendation: value["recommendation"].as_bool().unwrap_or(false),
    })
}

/// The members of a list.
fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// Every item that a report leaves open, by id.
fn items(report: &Value) -> BTreeMap<String, Item> {
    let recommended = list(report, "clients").flat_map(|client| {
        let name = client["id"].as_str().unwrap_or_default();
        list(client, "terms").filter_map(move |term| {
            let open = matches!(term["verdict"].as_str(), Some("remove" | "narrow"));
            let (subject, kind) = (term["term"].as_str()?, term["kind"].as_str()?);
            open.then(|| Item {
                client: name.to_owned(),
                subject: subject.to_owned(),
                rule: kind.to_owned(),
                level: term["level"].as_str().unwrap_or_default().to_owned(),
                recommendation: true,
            })
        })
    });
    let found = list(report, "findings").filter_map(finding);
    let items = recommended.chain(found);
    items.map(|item| (item.id(), item)).collect()
}

/// The item of one finding; `None` when it states no rule.
fn finding(value: &Value) -> Option<Item> {
    let text = |key: &str| value[key].as_str().filter(|text| !text.is_empty());
    let subject = ["subject", "scope", "term", "operation"]
        .into_iter()
        .find_map(text)
        .map_or_else(
            || without_counts(text("message").unwrap_or_default()),
            str::to_owned,
        );
    Some(Item {
        client: text("client").unwrap_or_default().to_owned(),
        subject,
        rule: text("rule")?.to_owned(),
        level: text("severity").unwrap_or("warning").to_owned(),
        recommendation: false,
    })
}

/// One of `month.points`.
fn point(value: &Value) -> Option<Point> {
    let findings = value["findings"].as_object().into_iter().flatten();
    Some(Point {
        month: Month::parse(value["month"].as_str()?)?,
        exposure_mean: value["exposure_mean"].as_f64(),
        exposure_max: value["exposure_max"].as_f64(),
        unused_share: value["unused_share"].as_f64(),
        applied: value["applied"].as_u64(),
        findings: findings
            .filter_map(|(rule, count)| Some((rule.clone(), count.as_u64()?)))
            .collect(),
    })
}

/// The numbers that a report without the part `month` states about its own month.
fn point_of(month: Month, report: &Value) -> Point {
    let fleet = &report["fleet"];
    let rules = list(report, "findings").filter_map(|finding| finding["rule"].as_str());
    Point {
        month,
        exposure_mean: fleet["exposure_mean_before"].as_f64(),
        exposure_max: fleet["exposure_max_before"].as_f64(),
        unused_share: unused_share(report),
        applied: None,
        findings: counted(rules),
    }
}

/// Pairs of client and term that a request could show and that none needed, of all pairs.
fn unused_share(report: &Value) -> Option<f64> {
    let (mut all, mut unused) = (0, 0);
    for client in report["clients"].as_array()? {
        let mut by_term: BTreeMap<&str, bool> = BTreeMap::new();
        for term in client["terms"].as_array()? {
            let shown = !matches!(
                term["verdict"].as_str(),
                Some("unobservable" | "undetermined")
            );
            // A redundant or broad term did serve requests.
            let idle = term["kind"].as_str() == Some("unused")
                || list(term, "reasons").any(|reason| reason == "exception");
            by_term.insert(term["term"].as_str()?, shown && idle);
        }
        all += by_term.len();
        unused += by_term.values().filter(|idle| **idle).count();
    }
    Some(share(unused, all))
}

fn holdings(report: &Value) -> BTreeMap<String, BTreeSet<String>> {
    list(report, "clients")
        .filter_map(|client| {
            // A report that does not say what a client held names the client all the same.
            let held = list(client, "granted").filter_map(|term| term.as_str().map(str::to_owned));
            Some((client["id"].as_str()?.to_owned(), held.collect()))
        })
        .collect()
}

/// Earlier reports in the order of their months; of one month the last as-of.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The reports.
    pub reports: Vec<Previous>,
    /// What was left aside, one sentence each.
    pub notes: Vec<String>,
}

impl History {
    /// Puts reports in order; those of `month` or later are left aside and noted.
    pub(crate) fn before(month: Month, all: Vec<Previous>) -> Self {
        let mut history = Self::default();
        let mut by_month: BTreeMap<Month, Previous> = BTreeMap::new();
        let mut all = all;
        all.sort_by(|a, b| a.path.cmp(&b.path));
        for report in all {
            if report.month >= month {
                history.notes.push(format!(
                    "`{}` is the report of {}, which is not before {month}: ignored",
                    report.path, report.month
                ));
                continue;
            }
            if let Some(other) = by_month.get(&report.month) {
                history.notes.push(format!(
                    "`{}` and `{}` are both of {}: the second one is used",
                    other.path, report.path, report.month
                ));
            }
            by_month.insert(report.month, report);
        }
        history.reports = by_month.into_values().collect();
        history
    }

    /// The latest earlier report.
    pub(crate) fn last(&self) -> Option<&Previous> {
        self.reports.last()
    }

    /// Every month with a known report.
    pub(crate) fn months(&self) -> BTreeSet<Month> {
        self.reports
            .iter()
            .flat_map(|report| report.points.keys().copied())
            .collect()
    }

    /// Items known from all reports, with the months in which each was open.
    pub(crate) fn seen(&self) -> BTreeMap<String, (Item, BTreeSet<Month>)> {
        let mut all: BTreeMap<String, (Item, BTreeSet<Month>)> = BTreeMap::new();
        for (id, (item, months)) in self.reports.iter().flat_map(|report| &report.seen) {
            let known = all
                .entry(id.clone())
                .or_insert_with(|| (item.clone(), BTreeSet::new()));
            known.0 = item.clone();
            known.1.extend(months);
        }
        all
    }

    /// The points of all reports; a later report's own word wins.
    pub(crate) fn points(&self) -> BTreeMap<Month, Point> {
        let mut all = BTreeMap::new();
        for report in &self.reports {
            for (month, point) in &report.points {
                all.entry(*month).or_insert_with(|| point.clone());
            }
            // What a report says of its own month is first hand.
            if let Some(point) = report.points.get(&report.month) {
                all.insert(report.month, point.clone());
            }
        }
        all
    }
}
