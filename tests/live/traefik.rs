//! Traefik with `forwardAuth` and the recommended fields.

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};

pub(crate) static PRODUCT: Product = Product {
    name: "traefik",
    program: "traefik",
    version: "version",
    lacks: |_| None,
    configure,
    logs: &[Log {
        file: "access.log",
        format: "traefik",
        caller: Caller::Named,
        refusal: Refusal::Said,
        unusual: UNUSUAL,
    }],
};

const UNUSUAL: &[(&str, Is)] = &[];

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
    api: { rule: "PathPrefix(`/`)", middlewares: [drop, size, check], service: api }
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
