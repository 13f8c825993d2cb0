//! The operations of the invented API: ten for each resource.
//!
//! In: how many. Out: that many routes, all different, each with the scope that it requires.

use crate::lines::{decimal, hex};
use crate::rng::Rng;

const DOMAINS: [&str; 11] = [
    "sales",
    "finance",
    "identity",
    "warehouse",
    "support",
    "insight",
    "people",
    "platform",
    "media",
    "partner",
    "fleet",
];
const NOUNS: [&str; 40] = [
    "orders",
    "invoices",
    "payments",
    "refunds",
    "customers",
    "accounts",
    "groups",
    "sessions",
    "devices",
    "letters",
    "topics",
    "files",
    "folders",
    "links",
    "reports",
    "boards",
    "alarms",
    "events",
    "hooks",
    "products",
    "prices",
    "baskets",
    "vouchers",
    "parcels",
    "branches",
    "shifts",
    "contracts",
    "suppliers",
    "budgets",
    "projects",
    "tasks",
    "remarks",
    "labels",
    "builds",
    "clusters",
    "volumes",
    "policies",
    "domains",
    "routes",
    "templates",
];
const PARTS: [&str; 7] = [
    "items", "notes", "copies", "history", "tags", "members", "versions",
];

/// What an identifier in a path looks like.
#[derive(Clone, Copy)]
enum Identifier {
    Uuid,
    Number,
    Slug,
}

enum Segment {
    Literal(&'static str),
    Parameter(&'static str),
}

/// One operation.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// `/api/v1/sales/orders/{id}`.
    pub(crate) template: String,
    /// `orders`, the name of route and service.
    pub(crate) noun: &'static str,
    /// `sales.orders:read`.
    scope: String,
    /// The part of the path that never changes.
    base: String,
    tail: Vec<Segment>,
    identifier: Identifier,
}

impl Route {
    /// Appends a path that this operation serves.
    pub(crate) fn fill(&self, out: &mut Vec<u8>, rng: &mut Rng) {
        out.extend_from_slice(self.base.as_bytes());
        for segment in &self.tail {
            out.push(b'/');
            match segment {
                Segment::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Segment::Parameter(_) => identifier(self.identifier, out, rng),
            }
        }
    }
}

fn identifier(kind: Identifier, out: &mut Vec<u8>, rng: &mut Rng) {
    match kind {
        Identifier::Uuid => {
            let mut digits = Vec::with_capacity(32);
            hex(&mut digits, rng.next());
            hex(&mut digits, rng.next());
            // Version and variant of a random UUID (RFC 9562).
            (digits[12], digits[16]) = (b'4', b'a');
            for (at, range) in [0..8, 8..12, 12..16, 16..20, 20..32]
                .into_iter()
                .enumerate()
            {
                if at > 0 {
                    out.push(b'-');
                }
                out.extend_from_slice(&digits[range]);
            }
        }
        Identifier::Number => decimal(out, 1 + rng.below(9_999_999)),
        Identifier::Slug => {
            out.extend_from_slice(pick(&NOUNS, rng.below(40)).as_bytes());
            out.push(b'-');
            out.extend_from_slice(pick(&PARTS, rng.below(7)).as_bytes());
            out.push(b'-');
            decimal(out, rng.below(5_000));
        }
    }
}

/// The first `count` operations.
pub(crate) fn all(count: u64) -> Vec<Route> {
    use Segment::{Literal, Parameter};
    let mut routes = Vec::new();
    let wanted = crate::index(count);
    for resource in 0.. {
        let (noun, domain) = (
            pick(&NOUNS, resource),
            pick(&DOMAINS, resource / 40 + resource % 40),
        );
        let part = pick(&PARTS, resource);
        let base = format!("/api/v{}/{domain}/{noun}", 1 + resource / 440);
        let operations = [
            ("GET", vec![]),
            ("POST", vec![]),
            ("GET", vec![Parameter("id")]),
            ("PUT", vec![Parameter("id")]),
            ("DELETE", vec![Parameter("id")]),
            ("GET", vec![Literal("search")]),
            ("GET", vec![Parameter("id"), Literal(part)]),
            ("POST", vec![Parameter("id"), Literal(part)]),
            (
                "GET",
                vec![Parameter("id"), Literal(part), Parameter("part")],
            ),
            ("POST", vec![Parameter("id"), Literal("cancel")]),
        ];
        for (method, tail) in operations {
            if routes.len() == wanted {
                return routes;
            }
            let mut template = base.clone();
            for segment in &tail {
                match segment {
                    Literal(text) => template.extend(["/", text]),
                    Parameter(name) => template.extend(["/{", name, "}"]),
                }
            }
            let access = if method == "GET" { "read" } else { "write" };
            routes.push(Route {
                method,
                template,
                noun,
                scope: format!("{domain}.{noun}:{access}"),
                base: base.clone(),
                tail,
                identifier: match resource % 3 {
                    0 => Identifier::Uuid,
                    1 => Identifier::Number,
                    _ => Identifier::Slug,
                },
            });
        }
    }
    routes
}

/// The operations as OpenAPI 3.0 in JSON.
pub(crate) fn openapi(routes: &[Route]) -> String {
    let mut text = String::from(
        "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Generated\",\"version\":\"1\"},\"components\":{\"securitySchemes\":{\"oauth\":{\"type\":\"oauth2\",\"flows\":{\"clientCredentials\":{\"tokenUrl\":\"https://login.example/token\",\"scopes\":{}}}}}},\"paths\":{",
    );
    let mut rest: Vec<(usize, &Route)> = routes.iter().enumerate().collect();
    // The methods of one path belong together; the sort is stable.
    rest.sort_by(|(_, a), (_, b)| a.template.cmp(&b.template));
    for (at, group) in rest
        .chunk_by(|(_, a), (_, b)| a.template == b.template)
        .enumerate()
    {
        text.push_str(if at > 0 { ",\n\"" } else { "\n\"" });
        text.push_str(&group[0].1.template);
        text.push_str("\":{");
        for (nth, (number, route)) in group.iter().enumerate() {
            let comma = if nth > 0 { "," } else { "" };
            let method = route.method.to_ascii_lowercase();
            let operation = format!("\"operationId\":\"op{number}\"");
            text.extend([comma, "\"", &method, "\":{", &operation]);
            text.extend([",\"security\":[{\"oauth\":[\"", &route.scope, "\"]}]"]);
            text += ",\"responses\":{\"200\":{\"description\":\"ok\"}}}";
        }
        text.push('}');
    }
    text.push_str("\n}}\n");
    text
}

/// An entry of a list that starts anew at its end.
fn pick(list: &[&'static str], at: u64) -> &'static str {
    list[crate::index(at) % list.len()]
}
