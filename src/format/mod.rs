//! Log formats: a line of one gateway's log becomes a raw record.
//!
//! In: one line. Out: what it says about one request, borrowed from the line,
//! or the reason why it says nothing.
//!
//! Invariants:
//! * a format knows one gateway and never guesses; a line it cannot read is
//!   skipped with a reason, because a lost line would look like an unused
//!   permission;
//! * the format of a file is decided by its content, never by its name.
//!
//! A new format is one file and its line in [`ALL`].

pub(crate) mod clock;
mod declared;
pub(crate) mod detect;
pub(crate) mod json;
mod layer;
pub(crate) mod mapping;
mod mixed;
mod piece;
pub(crate) mod propose;
mod record;
mod requests;
mod show;
pub(crate) mod strangers;
mod table;
pub(crate) mod token;

mod apigee;
mod apisix;
mod aws_alb;
mod aws_apigw;
mod azure;
mod azure_apim;
mod azure_app_gateway;
mod azure_front_door;
mod caddy;
mod cloudflare;
mod cloudtrail;
mod cloudtrail_actions;
mod cloudtrail_wildcards;
mod combined;
mod ecs;
mod envoy;
mod fastly;
mod gcp_audit;
mod gcp_requests;
mod gravitee;
mod haproxy;
mod kong;
mod krakend;
mod kubernetes;
mod ms_graph;
mod native;
mod nginx_json;
mod nginx_proxy_manager;
mod oathkeeper;
mod ocsf;
mod otlp;
mod squid;
mod traefik;
mod tyk;
mod tyk_json;
mod w3c;
mod zoraxy;

pub(crate) mod alone;
#[cfg(test)]
mod any_text_tests;
#[cfg(test)]
mod handbook_tests;
#[cfg(test)]
mod nasty_tests;
#[cfg(test)]
mod testing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::input::Layer;
use crate::model::Effect;
pub(crate) use layer::ALL as LAYERS;
use mapping::Mapping;
pub(crate) use record::{Decision, Named, RawRecord, Shown, Skip};
use table::Layout;
pub(crate) use token::{AuthKind, Claims, Token};

/// Every format, in the order in which detection tries them.
pub(crate) static ALL: &[&dyn LogFormat] = &[
    &kong::Kong,
    &aws_apigw::AwsApiGateway,
    &envoy::Envoy,
    &kubernetes::Audit,
    &traefik::Traefik,
    &caddy::Caddy,
    &haproxy::Haproxy,
    &apisix::Apisix,
    &nginx_json::NginxJson,
    &nginx_proxy_manager::ProxyManager,
    &aws_alb::AwsAlb,
    &cloudtrail::CloudTrail,
    &gcp_requests::GcpRequests,
    &gcp_audit::GcpAudit,
    &cloudflare::Cloudflare,
    &fastly::Fastly,
    &azure_apim::AzureApim,
    &azure_app_gateway::ApplicationGateway,
    &azure_front_door::FrontDoor,
    &ms_graph::Graph,
    &gravitee::Gravitee,
    &apigee::Apigee,
    &tyk_json::Json,
    &krakend::KrakenD,
    &oathkeeper::Oathkeeper,
    &squid::Squid,
    &zoraxy::Zoraxy,
    &ecs::Ecs,
    &ocsf::Ocsf,
    &otlp::Otlp,
    &native::Native,
    &combined::Combined,
    &w3c::W3c,
    &tyk::Csv,
];

/// Buffers that are used again for every line of one worker.
#[derive(Default)]
pub struct Scratch {
    /// For JSON lines.
    pub json: json::Scratch,
    /// For decoded text of other formats.
    pub text: Vec<u8>,
    /// A line as it must have been meant.
    repaired: Vec<u8>,
    /// Remembers the last date, so that most times cost a comparison.
    pub clock: clock::Clock,
    /// The cells of a row, as their ends in `text`.
    cells: Vec<usize>,
    /// How the rows of a table are read from here on.
    layout: Option<Layout>,
    /// What the formats of a mixture use.
    parts: mixed::Parts,
    /// For formats that a user described.
    mapped: mapping::values::Buffers,
    /// [`RawRecord::claims`] is wanted of every record, not of refused ones alone.
    pub claims: bool,
}

impl Scratch {
    /// For a reader that looks at credentials, or not.
    pub fn asking(claims: bool) -> Self {
        Self {
            claims,
            ..Self::default()
        }
    }
}

/// Whether the claims of a record with this status are wanted: of every one, or where it may
/// have been refused.
#[inline]
fn asks(all: bool, status: Option<u16>) -> bool {
    all || !matches!(status, Some(200..=299))
}

/// A line of the sample that detection looks at.
pub struct SampleLine<'a> {
    /// The line without its end.
    pub text: &'a [u8],
    /// The same, when it is a JSON object.
    pub json: Option<serde_json::Map<String, serde_json::Value>>,
}

impl<'a> SampleLine<'a> {
    /// One line as detection sees it.
    fn of(text: &'a [u8]) -> Self {
        let json = if text.first() == Some(&b'{') {
            serde_json::from_str(&String::from_utf8_lossy(text)).ok()
        } else {
            None
        };
        Self { text, json }
    }

    /// How many of these keys the object has; 0 unless it has all that are `needed`. A path
    /// goes from the outside in: `request/uri`.
    fn keys(&self, needed: &[&str], more: &[&str]) -> u32 {
        let has = |path: &&&str| self.at(path).is_some();
        if needed.iter().filter(has).count() < needed.len() {
            return 0;
        }
        narrow(needed.len() + more.iter().filter(has).count())
    }

