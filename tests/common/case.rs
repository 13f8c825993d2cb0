//! Cases: a catalogue, clients with scopes and roles, and what they did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Folder, Held, Run};

/// 2026-01-01 in seconds.
const BASE: i64 = 1_767_225_600;
const SCOPES: [&str; 8] = [
    "orders:read",
    "orders:write",
    "invoices:read",
    "invoices:write",
    "users:read",
    "users:admin",
    "reports:run",
    "stock:read",
];

/// Numbers that look random and are the same in every run.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    fn some(&mut self, from: &[&str], least: usize, most: usize) -> Vec<String> {
        let mut all: Vec<&str> = from.to_vec();
        self.shuffle(&mut all);
        let count = least + self.below(most - least + 1);
        all.into_iter().take(count).map(str::to_owned).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) any_of: Vec<Vec<String>>,
    pub(crate) weight: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) day: i64,
    pub(crate) client: String,
    pub(crate) op: usize,
    pub(crate) status: u16,
}

impl Event {
    /// Everything but a refusal may have needed the permission.
    pub(crate) fn is_need(&self) -> bool {
        !matches!(self.status, 401 | 403)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Holder {
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) ops: Vec<Op>,
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    pub(crate) clients: BTreeMap<String, Holder>,
    pub(crate) events: Vec<Event>,
    pub(crate) yaml: bool,
    pub(crate) wildcard: bool,
}

impl Case {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng(seed);
        let methods = ["GET", "POST", "PUT", "DELETE", "GET", "HEAD"];
        let ops: Vec<Op> = (0..4 + rng.below(6))
            .map(|index| Op {
                method: methods[rng.below(methods.len())],
                path: format!("/r{index}x{}", ["", "/{id}", "/{id}/part"][rng.below(3)]),
                any_of: (0..=rng.below(3))
                    .map(|_| rng.some(&SCOPES, 1, 2))
                    .collect(),
                weight: 1 + rng.below(9) as u64,
            })
            .collect();
        let wildcard = rng.below(4) == 0;
        let mut pool = SCOPES.to_vec();
        pool.extend(if wildcard {
            vec!["orders:*", "users:*"]
        } else {
            vec!["unknown:thing", "openid"]
        });
        let roles: BTreeMap<String, Vec<String>> = (0..rng.below(3))
            .map(|index| (format!("role{index}"), rng.some(&pool, 1, 4)))
            .collect();
        let names: Vec<&str> = roles.keys().map(String::as_str).collect();
        let clients: BTreeMap<String, Holder> = (0..=rng.below(4))
            .map(|index| {
                let holder = Holder {
                    scopes: rng.some(&pool, 1, 7),
                    roles: rng.some(&names, 0, names.len()),
                };
                (format!("c{index}"), holder)
            })
            .collect();
        let days = [3, 40, 120][rng.below(3)];
        let status = [
            200, 201, 204, 404, 429, 503, 500, 403, 401, 499, 302, 200, 200,
        ];
        // Somebody outside the policy calls every day, so that every day is covered.
        let mut events: Vec<Event> = (0..days)
            .map(|day| Event {
                day: i64::from(day),
                client: "heart".to_owned(),
                op: 0,
                status: 200,
            })
            .collect();
        for index in 0..=rng.below(14) {
            let client = if index == 0 {
                0
            } else {
                rng.below(clients.len())
            };
            events.push(Event {
                day: i64::try_from(rng.next() % u64::try_from(days).unwrap()).unwrap(),
                client: format!("c{client}"),
                op: rng.below(ops.len()),
                status: status[rng.below(status.len())],
            });
        }
        let yaml = rng.below(2) == 0;
        Self {
            ops,
            roles,
            clients,
            events,
            yaml,
            wildcard,
        }
    }

    pub(crate) fn catalog(&self) -> String {
        let ops: Vec<Value> = self
            .ops
            .iter()
            .map(|op| json!({"method": op.method, "path": op.path, "any_of": op.any_of, "weight": op.weight}))
            .collect();
        json!({ "operations": ops }).to_string()
    }

