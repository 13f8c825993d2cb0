//! The healthy part: clients that do what they may, with the traits that ordinary clients have.

use std::collections::BTreeSet;

use super::call::{By, Claims, Event, Proof, below, hash};
use super::files::{Grant, Operation};
use super::{DAY, START, Size};
use crate::rng::Rng;

/// The five operations of one resource.
macro_rules! resource {
    ($name:literal) => {
        [
            Operation::scoped(concat!("GET /v1/", $name), concat!($name, ":read")),
            Operation::scoped(concat!("GET /v1/", $name, "/{id}"), concat!($name, ":read")),
            Operation::scoped(concat!("POST /v1/", $name), concat!($name, ":write")),
            Operation::scoped(
                concat!("PUT /v1/", $name, "/{id}"),
                concat!($name, ":write"),
            ),
            Operation::scoped(
                concat!("DELETE /v1/", $name, "/{id}"),
                concat!($name, ":delete"),
            ),
        ]
    };
}

const RESOURCES: [(&str, [Operation; 5]); 10] = [
    ("orders", resource!("orders")),
    ("invoices", resource!("invoices")),
    ("products", resource!("products")),
    ("customers", resource!("customers")),
    ("payments", resource!("payments")),
    ("shipments", resource!("shipments")),
    ("reports", resource!("reports")),
    ("tickets", resource!("tickets")),
    ("webhooks", resource!("webhooks")),
    ("quotes", resource!("quotes")),
];

const AGENTS: [&str; 5] = [
    "okhttp/4.12.0",
    "python-requests/2.32",
    "axios/1.7",
    "Go-http-client/2.0",
    "curl/8.5",
];
/// Networks of egress of a client that runs in three zones.
const ZONES: [&str; 3] = ["203.0.113.5", "192.0.2.7", "198.51.100.9"];

/// What the description has before a plant adds to it.
pub(crate) fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = RESOURCES
        .iter()
        .flat_map(|(_, operations)| *operations)
        .collect();
    all.push(Operation::scoped("GET /v1/users/{id}", "users:read"));
    all.push(Operation::scoped(
        "POST /v1/users/{id}/roles",
        "users:assign",
    ));
    all
}

/// One client and its habits.
struct Client {
    name: String,
    number: u32,
    scopes: Vec<String>,
    operations: Vec<Operation>,
    agent: &'static str,
    /// Days between two keys; `None` for a client with tokens.
    rotation: Option<u32>,
    token: Option<Claims>,
}

/// What the healthy clients did, and what they hold.
pub(crate) fn tenant(size: &Size) -> (Vec<Event>, Vec<Grant>) {
    let (mut events, mut grants) = (Vec::new(), Vec::new());
    for number in 0..size.clients {
        let mut rng = Rng::new(size.seed ^ hash(&["healthy"]).wrapping_add(number.into()));
        let mut client = Client::new(number, &mut rng);
        grants.push(Grant::new(client.name.clone(), &client.scopes.join(" ")));
        for day in 0..size.days {
            for hour in hours(size, &mut rng) {
                for _ in 0..=rng.below(5) {
                    let time = START
                        + i64::from(day) * DAY
                        + i64::from(hour) * 3_600
                        + below(&mut rng, 3_600);
                    client.request(time, day, &mut rng, &mut events);
                }
            }
        }
    }
    (events, grants)
}

/// Hours of work, in order.
fn hours(size: &Size, rng: &mut Rng) -> BTreeSet<u32> {
    let mut hours = BTreeSet::new();
    while hours.len() < size.hours.min(16) as usize {
        hours.insert(6 + small(rng, 16));
    }
    hours
}

