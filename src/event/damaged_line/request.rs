//! Who asked for what, out of a damaged line.

use std::borrow::Cow;

use super::json_pairs::{self, Pair, Pairs, Place, Value, unescape};
use super::plain_text::{self, Target};
use crate::format::json::parse_status;
use crate::model::Method;

/// Keys of methods, targets and statuses; targets in the order in which they count.
const METHODS: [&[u8]; 6] = [
    b"method",
    b"httpmethod",
    b"requestmethod",
    b"verb",
    b"httprequestmethod",
    b"clientrequestmethod",
];
const TARGETS: [&[u8]; 13] = [
    b"xenvoyoriginalpath",
    b"xenvoyoriginpath",
    b"requesturi",
    b"uri",
    b"originaluri",
    b"path",
    b"requestpath",
    b"urlpath",
    b"url",
    b"requesturl",
    b"urloriginal",
    b"clientrequesturi",
    b"clientrequestpath",
];
/// Those of them that only a request has.
const SURE: [&[u8]; 4] = [b"requesturi", b"uri", b"originaluri", b"clientrequesturi"];
const STATUSES: [&[u8]; 10] = [
    b"status",
    b"statuscode",
    b"responsecode",
    b"responsestatus",
    b"httpstatus",
    b"httpstatuscode",
    b"responsestatuscode",
    b"httpresponsestatuscode",
    b"downstreamstatus",
    b"edgeresponsestatus",
];
/// Keys whose value is a whole request line, or the route of AWS: `GET /orders/{id}`.
const LINES: [&[u8]; 3] = [b"request", b"requestline", b"routekey"];
/// Keys of callers.
const CALLERS: [&[u8]; 34] = [
    b"customid",
    b"username",
    b"consumer",
    b"consumerid",
    b"consumername",
    b"consumerusername",
    b"clientid",
    b"client",
    b"clientname",
    b"azp",
    b"jwtazp",
    b"jwtclientid",
    b"xjwtazp",
    b"xclientid",
    b"xconsumerid",
    b"xconsumercustomid",
    b"xconsumerusername",
    b"principalid",
    b"apikeyid",
    b"user",
    b"caller",
    b"remoteuser",
    b"downstreampeerurisan",
    b"downstreampeersubject",
    b"requestxclientid",
    b"requestxjwtazp",
    b"clientusername",
    b"tlsclientsubject",
    b"sslclientsdn",
    b"clientcommonname",
    b"userid",
    b"apimsubscriptionid",
    b"principalemail",
    b"appuid",
];
/// Objects that describe the caller by `id` or `name`.
const CALLER_OBJECTS: [&[u8]; 4] = [b"consumer", b"authenticatedentity", b"client", b"user"];
/// Objects that never do.
const OTHERS: [&[u8]; 5] = [b"service", b"route", b"upstream", b"api", b"balancer"];
/// Keys under which a shipper puts the line that it read.
const ENVELOPES: [&[u8]; 7] = [
    b"log",
    b"message",
    b"msg",
    b"textpayload",
    b"event",
    b"line",
    b"raw",
];

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    /// Values in the place of a caller's name.
    pub(super) names: Vec<Cow<'a, [u8]>>,
    /// Where a line of text has no more callers.
    pub(super) fields_end: usize,
    pub(super) method: Option<Method>,
    pub(super) target: Option<Cow<'a, [u8]>>,
    pub(super) target_cut: bool,
    pub(super) status: Option<u16>,
    /// Another line in this one.
    pub(super) envelope: Option<Cow<'a, [u8]>>,
    /// More than one record may be in the line.
    pub(super) plural: bool,
    pub(super) form: Form,
}

/// What the line is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Fields of text.
    #[default]
    Text,
    /// JSON without a key of a request or of its caller.
    Message,
    /// JSON with such keys.
    Record,
    /// JSON whose keys of a request are all empty.
    Empty,
}

