//! Traefik with `forwardAuth` and the recommended fields.

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};

pub(crate) static PRODUCT: Product = Product {
    name: "traefik",
    program: "traefik",
    version: "version",
    known: "3.7.",
    lacks: |_| None,
    configure,
    ready: Some("/public/ready"),
    logs: &[Log {
        file: "access.log",
        format: "traefik",
        caller: Caller::Named,
        refusal: Refusal::Said,
        unusual: UNUSUAL,
    }],
};

const UNUSUAL: &[(&str, Is)] = &[
    ("an escape that is none", Is::NoLine),
    ("a percent alone", Is::NoLine),
    ("a raw quote and a status", Is::NoLine),
    ("a raw space", Is::NoLine),
    ("a protocol in the path", Is::NoLine),
    ("a control byte", Is::NoLine),
    ("a delete byte", Is::NoLine),
    ("a tab", Is::NoLine),
    ("a number sign", Is::NoLine),
    ("HTTP/0.9", Is::NoLine),
    ("HTTP/2.0 in a line of text", Is::NoLine),
    ("a version that is none", Is::NoLine),
    ("a version of another protocol", Is::NoLine),
    ("two blanks before the version", Is::NoLine),
    ("no host", Is::NoLine),
    ("OPTIONS of the server", Is::NoLine),
    ("CONNECT", Is::NoLine),
    ("a method with a sign", Is::NoLine),
    ("a caller that leaves", Is::Status(Some(499))),
    ("words", Is::NoLine),
    ("a method alone", Is::NoLine),
    ("a target that is no path", Is::NoLine),
    ("TLS on a plain port", Is::NoLine),
    ("two lengths", Is::NoLine),
    ("a header without a colon", Is::NoLine),
    (
        "an encoded slash in lower case",
        Is::Path("/v1/orders/a%2Fb/{m}"),
    ),
    ("dots at the end", Is::Path("/v1/orders/{m}")),
    ("above the root", Is::Path("/v1/orders/{m}")),
    ("above the root, encoded", Is::Path("/v1/orders/{m}")),
    ("a raw quote", Is::Path("/v1/orders/a%22b/{m}")),
    ("a raw backslash", Is::Path("/v1/orders/a%5Cb/{m}")),
    ("a backslash at the end", Is::Path("/v1/orders/{m}%5C")),
    ("a backslash and a quote", Is::Path("/v1/orders/{m}%5C%22")),
    ("an escape of the log", Is::Path("/v1/orders/a%5Cx2Fb/{m}")),
    ("angle brackets", Is::Path("/v1/orders/%3Cb%3E/{m}")),
    (
        "braces and bars",
        Is::Path("/v1/orders/%7Bid%7D%7C%5E%60%5B%5D/{m}"),
    ),
    (
        "a name in UTF-8",
        Is::Path("/v1/orders/caf%C3%A9%F0%9F%98%80/{m}"),
    ),
    ("bytes that are no UTF-8", Is::Path("/v1/orders/%FF%C3/{m}")),
    (
        "a target that is too long",
        Is::Path("/v1/orders/{m}/{secret}"),
    ),
    ("HTTP/2: quotes", Is::Path("/v1/orders/a%22b/{m}")),
    (
        "HTTP/2: a name in UTF-8",
        Is::Path("/v1/orders/caf%C3%A9/{m}"),
    ),
    ("403 of the service", Is::Outcome("denied_unknown")),
];

fn configure(places: &Places<'_>) -> Vec<String> {
    // The lines are YAML: their indentation counts, and is that of the documentation.
    let access_log = documented::indented("traefik", "accessLog:", 6);
    places.put("dynamic.yml", DYNAMIC);
    let path = places.put("traefik.yml", &STATIC.replace("<access log>", &access_log));
    vec![format!("--configFile={path}")]
}

const STATIC: &str = r#"
global: { checkNewVersion: false, sendAnonymousUsage: false }
entryPoints:
  web: { address: "127.0.0.1:<port>" }
  second: { address: "127.0.0.1:<h2>" }
providers: { file: { filename: "<folder>/dynamic.yml", watch: false } }
log: { level: ERROR }
<access log>
  filePath: "<folder>/access.log"
"#;

const DYNAMIC: &str = r#"
http:
  routers:
    api: { rule: "PathPrefix(`/`)", middlewares: [drop, check, size], service: api }
    down: { rule: "PathPrefix(`/down/`)", middlewares: [drop, check], service: down }
    limited: { rule: "PathPrefix(`/limited/`)", middlewares: [drop, limit, check], service: api }
    public: { rule: "PathPrefix(`/public/`)", middlewares: [drop], service: api }
  middlewares:
    drop: { headers: { customRequestHeaders: { X-Client-Id: "" } } }
    size: { buffering: { maxRequestBodyBytes: 1024 } }
    limit: { rateLimit: { average: 1, period: 1h, burst: 1 } }
    check:
      forwardAuth:
        address: "http://127.0.0.1:<service>/_check"
        authResponseHeaders: [X-Client-Id]
  services:
    api: { loadBalancer: { servers: [{ url: "http://127.0.0.1:<service>" }] } }
    down: { loadBalancer: { servers: [{ url: "http://127.0.0.1:<closed>" }] } }
"#;
