//! What somebody does on some days (`Call`), and the single requests that come of it (`Event`).

use super::{DAY, START, Size};
use crate::rng::{Rng, mix};

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Service,
    Gateway,
}

/// How the caller authenticated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// The log names the caller, or nobody, and says no more.
    Unsaid,
    Key(String),
    Certificate(String),
    /// A user name and a password.
    Basic,
    Token(Claims),
}

/// What a log says about a token; times in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claims {
    pub(crate) id: String,
    /// `None` where the log does not carry them.
    pub(crate) scopes: Option<String>,
    pub(crate) issued: i64,
    pub(crate) expires: Option<i64>,
}

/// One request; ordered by its time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// Empty for nobody.
    pub(crate) client: String,
    pub(crate) method: &'static str,
    /// As in the description; empty for a path that is in none.
    pub(crate) template: &'static str,
    pub(crate) path: String,
    /// Without the question mark.
    pub(crate) query: &'static str,
    pub(crate) status: u16,
    pub(crate) by: By,
    pub(crate) proof: Proof,
    pub(crate) address: String,
    pub(crate) agent: &'static str,
}

/// On which days, counted backwards: 0 is the last day of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    /// Every so many days, from the earlier to the later one.
    Every(u32, u32, u32),
    /// On these.
    Days(&'static [u32]),
}

impl On {
    fn falls_on(self, ago: u32) -> bool {
        match self {
            Self::Every(step, from, to) => {
                (to..=from).contains(&ago) && (from - ago).is_multiple_of(step)
            }
            Self::Days(days) => days.contains(&ago),
        }
    }
}

/// Every second day of a hundred: fifty days.
pub(crate) const ALL: On = On::Every(2, 99, 0);

/// The life of a token, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Life {
    Lasts(i64),
    Endless,
    /// It had ended so long before.
    Ended(i64),
}

/// The same for each request of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum With {
    Unsaid,
    Key(&'static str),
    Certificate(&'static str),
    Basic,
    /// Scopes (`-` where the log has none), and the life.
    Token(&'static str, Life),
}

/// The same request on several days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Empty for nobody.
    pub(crate) client: &'static str,
    /// `METHOD /path`; a path without a description begins with `!`, and `{n}` in it is a running number.
    pub(crate) operation: &'static str,
    pub(crate) query: &'static str,
    pub(crate) on: On,
    pub(crate) times: u32,
    pub(crate) hour: u32,
    /// Within this minute; else within the hour.
    pub(crate) minute: Option<u32>,
    pub(crate) status: u16,
    pub(crate) by: By,
    pub(crate) with: With,
    /// A network of its own for each plant, when empty.
    pub(crate) address: &'static str,
    pub(crate) agent: &'static str,
}

/// The usual life of a token.
pub(crate) const HOUR: Life = Life::Lasts(3_600);

impl Call {
    /// Every second day one request that passes, with a token of an hour that carries these scopes.
    pub(crate) const fn new(
        client: &'static str,
        operation: &'static str,
        scopes: &'static str,
    ) -> Self {
        Self {
            client,
            operation,
            query: "",
            on: ALL,
            times: 1,
            hour: 10,
            minute: None,
            status: 200,
            by: By::Service,
            with: With::Token(scopes, HOUR),
            address: "",
            agent: "okhttp/4.12.0",
        }
    }

    pub(crate) const fn on(self, on: On) -> Self {
        Self { on, ..self }
    }

    pub(crate) const fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    pub(crate) const fn with(self, with: With) -> Self {
        Self { with, ..self }
    }

    pub(crate) const fn at(self, hour: u32, minute: u32) -> Self {
        let minute = Some(minute);
        Self {
            hour,
            minute,
            ..self
        }
    }

    pub(crate) const fn from(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    pub(crate) const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    /// Answered with this status.
    pub(crate) const fn answered(self, status: u16, by: By) -> Self {
        Self { status, by, ..self }
    }

    /// Refused with 403.
    pub(crate) const fn refused(self, by: By) -> Self {
        self.answered(403, by)
    }
}

/// The requests of one call of the plant with this number and name.
pub(crate) fn events(call: &Call, size: &Size, (number, plant): (u64, &str)) -> Vec<Event> {
    let mut rng = Rng::new(size.seed ^ hash(&[plant, call.client, call.operation]));
    let (method, rest) = call
        .operation
        .split_once(' ')
        .unwrap_or(("GET", call.operation));
    let (template, path) = match rest.strip_prefix('!') {
        Some(path) => ("", path),
        None => (rest, rest),
    };
    let mut events = Vec::new();
    for day in 0..size.days {
        if !call.on.falls_on(size.days - 1 - day) {
            continue;
        }
        for _ in 0..call.times {
            let (minute, within) = call.minute.map_or((5, 3_000), |minute| (minute, 55));
            let time = START
                + i64::from(day) * DAY
                + i64::from(call.hour * 3_600 + minute * 60)
                + below(&mut rng, within);
            let named = path
                .replace("{id}", &(1_000 + below(&mut rng, 9_000)).to_string())
                .replace("{n}", &events.len().to_string());
            let address = match call.address {
                "" => format!("198.19.{}.10", number % 256),
                name => name.to_owned(),
            };
            events.push(Event {
                time,
                client: call.client.to_owned(),
                method: verb(method),
                template,
                path: named,
                query: call.query,
                status: call.status,
                by: call.by,
                proof: proof(call, time),
                address,
                agent: call.agent,
            });
        }
    }
    events
}

fn proof(call: &Call, time: i64) -> Proof {
    let (scopes, life) = match call.with {
        With::Unsaid => return Proof::Unsaid,
        With::Key(id) => return Proof::Key(id.to_owned()),
        With::Certificate(id) => return Proof::Certificate(id.to_owned()),
        With::Basic => return Proof::Basic,
        With::Token(scopes, life) => (scopes, life),
    };
    // Whole spans since 1970, so that requests of one span share a token.
    let (issued, expires) = match life {
        Life::Lasts(life) => (time - time % life, Some(time - time % life + life)),
        Life::Endless => (time - time % DAY, None),
        Life::Ended(late) => (time - late - 3_600, Some(time - late)),
    };
    Proof::Token(Claims {
        id: format!("{}-{issued}", call.client),
        scopes: (scopes != "-").then(|| scopes.to_owned()),
        issued,
        expires,
    })
}

/// A random number below the bound.
pub(crate) fn below(rng: &mut Rng, bound: u64) -> i64 {
    i64::try_from(rng.below(bound)).unwrap_or(0)
}

/// A stable number for some texts.
pub(crate) fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0, |sum, byte| mix(sum ^ u64::from(byte)).wrapping_add(1))
}

fn verb(text: &str) -> &'static str {
    let known = ["GET", "POST", "PUT", "DELETE"];
    known
        .into_iter()
        .find(|method| *method == text)
        .unwrap_or("GET")
}