impl<'a> Asked<'a> {
    pub(super) fn read(line: &'a [u8]) -> Self {
        let pairs = json_pairs::read(line);
        let mut dates = plain_text::dates(line);
        let date = dates.next();
        match pairs.first {
            Some(first) if date.is_none_or(|date| first < date) => Self::of_json(&pairs),
            _ => Self::of_text(line, date, dates.next().is_some()),
        }
    }

    fn of_text(line: &'a [u8], date: Option<usize>, two_dates: bool) -> Self {
        let request = plain_text::request(line);
        let version = memchr::memmem::find(line, b"HTTP/");
        // Callers come before the date and the request.
        let ends = [date, version, request.as_ref().map(|request| request.at)];
        let mut asked = Self {
            fields_end: ends.into_iter().flatten().min().unwrap_or(line.len()),
            plural: two_dates,
            ..Self::default()
        };
        if let Some(request) = request {
            asked.method = request.method;
            asked.target = Some(unescape(request.target.text));
            asked.target_cut = request.target.cut;
            asked.status = request.status();
        }
        asked
    }

    fn of_json(pairs: &Pairs<'a>) -> Self {
        let mut asked = Self {
            plural: pairs.plural || repeats(pairs),
            form: Form::Message,
            ..Self::default()
        };
        let mut methods = Vec::new();
        let mut targets = Vec::new();
        let mut empty = Vec::new();
        let aws = is_aws(pairs);
        for pair in &pairs.found {
            let key = pair.key.as_slice();
            if let (true, Value::Text(raw)) = (pair.is_caller(), pair.value) {
                asked.names.push(unescape(raw));
            }
            if pair.is_caller() || is_request_key(key) {
                asked.form = Form::Record;
            }
            // After damage, an object that describes something else may have a path or an
            // address too; only a flat record has no other place for them.
            let unsure = pair.place == Place::Unknown && pairs.nested;
            if pair.place == Place::Foreign
                || (unsure && !METHODS.contains(&key) && !SURE.contains(&key))
            {
                continue;
            }
            if ENVELOPES.contains(&key)
                && let Value::Text(raw) | Value::Cut(raw) = pair.value
            {
                asked.envelope = Some(unescape(raw));
            }
            let text = pair.text();
            if METHODS.contains(&key) {
                empty.push(text.as_deref().is_some_and(super::kind::is_nothing));
                let method = text.as_deref().map(Method::parse);
                methods
                    .push(method.filter(|method| !matches!(method, Method::Other | Method::Any)));
            } else if LINES.contains(&key) {
                let Some(text) = text else { continue };
                empty.push(super::kind::is_nothing(&text));
                let front = [b"\"", &*text, b"\""].concat();
                if let Some(request) = plain_text::request(&front) {
                    methods.push(request.method);
                    let rank = if key == b"routekey" {
                        1
                    } else {
                        2 + TARGETS.len()
                    };
                    let found = Cow::Owned(request.target.text.to_vec());
                    targets.push((rank, found, request.target.cut));
                }
            } else if key == b"resourcepath" {
                targets.extend(text.map(|text| (0, text, false)));
            } else if let Some(rank) = TARGETS.iter().position(|known| *known == key) {
                empty.push(text.as_deref().is_some_and(super::kind::is_nothing));
                // The path of AWS has the name of the stage in front, or not.
                if aws {
                    continue;
                }
                let (Value::Text(raw) | Value::Cut(raw)) = pair.value else {
                    continue;
                };
                let text = unescape(raw);
                let found = if matches!(pair.value, Value::Cut(_)) {
                    Target::at_end(&text)
                } else {
                    Target::whole(&text)
                };
                if let Some(found) = found {
                    let text = Cow::Owned(found.text.to_vec());
                    targets.push((rank + 2, text, found.cut));
                }
            }
        }
        if let Some(first) = methods.first()
            && methods.iter().all(|method| method == first)
        {
            asked.method = *first;
        }
        targets.sort_by_key(|(rank, _, _)| *rank);
        if let Some((rank, found, cut)) = targets.into_iter().next() {
            (asked.target, asked.target_cut) = if rank < 2 {
                template(&found)
            } else {
                (Some(found), cut)
            };
        }
        asked.status = status(pairs);
        if !empty.is_empty() && empty.iter().all(|empty| *empty) {
            asked.form = Form::Empty;
        }
        asked
    }
}

