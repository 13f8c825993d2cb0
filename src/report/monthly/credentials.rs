//! With what each client proved who it is: ids as hashes, ages, lifetimes, networks.
//!
//! In: the rows of the credentials. Out: one line for each lasting credential of a
//! client, and one for all its tokens together, which change by themselves.
//!
//! Invariants:
//! * no id is shown but as its keyed hash, and networks only as a number;
//! * an age is a lower bound where the data begins with the credential, and a number of
//!   networks where not all were kept: both say so.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::format::AuthKind;
use crate::model::words;
use crate::model::{ClientName, Day};
use crate::usage::credentials::{CredentialHash, CredentialTable, Facts, Network, Which};

/// One credential, or all tokens of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "credential")]
pub struct CredentialLine {
    /// The keyed hash of its id; `None` for tokens, and where the log names none.
    #[schemars(regex(pattern = "^cred:[0-9a-f]{32}$"))]
    pub credential: Option<String>,
    /// How the caller authenticated.
    #[schemars(extend("enum" = ["unknown", "token", "api-key", "query-key", "certificate", "basic", "signature"]))]
    pub kind: &'static str,
    /// Distinct ids that the line covers.
    pub ids: usize,
    /// There were more than were kept separate.
    pub ids_at_least: bool,
    /// First day with a request.
    pub first: Day,
    /// Last day with a request.
    pub last: Day,
    /// Days from the first to the end of the window.
    pub age_days: u32,
    /// The data begins with it: it may be older.
    pub age_at_least: bool,
    /// Requests.
    pub requests: u64,
    /// Refused ones of them.
    pub refused: u64,
    /// Distinct networks (/24 and /48).
    pub networks: usize,
    /// Not all networks were kept.
    pub networks_at_least: bool,
    /// Shortest and longest lifetime in seconds, where tokens state it.
    pub lifetime_seconds: Option<[u32; 2]>,
    /// Requests with a token without an end.
    pub endless: u64,
    /// Requests with a token after its end.
    pub expired: u64,
}

impl CredentialLine {
    /// The same in one sentence.
    pub fn sentence(&self) -> String {
        let kind = match self.kind {
            "unknown" => "credential of unknown kind",
            kind => kind,
        };
        let name = match &self.credential {
            Some(hash) => format!("{kind} {}", short(hash)),
            None if self.ids > 0 => {
                let bound = if self.ids_at_least { "at least " } else { "" };
                format!(
                    "{kind}, {bound}{}",
                    words::plural_grouped(self.ids as u64, "id")
                )
            }
            None => format!("{kind}, without an id in the log"),
        };
        let bound = if self.age_at_least { "at least " } else { "" };
        let mut text = format!(
            "{name}: first seen {} ({bound}{} ago), last {}; {}",
            self.first,
            words::plural_grouped(self.age_days.into(), "day"),
            self.last,
            words::plural_grouped(self.requests, "request")
        );
        if self.refused > 0 {
            text = format!("{text}, {} refused", words::grouped(self.refused));
        }
        if self.networks > 0 {
            let bound = if self.networks_at_least {
                "at least "
            } else {
                ""
            };
            text = format!(
                "{text}; from {bound}{}",
                words::plural_grouped(self.networks as u64, "network")
            );
        }
        if let Some([shortest, longest]) = self.lifetime_seconds {
            let life = if shortest == longest {
                words::rough_duration(longest)
            } else {
                format!(
                    "{} to {}",
                    words::rough_duration(shortest),
                    words::rough_duration(longest)
                )
            };
            text = format!("{text}; lifetime {life}");
        }
        if self.endless > 0 {
            text = format!("{text}; {} without an end", words::grouped(self.endless));
        }
        if self.expired > 0 {
            text = format!("{text}; {} after its end", words::grouped(self.expired));
        }
        text
    }
}

/// `cred:` and twelve digits, as the findings have it.
fn short(hash: &str) -> &str {
    hash.get(..17).unwrap_or(hash)
}

#[derive(Default)]
struct Sum {
    ids: BTreeSet<CredentialHash>,
    ids_at_least: bool,
    first: Option<Day>,
    last: Option<Day>,
    requests: u64,
    refused: u64,
    networks: BTreeSet<Network>,
    networks_at_least: bool,
    lifetime: Option<[u32; 2]>,
    endless: u64,
    expired: u64,
}

impl Sum {
    fn add(&mut self, day: Day, which: Which, facts: &Facts) {
        match which {
            Which::Named(hash) => {
                self.ids.insert(hash);
            }
            Which::Others => self.ids_at_least = true,
            Which::Unnamed => {}
        }
        self.first = Some(self.first.map_or(day, |date| date.min(day)));
        self.last = Some(self.last.map_or(day, |date| date.max(day)));
        self.requests += facts.count;
        self.refused += facts.refused;
        let networks = facts.networks.items.iter().map(|(network, _)| *network);
        self.networks.extend(networks);
        self.networks_at_least |= facts.networks.more;
        if let Some((shortest, longest)) = facts.lifetime {
            let [low, high] = self.lifetime.unwrap_or([shortest, longest]);
            self.lifetime = Some([low.min(shortest), high.max(longest)]);
        }
        self.endless += facts.endless;
        self.expired += facts.expired;
    }

