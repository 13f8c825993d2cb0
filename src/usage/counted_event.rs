//! One record as an event: who, on which route, with which outcome.

use super::aggregate::{NOBODY, Names};
use super::collect::CollectOptions;
use super::number::number;
use super::table::UNMATCHED;
use super::uncertain_requests::Templates;
use crate::event::{Ignored, path};
use crate::format::RawRecord;
use crate::model::{Cause, Method, Outcome};

/// One event, ready to be counted.
pub(super) struct Event<'a> {
    pub(super) client: u32,
    pub(super) method: Method,
    pub(super) route: u32,
    pub(super) outcome: Outcome,
    /// Matched only without regard to case or to a trailing slash.
    pub(super) looser: bool,
    /// The normalised path, when it may have been another operation or none fits.
    pub(super) unmatched: Option<(Cause, &'a [u8])>,
}

impl<'a> Event<'a> {
    #[inline]
    pub(super) fn new(
        raw: &RawRecord<'a>,
        options: &CollectOptions<'_>,
        (path_buffer, name_buffer): (&'a mut Vec<u8>, &mut Vec<u8>),
        (names, templates, also): (&mut Names, &mut Templates, &mut Vec<u32>),
    ) -> Result<Self, Ignored> {
        let mut method = Method::parse(raw.method);
        let (mut found, mut path) = (None, None);
        let (mut wide, mut more) = (false, false);
        if let Some(named) = &raw.named {
            method = Method::Named;
            found = options.matcher.find_named(named.operation);
            path = Some(named.operation);
        } else if raw.templated {
            (found, wide) = templates.find(method, raw.target, options);
            path = Some(raw.target);
        } else {
            let normal = path::normalise(raw.target, raw.host, &options.rules.paths, path_buffer);
            if normal.as_ref().is_none_or(|normal| normal.odd) {
                more = super::uncertain_requests::read_otherwise(method, raw, options, also);
            }
            if let Some(normal) = normal {
                found = options.matcher.find_at(normal.host, method, normal.path);
                path = Some(normal.path);
            }
            if found.is_none() {
                found = raw
                    .template
                    .and_then(|template| options.matcher.find_template(method, template));
            }
        }
        let looser = found.is_some_and(|found| found.looser);
        let outcome = options.rules.outcome(raw);
        if outcome.is_denied() {
            also.clear();
            more = false;
        }
        let mut route = found.map(|found| found.route);
        if !also.is_empty() {
            // Only another reading of it is an operation.
            route = route.or_else(|| also.pop());
            also.retain(|other| Some(*other) != route);
        }
        let unmatched = match route {
            // What it would be read as beyond these is not known.
            _ if more => Some((Cause::TooMany, &b"/**"[..])),
            Some(_) if !wide => None,
            Some(_) => Some((Cause::WideTemplate, raw.target)),
            None if wide => Some((Cause::WideTemplate, raw.target)),
            None => Some((
                Cause::NoOperation,
                options.rules.unmatched(raw, method, path)?,
            )),
        };
        let client = match raw.client {
            Some(name) if !raw.anonymous => {
                let name = (name, !outcome.is_denied());
                number(name, raw.client_alt, options.identities, name_buffer, names)
            }
            _ => NOBODY,
        };
        Ok(Self {
            client,
            method,
            route: route.unwrap_or(UNMATCHED),
            outcome,
            looser,
            unmatched,
        })
    }
}

/// The outcome under which an event is kept. Of nobody's requests on an operation, only
/// those with a success (2xx) show that it serves without authentication; others may have
/// been turned away by a redirect or an error, and are kept separate as attempts.
#[inline]
pub(super) fn kept(event: &Event<'_>, status: Option<u16>) -> Outcome {
    let failed = event.outcome == Outcome::Unauthenticated
        && event.route != UNMATCHED
        && !matches!(status, Some(200..=299));
    if failed {
        Outcome::Attempted
    } else {
        event.outcome
    }
}
