//! Requests about which something is uncertain, as the workers meet them.
//!
//! In: a record without an operation, with several readings, with a wide template, one
//! that looks like a health check, or a line that could not be read. Out: possible
//! needs in the worker's tables. All of it is off the hot path.
//!
//! Invariant: what cannot have been a served request (refused, no request at all,
//! stated to be noise) is counted and holds nothing.

use hashbrown::HashMap;

use super::aggregate::{NOBODY, Names};
use super::collect::CollectOptions;
use super::counts::Reject;
use super::number::number;
use super::unplaced::{Caller, Request, Sort, Unplaced};
use super::worker::{REJECTS, Sink, Worker};
use crate::catalog::matcher::RouteMatch;
use crate::catalog::near::{Near, Nearness};
use crate::event::damaged_line::{Kind, Remains};
use crate::event::{path, readings, redact};
use crate::format::{RawRecord, Skip};
use crate::input::Block;
use crate::model::{AnsweredBy, Cause, Day, Method, Noise, Outcome, Sighting};

/// Bytes of a rejected line that are shown.
const EXCERPT: usize = 200;

/// What a gateway answers where nothing is there or the request is none: no service
/// behind it was reached. RFC 9110 section 15.5, RFC 6585.
const NOTHING_THERE: [u16; 10] = [400, 404, 405, 408, 410, 414, 421, 431, 501, 505];

/// Templates that are remembered.
const TEMPLATES: usize = 10_000;

/// Which operations a request without a certain one may have been.
pub(super) fn guess(near: &Nearness, cause: Cause, (method, path): (Method, &str)) -> Near {
    let method = (method != Method::Any).then_some(method);
    match cause {
        Cause::TooMany => Near::All,
        Cause::WideTemplate => near.covered(method, path),
        _ => near.of(method, path, path.ends_with("/**")),
    }
}

/// One request without an operation, or with one of several.
pub(super) struct Unmatched<'a> {
    pub(super) client: u32,
    pub(super) cause: Cause,
    pub(super) method: Method,
    pub(super) path: &'a [u8],
    pub(super) outcome: Outcome,
}

impl Unmatched<'_> {
    pub(super) fn count(
        &self,
        (names, unplaced): (&Names, &mut Unplaced),
        options: &CollectOptions<'_>,
        raw: &RawRecord<'_>,
    ) {
        let served = matches!(raw.status, Some(200..=399));
        let sort = if self.outcome.is_need() {
            Sort::Need { served }
        } else if self.outcome == Outcome::Unauthenticated
            && !raw
                .status
                .is_some_and(|status| NOTHING_THERE.contains(&status))
        {
            Sort::Nameless
        } else {
            Sort::Other
        };
        let what = Request {
            sort,
            cause: self.cause,
            method: self.method,
            path: self.path,
            time: Some(raw.time),
            id: raw.request_id,
        };
        add((names, unplaced), self.client, &what, options);
    }
}

fn add(
    (names, unplaced): (&Names, &mut Unplaced),
    client: u32,
    what: &Request<'_>,
    options: &CollectOptions<'_>,
) {
    let caller = Caller {
        client,
        hash: names.hash(client),
        known: names.is_known(client),
    };
    let cause = what.cause;
    unplaced.add(caller, what, |method, path| {
        !matches!(
            guess(
                options.uncertain.near(),
                cause,
                (method, &String::from_utf8_lossy(path))
            ),
            Near::None
        )
    });
}

/// A named client's request that looks like a health check, a preflight or a probe: near
/// an operation it may have been that one.
#[cold]
pub(super) fn aside(
    (names, unplaced): (&mut Names, &mut Unplaced),
    buffer: &mut Vec<u8>,
    options: &CollectOptions<'_>,
    raw: &RawRecord<'_>,
) {
    let outcome = options.rules.outcome(raw);
    let (Some(name), true) = (raw.client, outcome.is_need()) else {
        return;
    };
    let mut scratch = Vec::new();
    let normal = path::normalise(raw.target, raw.host, &options.rules.paths, &mut scratch);
    let Some(normal) = normal else {
        return;
    };
    let client = number(
        (name, true),
        raw.client_alt,
        options.identities,
        buffer,
        names,
    );
    let unmatched = Unmatched {
        client,
        cause: Cause::LooksAside,
        method: Method::parse(raw.method),
        path: normal.path,
        outcome,
    };
    unmatched.count((names, unplaced), options, raw);
}