    fn line(
        self,
        kind: AuthKind,
        hash: Option<CredentialHash>,
        (start, to): (Day, Day),
    ) -> Option<CredentialLine> {
        let (first, last) = (self.first?, self.last?);
        Some(CredentialLine {
            credential: hash.map(|hash| hash.to_string()),
            kind: kind.name(),
            ids: self.ids.len(),
            ids_at_least: self.ids_at_least,
            first,
            last,
            age_days: u32::try_from(to.0 - first.0).unwrap_or(0),
            age_at_least: first <= start.plus(1),
            requests: self.requests,
            refused: self.refused,
            networks: self.networks.len(),
            networks_at_least: self.networks_at_least,
            lifetime_seconds: self.lifetime,
            endless: self.endless,
            expired: self.expired,
        })
    }
}

/// The credentials of each of these clients up to the end of the window, the oldest first.
pub(crate) fn credentials(
    table: &CredentialTable,
    clients: &BTreeSet<ClientName>,
    start: Day,
    to: Day,
) -> BTreeMap<ClientName, Vec<CredentialLine>> {
    let names: Vec<Option<ClientName>> = table
        .clients
        .iter()
        .map(|name| clients.get(&ClientName::new(name)).cloned())
        .collect();
    let mut sums: BTreeMap<(u32, AuthKind, Option<CredentialHash>), Sum> = BTreeMap::new();
    for row in table.rows.iter().filter(|row| row.day <= to) {
        if names.get(row.client as usize).is_none_or(Option::is_none) {
            continue;
        }
        // Tokens change by themselves: all of them are one line.
        let hash = match row.credential {
            Which::Named(hash) if row.kind != AuthKind::Token => Some(hash),
            _ => None,
        };
        let sum = sums.entry((row.client, row.kind, hash)).or_default();
        sum.add(row.day, row.credential, &row.facts);
    }
    let mut all: BTreeMap<ClientName, Vec<CredentialLine>> = BTreeMap::new();
    for ((client, kind, hash), sum) in sums {
        let name = names.get(client as usize).cloned().flatten();
        if let (Some(name), Some(line)) = (name, sum.line(kind, hash, (start, to))) {
            all.entry(name).or_default().push(line);
        }
    }
    for lines in all.values_mut() {
        lines.sort_by(|a, b| {
            (a.first, a.kind, &a.credential).cmp(&(b.first, b.kind, &b.credential))
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::credentials::{CredentialRow, HashKey, Hours};

    fn row(
        day: i32,
        id: Option<&str>,
        kind: AuthKind,
        lifetime: Option<(u32, u32)>,
    ) -> CredentialRow {
        let mut networks = Hours::default();
        let address = format!("10.0.{day}.1");
        networks.add(&Network::of(address.as_bytes()).unwrap(), 1, 8);
        CredentialRow {
            day: Day(day),
            client: 0,
            credential: id.map_or(Which::Unnamed, |id| {
                Which::Named(HashKey::default().hash(id.as_bytes()))
            }),
            kind,
            facts: Facts {
                count: 1_500,
                refused: 2,
                first: 0,
                last: 1,
                lifetime,
                left: None,
                endless: 0,
                expired: 0,
                scoped: 0,
                networks,
                agents: Hours::default(),
            },
        }
    }

    #[test]
    fn a_key_has_a_line_of_its_own_and_tokens_share_one() {
        let table = CredentialTable {
            clients: vec!["app".to_owned(), "stranger".to_owned()],
            rows: vec![
                row(0, Some("K-1"), AuthKind::ApiKey, None),
                row(3, Some("t1"), AuthKind::Token, Some((900, 900))),
                row(4, Some("t2"), AuthKind::Token, Some((900, 28_800))),
                CredentialRow {
                    client: 1,
                    ..row(4, Some("K-2"), AuthKind::ApiKey, None)
                },
                row(99, Some("K-1"), AuthKind::ApiKey, None),
            ],
            ..CredentialTable::default()
        };
        let known = BTreeSet::from([ClientName::new("app")]);
        let found = credentials(&table, &known, Day(0), Day(50));
        let lines: Vec<String> = found[&ClientName::new("app")]
            .iter()
            .map(CredentialLine::sentence)
            .collect();
        let hash = format!("{:#}", HashKey::default().hash(b"K-1"));
        assert_eq!(
            lines,
            [
                format!(
                    "api-key {hash}: first seen 1970-01-01 (at least 50 days ago), last 1970-01-01; 1,500 requests, 2 refused; from 1 network"
                ),
                "token, 2 ids: first seen 1970-01-04 (47 days ago), last 1970-01-05; 3,000 requests, 4 refused; from 2 networks; lifetime 15 minutes to 8 hours".to_owned(),
            ]
        );
        assert_eq!(found.len(), 1, "nobody else's are looked at");
    }
}