fn small(rng: &mut Rng, bound: u32) -> u32 {
    u32::try_from(rng.below(bound.into())).unwrap_or(0)
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> Option<T> {
    let at = usize::try_from(rng.below(from.len() as u64)).ok()?;
    from.get(at).copied()
}

impl Client {
    fn new(number: u32, rng: &mut Rng) -> Self {
        let mut taken = BTreeSet::new();
        let count = 2 + rng.below(2);
        while (taken.len() as u64) < count {
            taken.insert(rng.below(RESOURCES.len() as u64));
        }
        let (mut scopes, mut operations) = (Vec::new(), Vec::new());
        for at in taken {
            let Some((name, all)) = usize::try_from(at).ok().and_then(|at| RESOURCES.get(at))
            else {
                continue;
            };
            let writes = rng.below(10) < 6;
            scopes.push(format!("{name}:read"));
            operations.extend_from_slice(&all[..2]);
            if writes {
                scopes.push(format!("{name}:write"));
                operations.extend_from_slice(&all[2..4]);
            }
        }
        Self {
            name: format!("svc-{number:02}"),
            number,
            scopes,
            operations,
            agent: pick(rng, &AGENTS).unwrap_or(AGENTS[0]),
            rotation: number.is_multiple_of(3).then(|| 30 + small(rng, 31)),
            token: None,
        }
    }

    fn request(&mut self, time: i64, day: u32, rng: &mut Rng, events: &mut Vec<Event>) {
        let Some(operation) = pick(rng, &self.operations) else {
            return;
        };
        let (method, template) = operation.label.split_once(' ').unwrap_or_default();
        let status = match rng.below(1_000) {
            0..10 => 404,
            10..15 => 500,
            15..20 => 422,
            20..22 => 429,
            // For reasons of business: the state of an order, a quota.
            22..32 => 403,
            _ if method == "POST" => 201,
            _ => 200,
        };
        let event = Event {
            time,
            client: self.name.clone(),
            method,
            template,
            path: template.replace("{id}", &(1_000 + below(rng, 9_000)).to_string()),
            query: "",
            status,
            by: By::Service,
            proof: Proof::Unsaid,
            address: self.address(rng),
            agent: self.agent(rng),
        };
        if let Some(rotation) = self.rotation {
            let (mut key, within) = (day / rotation, day % rotation);
            // Old and new side by side for two days.
            if key > 0 && within < 2 && rng.below(2) == 0 {
                key -= 1;
            }
            let proof = Proof::Key(format!("key-{}-{key}", self.number));
            events.push(Event { proof, ..event });
            return;
        }
        if let Some(old) = self.expired(time)
            && rng.below(10) < 3
        {
            // It learns from the refusal that its token is over, and comes again.
            events.push(Event {
                time: time - 1,
                status: 401,
                by: By::Gateway,
                proof: Proof::Token(old),
                ..event.clone()
            });
        }
        let proof = Proof::Token(self.current(time));
        events.push(Event { proof, ..event });
    }

    fn expired(&self, time: i64) -> Option<Claims> {
        let old = self.token.as_ref()?;
        // The refusal is one second earlier.
        let over = old.expires.is_some_and(|end| end < time);
        over.then(|| old.clone())
    }

    /// The token in use at this time; a new one for an hour, when it is over. Requests of one hour come in any
    /// order, so a token that began later is none.
    fn current(&mut self, time: i64) -> Claims {
        let fits = |claims: &&Claims| {
            claims.issued <= time && claims.expires.is_some_and(|end| time < end)
        };
        if let Some(claims) = self.token.as_ref().filter(fits) {
            return claims.clone();
        }
        let new = Claims {
            id: format!("{}-{time}", self.name),
            scopes: Some(self.scopes.join(" ")),
            issued: time,
            expires: Some(time + 3_600),
        };
        self.token = Some(new.clone());
        new
    }

    fn address(&self, rng: &mut Rng) -> String {
        let home = format!("198.18.{}.{}", self.number % 256, 10 + rng.below(3));
        match pick(rng, &ZONES) {
            Some(zone) if self.number.is_multiple_of(5) => zone.to_owned(),
            _ => home,
        }
    }

    fn agent(&self, rng: &mut Rng) -> &'static str {
        let second = rng.below(2) == 0;
        if self.number % 5 == 1 && second {
            "node-fetch/1.0"
        } else {
            self.agent
        }
    }
}