    pub(crate) fn line(&self, event: &Event, second: usize) -> String {
        let op = &self.ops[event.op];
        let path = op.path.replace("{id}", &second.to_string());
        let time = BASE + event.day * 86_400 + i64::try_from(second % 86_400).unwrap();
        json!({"time": time, "client_id": event.client, "method": op.method, "path": path, "status": event.status})
            .to_string()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.events.iter().enumerate();
        lines.map(|(at, event)| self.line(event, at)).collect()
    }

    pub(crate) fn policy_name(&self) -> &'static str {
        if self.yaml {
            "grants.yaml"
        } else {
            "grants.json"
        }
    }

    /// The policy file, with comments and odd spacing where the format has them.
    pub(crate) fn policy(&self) -> String {
        if !self.yaml {
            let clients: BTreeMap<&String, Value> = self
                .clients
                .iter()
                .map(|(name, client)| {
                    (
                        name,
                        json!({"since": "2025-01-01", "scopes": client.scopes, "roles": client.roles}),
                    )
                })
                .collect();
            let mut whole = json!({"version": 1, "roles": self.roles, "clients": clients});
            if self.wildcard {
                whole["match"] = json!({"wildcard": ":"});
            }
            return serde_json::to_string_pretty(&whole).unwrap();
        }
        let mut text = "# who may what\nversion: 1\n".to_owned();
        if self.wildcard {
            text.push_str("match: {wildcard: \":\"}\n");
        }
        if !self.roles.is_empty() {
            text.push_str("roles:\n");
        }
        for (name, terms) in &self.roles {
            let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
            writeln!(text, "  {name}: [{}]   # shared", quoted.join(",  ")).unwrap();
        }
        text.push_str("clients:\n");
        for (name, client) in &self.clients {
            writeln!(
                text,
                "  {name}: # team of {name}\n    since: 2025-01-01\n    scopes:"
            )
            .unwrap();
            for (at, scope) in client.scopes.iter().enumerate() {
                writeln!(text, "      - '{scope}'{}", ["", " # why"][at % 2]).unwrap();
            }
            if !client.roles.is_empty() {
                writeln!(text, "    roles: [{}]", client.roles.join(", ")).unwrap();
            }
        }
        text
    }

    pub(crate) fn held(&self) -> Held {
        let of = |holder: &Holder| {
            let roles = holder.roles.iter().flat_map(|role| &self.roles[role]);
            holder.scopes.iter().chain(roles).cloned().collect()
        };
        self.clients
            .iter()
            .map(|(name, client)| (name.clone(), of(client)))
            .collect()
    }

    /// Whether these scopes permit the operation.
    pub(crate) fn permits(&self, held: &BTreeSet<String>, op: usize) -> bool {
        let covers = |term: &String, scope: &String| {
            term == scope
                || (self.wildcard
                    && term.ends_with(":*")
                    && scope.starts_with(&term[..term.len() - 1]))
        };
        let holds = |scope: &String| held.iter().any(|term| covers(term, scope));
        self.ops[op]
            .any_of
            .iter()
            .any(|clause| clause.iter().all(holds))
    }

    pub(crate) fn folder(&self) -> Folder {
        let folder = Folder::new();
        folder.put("catalog.json", self.catalog());
        folder.put(self.policy_name(), self.policy());
        folder.put("log.jsonl", &(self.lines().join("\n") + "\n"));
        folder
    }

    /// `analyze` on these logs, everything down to level review, into `out`.
    pub(crate) fn analyze(&self, folder: &Folder, logs: &[&str], more: &[&str]) -> Run {
        let mut args = vec![
            "analyze",
            "--catalog",
            "catalog.json",
            "--grants",
            self.policy_name(),
        ];
        args.extend([
            "--format", "native", "--quiet", "--json", "--level", "review", "--logs",
        ]);
        args.extend(logs);
        args.extend(["--out", "out"]);
        args.extend(more);
        folder.run(&args)
    }
}