    /// The value at a path.
    fn at(&self, path: &str) -> Option<&serde_json::Value> {
        let mut keys = path.split('/');
        let first = self.json.as_ref()?.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    /// Whether the string at a path is one that fits.
    fn says(&self, path: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.at(path)
            .and_then(serde_json::Value::as_str)
            .is_some_and(fits)
    }
}

/// One gateway's log: what it is called, and how a source of it is opened.
pub trait LogFormat: Send + Sync {
    /// The name used on the command line.
    fn name(&self) -> &str;

    /// What it is, in one line.
    fn title(&self) -> &str;

    /// How the gateway is told to log who calls, in lines to copy.
    fn identity_help(&self) -> &str;

    /// Whether its lines can say who refused a request, gateway or service.
    fn tells_who_refused(&self) -> bool {
        true
    }

    /// Whether its lines name operations, so that a catalogue can be made of them.
    fn names_operations(&self) -> bool {
        false
    }

    /// Whether an operation of this name reads or writes; `None` where no line can show that
    /// it was needed, so that silence says nothing about it.
    fn effect_of(&self, operation: &[u8]) -> Option<Effect> {
        let _ = operation;
        None
    }

    /// The permission that an operation needs, as the policies of the system spell it; `None`
    /// where that is the name of the operation.
    fn permission(&self, operation: &str) -> Option<String> {
        let _ = operation;
        None
    }

    /// What logs with these operations show of a permission that a policy of the system grants.
    fn shows(&self, permission: &str, seen: &BTreeMap<String, Effect>) -> Shown {
        let _ = seen;
        let effect = self.effect_of(permission.as_bytes());
        effect.map_or(Shown::Nothing, Shown::Use)
    }

    /// Whether a permission that is a pattern allows the operation.
    fn allows(&self, permission: &str, operation: &str) -> bool {
        let _ = (permission, operation);
        false
    }

    /// The format in the language of described formats, as far as it can be said there; `None`
    /// where all of it is code.
    fn as_description(&self) -> Option<String> {
        None
    }

    /// How many things on the line are of this format; 0 when it does not look like it.
    ///
    /// Of formats that recognise a line the one with most has it.
    fn recognises(&self, line: &SampleLine<'_>) -> u32;

    /// Whether a header at the beginning says that the whole source is in this format.
    fn has_header(&self, sample: &[u8]) -> bool {
        let _ = sample;
        false
    }

    /// The names of the formats of which this is a mixture; none where it is one format.
    fn parts(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// A reader for one source, of which `sample` is the beginning: what a header states or
    /// what is learnt there is the reader's.
    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader>;
}

/// Reads the records of one source.
pub trait RecordReader: Send + Sync {
    /// What tells where its records end, where these are not the ends of lines.
    fn framing(&self) -> Option<Arc<dyn Layer>> {
        None
    }

    /// Called before the lines of a block are read; `offset` is that of its first byte.
    fn begin(&self, offset: u64, scratch: &mut Scratch) {
        let _ = (offset, scratch);
    }

    /// Reads one line (without its line end).
    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip>;
}

/// A format of the program, or one that a user described.
#[derive(Clone)]
pub enum Format {
    /// An entry of [`ALL`].
    Known(&'static dyn LogFormat),
    /// One that a user described, and its name.
    Described(Arc<Mapping>, &'static str),
}

impl Format {
    /// The name used on the command line and in every output.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(format) => format.name(),
            Self::Described(_, name) => name,
        }
    }

    /// The format that a text describes.
    pub(crate) fn described(text: &str) -> Result<Self, String> {
        Mapping::parse(text).map(Self::of)
    }

    /// The format of a server's own format string; `client` is the variable that names the
    /// caller, where it is not known.
    pub(crate) fn of_string(
        server: mapping::format_string::Server,
        text: &str,
        client: Option<&str>,
    ) -> Result<Self, String> {
        Mapping::of_string(server, text, client).map(Self::of)
    }

    fn of(mapping: Mapping) -> Self {
        // A run knows a few names, each of which is kept once: results carry them everywhere.
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.get(LogFormat::name(&mapping)).copied();
        let name = known.unwrap_or_else(|| Box::leak(Box::from(LogFormat::name(&mapping))));
        names.insert(name);
        Self::Described(Arc::new(mapping), name)
    }
}

impl std::ops::Deref for Format {
    type Target = dyn LogFormat;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Known(format) => *format,
            Self::Described(mapping, _) => &**mapping,
        }
    }
}

/// The format of one source, opened for it.
#[derive(Clone)]
pub struct Opened {
    /// The format.
    pub format: Format,
    /// Reads the source's records.
    pub reader: Arc<dyn RecordReader>,
}

impl Opened {
    /// Opens a source that begins with `sample`.
    pub fn new(format: Format, sample: &[u8]) -> Self {
        let reader = format.open(sample);
        Self { format, reader }
    }
}

/// A number of things that were found on a line.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether a line is a record, or none of the kind that is rejected.
pub(crate) fn is_readable(reader: &dyn RecordReader, line: &[u8]) -> bool {
    let line = detect::trim(line);
    let mut scratch = Scratch::default();
    // It is the last line, after every header.
    reader.begin(u64::MAX, &mut scratch);
    let read = reader.parse(line, &mut scratch);
    line.is_empty() || !read.is_err_and(Skip::is_reject)
}

/// The format with this name, opened for a source of which nothing is known.
pub fn opened(name: &str) -> Option<Opened> {
    Some(Opened::new(by_name(name)?, b""))
}

/// The format with this name.
pub(crate) fn by_name(name: &str) -> Option<Format> {
    let mut all = ALL.iter().copied();
    all.find(|format| format.name() == name)
        .map(Format::Known)
        .or_else(|| mixed::named(name).filter(|own| own.name() == name))
}