impl<'a> Pair<'a> {
    /// Whether the value names a caller.
    fn is_caller(&self) -> bool {
        let (key, within) = (self.key.as_slice(), self.within.as_slice());
        let described = matches!(key, b"id" | b"name") && CALLER_OBJECTS.contains(&within);
        (CALLERS.contains(&key) || described) && !OTHERS.contains(&within)
    }

    /// The value, when it is whole; `null` is empty.
    fn text(&self) -> Option<Cow<'a, [u8]>> {
        match self.value {
            Value::Text(raw) => Some(unescape(raw)),
            Value::Bare(b"null") => Some(Cow::Borrowed(b"")),
            Value::Bare(_) | Value::Cut(_) | Value::Other => None,
        }
    }
}

fn is_request_key(key: &[u8]) -> bool {
    key == b"resourcepath"
        || [&METHODS[..], &TARGETS, &STATUSES, &LINES]
            .iter()
            .any(|keys| keys.contains(&key))
}

/// AWS names its resources next to the path.
fn is_aws(pairs: &Pairs<'_>) -> bool {
    let has = |keys: &[&[u8]]| {
        pairs
            .found
            .iter()
            .any(|pair| keys.contains(&pair.key.as_slice()))
    };
    has(&[b"resourcepath", b"routekey", b"stage", b"basepathmatched"])
        || (has(&[b"httpmethod"])
            && has(&[b"requestid", b"extendedrequestid", b"requesttimeepoch"]))
}

/// A key that is twice in one object is in two records.
fn repeats(pairs: &Pairs<'_>) -> bool {
    let keys: Vec<(&[u8], &[u8])> = pairs
        .found
        .iter()
        .filter(|pair| pair.place != Place::Foreign || pair.is_caller())
        .map(|pair| (pair.within.as_slice(), pair.key.as_slice()))
        .collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    distinct.len() < keys.len()
}

/// A template of a gateway is the beginning of a target: `/pets/{proxy+}`.
fn template<'a>(found: &[u8]) -> (Option<Cow<'a, [u8]>>, bool) {
    let whole = Target::whole(found);
    let target = match found.iter().position(|byte| *byte == b'{') {
        Some(open) => whole.and_then(|whole| Target::cut(&found[..open.min(whole.text.len())])),
        None => whole,
    };
    let cut = target.is_some_and(|target| target.cut);
    (target.map(|target| Cow::Owned(target.text.to_vec())), cut)
}

/// The status of the record. After damage it counts only when no other field that looks
/// like a status says something else.
fn status(pairs: &Pairs<'_>) -> Option<u16> {
    let code = |pair: &Pair<'_>| {
        let text = match pair.value {
            Value::Text(raw) | Value::Bare(raw) => raw,
            Value::Cut(_) | Value::Other => return None,
        };
        parse_status(text).filter(|code| (100..=599).contains(code))
    };
    let known = |pair: &&Pair<'_>| STATUSES.contains(&pair.key.as_slice());
    let at = |place: Place| {
        pairs
            .found
            .iter()
            .filter(known)
            .filter(move |pair| pair.place == place)
    };
    let same = |codes: Vec<Option<u16>>| {
        let first = *codes.first()?;
        first.filter(|_| codes.iter().all(|code| *code == first))
    };
    if at(Place::Own).next().is_some() {
        return same(at(Place::Own).chain(at(Place::Unknown)).map(code).collect());
    }
    // It may be the status of an object that lost its beginning.
    if pairs.nested || at(Place::Unknown).next().is_none() {
        return None;
    }
    let alike = |pair: &&Pair<'_>| pair.key.windows(6).any(|part| part == b"status");
    let others = pairs.found.iter().filter(|pair| known(pair) || alike(pair));
    same(others.map(code).collect())
}
