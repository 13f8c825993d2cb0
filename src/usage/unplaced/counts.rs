//! How many requests of each sort, and when.

use std::cmp::Ordering;

use super::{Request, Sort};
use crate::event::secret;
use crate::model::{Cause, Day, DaySet, Method, Millis};

/// Requests of one caller to similar paths that have no operation for certain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cluster {
    /// Why they have none.
    pub cause: Cause,
    /// Method of the requests; `Any` where it could not be read.
    pub method: Method,
    /// The path with ids replaced by `{}`; ends with `/**` where the rest is not known.
    pub path: String,
    /// How many, and when.
    pub counts: Counts,
}

/// Requests of each sort, and when those were that may have needed something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of a named client, and let through or perhaps so.
    pub need: u64,
    /// Of nobody, and let through or perhaps so.
    pub nameless: u64,
    /// Refused, or nothing is there.
    pub other: u64,
    /// Of those that a client needed, answers with a status of 200 to 399: something is there.
    pub served: u64,
    /// Days with such that may have needed something.
    pub days: DaySet,
    /// Days with such that were refused, or where nothing is there.
    pub tried: DaySet,
    /// First and last of those that may have needed something.
    pub span: Option<(Millis, Millis)>,
    /// Id of the earliest of them, where the log has ids.
    pub sample: Option<String>,
}

impl PartialOrd for Counts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Counts {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |counts: &Self| (counts.need, counts.nameless, counts.other, counts.span);
        key(self).cmp(&key(other))
    }
}

impl Counts {
    /// Requests that may have needed something.
    pub fn possible(&self) -> u64 {
        self.need + self.nameless
    }

    /// Requests that were refused, or that name no client.
    pub fn others(&self) -> u64 {
        self.other + self.nameless
    }

    pub(super) fn add_one(&mut self, what: &Request<'_>) {
        match what.sort {
            Sort::Need { served } => {
                self.need += 1;
                self.served += u64::from(served);
            }
            Sort::Nameless => self.nameless += 1,
            Sort::Other => {
                self.other += 1;
                if let Some(time) = what.time {
                    self.tried.insert(Day::of(time));
                }
                return;
            }
        }
        if let Some(time) = what.time {
            self.days.insert(Day::of(time));
            let (first, last) = self.span.unwrap_or((time, time));
            if self.span.is_none() || time <= first {
                let id = what.id.map(shown_id);
                let known = self.sample.take().filter(|_| time == first);
                self.sample = smaller(known, id);
            }
            self.span = Some((first.min(time), last.max(time)));
        }
    }

    /// Takes the counts of the same requests elsewhere.
    pub(in crate::usage) fn add(&mut self, other: &Self) {
        self.need += other.need;
        self.nameless += other.nameless;
        self.other += other.other;
        self.served += other.served;
        self.days.add(&other.days);
        self.tried.add(&other.tried);
        let first = |counts: &Self| counts.span.map_or(Millis::MAX, |span| span.0);
        self.sample = match first(self).cmp(&first(other)) {
            Ordering::Less => self.sample.take(),
            Ordering::Greater => other.sample.clone(),
            Ordering::Equal => smaller(self.sample.take(), other.sample.clone()),
        };
        self.span = match (self.span, other.span) {
            (Some(span), Some(other)) => Some((span.0.min(other.0), span.1.max(other.1))),
            (span, other) => span.or(other),
        };
    }

    /// Counts that were taken before.
    pub(in crate::usage) fn of(
        [need, nameless, other, served]: [u64; 4],
        [days, tried]: [DaySet; 2],
        span: Option<(Millis, Millis)>,
        sample: Option<String>,
    ) -> Self {
        Self {
            need,
            nameless,
            other,
            served,
            days,
            tried,
            span,
            sample,
        }
    }
}

/// Of two ids at one instant the smaller one, so that the order plays no part.
fn smaller(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// An id as it is kept: without secrets, and not longer than one.
fn shown_id(id: &[u8]) -> String {
    let id = secret::masked(&id[..id.len().min(64)]);
    String::from_utf8_lossy(id).into_owned()
}