/// The routes of the other readings of a path, where the gateway's own reading is not known.
/// Whether there may be more readings than were looked at.
#[cold]
pub(super) fn read_otherwise(
    method: Method,
    raw: &RawRecord<'_>,
    options: &CollectOptions<'_>,
    also: &mut Vec<u32>,
) -> bool {
    let all = readings::readings(raw.target, raw.host, &options.rules.paths);
    let more = all.len() >= readings::MOST;
    for path in all {
        if let Some(found) = options.matcher.find(method, &path)
            && !also.contains(&found.route)
        {
            also.push(found.route);
        }
    }
    more
}

/// Whether a rule of the configuration states the request to be noise.
#[cold]
pub(super) fn is_noise(rules: Rules<'_>, source: &str, raw: &RawRecord<'_>) -> bool {
    let end = memchr::memchr2(b'?', b'#', raw.target).unwrap_or(raw.target.len());
    let seen = Sighting {
        source,
        path: raw.target.get(..end),
        status: raw.status,
        name: raw.client,
        address: raw.client_ip,
        agent: raw.user_agent,
    };
    covered(rules, &seen)
}

/// Rules, how often each was used, and the day of the record: a rule ends on a day.
type Rules<'a> = (&'a [Noise], &'a mut [u64], Day);

fn covered((rules, used, day): Rules<'_>, seen: &Sighting<'_>) -> bool {
    let mut all = rules.iter();
    let found = all.position(|noise| noise.active(day) && noise.covers(seen));
    if let Some(count) = found.and_then(|at| used.get_mut(at)) {
        *count += 1;
    }
    found.is_some()
}

/// What the gateway's own templates stand for, where a log has no paths.
#[derive(Default)]
pub(super) struct Templates {
    known: HashMap<Box<[u8]>, Vec<Known>, foldhash::fast::FixedState>,
}

/// Method, route, and whether it may be others as well.
type Known = (Method, Option<RouteMatch>, bool);

impl Templates {
    /// The route of a template, and whether it may be other operations as well.
    pub(super) fn find(
        &mut self,
        method: Method,
        template: &[u8],
        options: &CollectOptions<'_>,
    ) -> (Option<RouteMatch>, bool) {
        let known = self.known.get(template).into_iter().flatten();
        for (verb, found, wide) in known {
            if *verb == method {
                return (*found, *wide);
            }
        }
        let found = options.matcher.find_template(method, template);
        let text = String::from_utf8_lossy(template);
        let near = options.uncertain.near().covered(Some(method), &text);
        let route = found.and_then(|found| options.matcher.routes().get(found.route as usize));
        let wide = match near {
            Near::None => false,
            Near::All => true,
            Near::Some(all) => all
                .iter()
                .any(|op| route.is_none_or(|route| !route.operations.contains(op))),
        };
        // A gateway has a few thousand routes; a log that is made to hold more does not get more room.
        if self.known.len() < TEMPLATES {
            let known = self.known.entry(template.into()).or_default();
            known.push((method, found, wide));
        }
        (found, wide)
    }
}

impl Worker {
    /// A line that gave no record: what it still shows makes it a possible need, or not.
    #[cold]
    pub(super) fn unreadable(
        &mut self,
        sink: &Sink<'_>,
        block: &Block<'_>,
        (at, line): (usize, &[u8]),
        reason: Skip,
    ) {
        let told = sink.options.uncertain.salvage().read(line);
        let reason = judged(reason, &told);
        self.tally.files[block.source].skips[reason as usize] += 1;
        if !reason.is_reject() {
            return;
        }
        self.example(block, at, reason, line);
        self.remains(sink, block.source, &told);
    }

    /// The beginning of a line over the limit, which is counted elsewhere.
    #[cold]
    pub(super) fn beginning(&mut self, sink: &Sink<'_>, block: &Block<'_>) {
        let told = sink.options.uncertain.salvage().read(block.bytes);
        self.remains(sink, block.source, &told);
    }

    /// Turns what an unreadable line still shows into a possible need, unless it is none.
    fn remains(&mut self, sink: &Sink<'_>, source: usize, told: &Remains<'_>) {
        let refused = told.status.is_some_and(|status| {
            let judged = sink
                .options
                .rules
                .outcomes
                .judge(Some(status), AnsweredBy::Unknown);
            judged.is_denied()
        });
        if refused || told.kind == Kind::NoRequest {
            return;
        }
        let path = told_path(sink, told);
        let seen = Sighting {
            source: sink.names.get(source).copied().unwrap_or_default(),
            path: path.as_deref(),
            status: told.status,
            ..Sighting::default()
        };
        let rules = sink.options.uncertain.noise();
        let day = self.tally.last_day();
        // Without a day no rule has ended.
        let on = day.unwrap_or(Day(0));
        if told.clients.is_empty() && covered((rules, &mut self.noise, on), &seen) {
            return;
        }
        if told.clients.is_empty() && path.is_none() {
            let file = &mut self.tally.files[source];
            file.untold += 1;
            if let Some(day) = day {
                file.untold_days.insert(day);
            }
            return;
        }
        let mut what = Request {
            sort: Sort::Nameless,
            cause: Cause::Unreadable,
            method: told.method.unwrap_or(Method::Any),
            path: path.as_deref().unwrap_or(b"/**"),
            time: day.map(Day::start),
            id: None,
        };
        let named = (&mut self.names, &mut self.unplaced);
        if told.clients.is_empty() {
            return add((named.0, named.1), NOBODY, &what, sink.options);
        }
        what.sort = Sort::Need { served: false };
        let mut buffer = Vec::new();
        for name in &told.clients {
            let identities = sink.options.identities;
            let client = number((name, true), None, identities, &mut buffer, named.0);
            add((named.0, named.1), client, &what, sink.options);
        }
    }

    fn example(&mut self, block: &Block<'_>, at: usize, reason: Skip, line: &[u8]) {
        let offset = block.offset + at as u64;
        if self.rejects.len() >= 2 * REJECTS {
            self.rejects.sort();
            self.rejects.truncate(REJECTS);
        }
        // Blocks come in any order: an example only goes when there are enough before it.
        let place = (block.source, offset);
        if self.rejects.len() < REJECTS
            || self
                .rejects
                .get(REJECTS - 1)
                .is_some_and(|last| place < (last.source, last.offset))
        {
            let excerpt = redact::excerpt(line, EXCERPT);
            self.rejects.push(Reject {
                source: block.source,
                offset,
                reason,
                excerpt,
            });
        }
    }
}

/// A line is not a record of another kind when it shows a request of a client of the
/// policy, and no damaged record when it cannot have been a request.
fn judged(reason: Skip, told: &Remains<'_>) -> Skip {
    let request = !told.clients.is_empty() && told.method.is_some() && told.target.is_some();
    match reason {
        Skip::OtherRecord if request && told.kind == Kind::Request => Skip::Malformed,
        Skip::Malformed | Skip::MissingField if told.kind == Kind::NoRequest => Skip::OtherRecord,
        reason => reason,
    }
}

/// The path that a line still shows; if it was cut, the whole segments, then `/**`.
fn told_path(sink: &Sink<'_>, told: &Remains<'_>) -> Option<Vec<u8>> {
    let target = told.target.as_deref()?;
    let mut scratch = Vec::new();
    let rules = &sink.options.rules.paths;
    let normal = path::normalise(target, None, rules, &mut scratch)?;
    let mut path = normal.path.to_vec();
    if told.target_cut {
        path.truncate(memchr::memrchr(b'/', &path).unwrap_or(0));
        path.extend_from_slice(b"/**");
    }
    Some(path)
}
