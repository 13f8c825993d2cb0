//! Gateways with what `scopetrim enforce` wrote for them: each is asked the requests that were
//! written beside it, and has to let through what they say, and nothing else.

use std::io::Read as _;

use crate::client;
use crate::gateway::{Gateway, Places, Product};
use crate::service::Service;
use crate::token::{self, KEY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

#[path = "../enforce/table.rs"]
pub(crate) mod table;
#[path = "../enforce/world.rs"]
pub(crate) mod world;

/// How a request says who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A header that stands for what a gateway proved.
    Header,
    /// A signed token.
    Token,
}

impl Caller {
    /// The line of a request that names this client, if it has a name.
    pub(crate) fn header(self, client: Option<&str>) -> String {
        match (self, client) {
            (Self::Header, Some(name)) => format!("X-Client: {name}\r\n"),
            (Self::Token, Some(name)) => {
                format!("Authorization: Bearer {}\r\n", token::of_client(name))
            }
            (_, None) => String::new(),
        }
    }
}

/// A gateway and its target.
pub(crate) struct Enforcer {
    pub(crate) product: Product,
    pub(crate) caller: Caller,
}

pub(crate) const fn product(
    name: &'static str,
    version: &'static str,
    configure: fn(&Places<'_>) -> Vec<String>,
) -> Product {
    Product {
        name,
        program: name,
        version,
        known: "",
        lacks: |_| None,
        configure,
        ready: None,
        logs: &[],
    }
}

pub(crate) static NGINX: Enforcer = Enforcer {
    product: product("nginx", "-v", nginx),
    caller: Caller::Header,
};
pub(crate) static HAPROXY: Enforcer = Enforcer {
    product: product("haproxy", "-v", haproxy),
    caller: Caller::Header,
};
pub(crate) static ENVOY: Enforcer = Enforcer {
    product: product("envoy", "--version", envoy),
    caller: Caller::Token,
};

/// Asks everything, and compares.
pub(crate) fn run(enforcer: &Enforcer) {
    run_as(enforcer.product.name, enforcer);
}

/// The same, of what is called otherwise than the program that runs it.
pub(crate) fn run_as(name: &str, enforcer: &Enforcer) {
    let service = Service::start();
    let gateway = match Gateway::start(&enforcer.product, &service) {
        Ok(gateway) => gateway,
        Err(reason) => {
            println!("live: enforce {name}: skipped, {reason}");
            return;
        }
    };
    let (mut wrong, mut allowed, mut asked) = (Vec::new(), 0, 0);
    for request in world::requests(&gateway.path("")) {
        let client = request["client"].as_str();
        // The ends of a header's value are no part of it.
        if enforcer.caller == Caller::Header && client.is_some_and(|name| name.trim() != name) {
            continue;
        }
        let caller = enforcer.caller.header(client);
        let statuses = ask(&gateway, &request, "target", &caller);
        let passed = statuses == [200];
        asked += 1;
        allowed += usize::from(passed);
        if request["allowed"] != passed {
            wrong.push(format!("{request} {statuses:?}"));
        }
    }
    println!(
        "live: enforce {name}: {asked} requests, {allowed} let through, {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
    assert!(allowed > 50 && asked > 2 * allowed, "{allowed} of {asked}");
}

/// Asks the requests of `boundary-tests` of NGINX with the policy after the removals.
pub(crate) fn boundary() {
    let service = Service::start();
    let gateway = match Gateway::start(&product("nginx", "-v", trimmed), &service) {
        Ok(gateway) => gateway,
        Err(reason) => {
            println!("live: boundary tests: skipped, {reason}");
            return;
        }
    };
    let plan: serde_json::Value = serde_json::from_slice(&gateway.read("boundary.json")).unwrap();
    let mut asked = (0, 0);
    for client in plan["clients"].as_array().unwrap() {
        let caller = format!("X-Client: {}\r\n", client["client"].as_str().unwrap());
        for denied in client["denied"].as_array().unwrap() {
            let request = &denied["request"];
            assert_eq!(ask(&gateway, request, "path", &caller), [403], "{request}");
            assert_eq!(ask(&gateway, request, "path", ""), [403], "{request}");
            asked.0 += 1;
        }
        for request in client["allowed"].as_array().unwrap() {
            assert_eq!(ask(&gateway, request, "path", &caller), [200], "{request}");
            asked.1 += 1;
        }
    }
    println!(
        "live: boundary tests: {} refused, {} let through",
        asked.0, asked.1
    );
    assert_eq!(asked, (3, 2));
}

fn trimmed(places: &Places<'_>) -> Vec<String> {
    let operations = [
        "GET /orders",
        "GET /orders/{id}",
        "GET /reports",
        "GET /audit/{day}",
    ];
    world::write(
        places.folder,
        &operations,
        &[("shop", &[0, 2, 3]), ("job", &[1, 2])],
    );
    let mut log = String::new();
    for day in 0..240 {
        for (client, path) in [("shop", "/orders"), ("job", "/orders/7")] {
            let (month, day) = (day / 28 + 1, day % 28 + 1);
            let time = format!("2026-{month:02}-{day:02}T12:00:00Z");
            let record = serde_json::json!({ "time": time, "client_id": client, "method": "GET", "path": path, "status": 200 });
            log.push_str(&format!("{record}\n"));
        }
    }
    places.put("log.jsonl", &log);
    let plan = world::run(
        places.folder,
        &["boundary-tests", "--level", "review", "--json"],
    );
    std::fs::write(places.folder.join("boundary.json"), plan).unwrap();
    world::run(
        places.folder,
        &[
            "enforce", "--level", "review", "--target", "nginx", "--out", ".",
        ],
    );
    started(places, NGINX_CONFIGURATION)
}

/// The statuses of the answer to a request.
pub(crate) fn ask(
    gateway: &Gateway,
    request: &serde_json::Value,
    target: &str,
    caller: &str,
) -> Vec<u16> {
    let [method, target] = ["method", target].map(|key| request[key].as_str().unwrap());
    let text = format!(
        "{method} {target} HTTP/1.1\r\nHost: api.example.com\r\n{caller}Connection: close\r\n\r\n"
    );
    let mut stream = client::open(gateway.ports.0);
    client::write(&mut stream, text.as_bytes());
    // Envoy takes its time to close.
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => answer.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    client::statuses(&answer)
}

/// The policy for a target, in the folder.
pub(crate) fn written(places: &Places<'_>, target: &str, file: &str) -> String {
    world::write(places.folder, &world::OPERATIONS, &world::CLIENTS);
    world::enforce(places.folder, target);
    std::fs::read_to_string(places.folder.join(file)).unwrap()
}

fn nginx(places: &Places<'_>) -> Vec<String> {
    written(places, "nginx", "scopetrim-nginx.conf");
    started(places, NGINX_CONFIGURATION)
}

/// Starts NGINX with what is in the folder.
pub(crate) fn started(places: &Places<'_>, configuration: &str) -> Vec<String> {
    let path = places.put("nginx.conf", configuration);
    [
        "-p",
        places.folder.to_str().unwrap(),
        "-e",
        "error.log",
        "-c",
        &path,
    ]
    .map(str::to_owned)
    .to_vec()
}

const NGINX_CONFIGURATION: &str = "
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
    client_body_temp_path body;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    access_log off;
    map $http_x_client $scopetrim_client { default $http_x_client; }
    include scopetrim-nginx.conf;
    server {
        listen 127.0.0.1:<port>;
        listen 127.0.0.1:<h2>;
        if ($scopetrim_allow != 1) { return 403; }
        location / { proxy_pass http://127.0.0.1:<service>; }
    }
}
";

fn haproxy(places: &Places<'_>) -> Vec<String> {
    let lines = written(places, "haproxy", "scopetrim-haproxy.cfg");
    let path = places.put(
        "haproxy.cfg",
        &HAPROXY_CONFIGURATION.replace("<lines>", &lines),
    );
    ["-f", &path].map(str::to_owned).to_vec()
}

const HAPROXY_CONFIGURATION: &str = "
defaults
    mode http
    retries 0
    timeout client 10s
    timeout connect 10s
    timeout server 10s
    timeout http-request 10s
frontend live
    bind 127.0.0.1:<port>
    bind 127.0.0.1:<h2>
    http-request set-var(txn.scopetrim_client) req.fhdr(x-client)
<lines>
    default_backend service
backend service
    server s1 127.0.0.1:<service>
";

fn envoy(places: &Places<'_>) -> Vec<String> {
    let filter = written(places, "envoy", "envoy-rbac.yaml");
    let (comments, filter): (Vec<&str>, Vec<&str>) =
        filter.lines().partition(|line| line.starts_with('#'));
    assert!(comments.len() > 3);
    let filter = filter.join("\n            ");
    envoy_with(places, &envoy_configuration(&filter))
}

/// The configuration with this filter before the router.
pub(crate) fn envoy_configuration(filter: &str) -> String {
    ENVOY_CONFIGURATION
        .replace("<filter>", filter)
        .replace("<key>", &BASE64.encode(KEY))
}

/// Starts Envoy with a configuration.
pub(crate) fn envoy_with(places: &Places<'_>, text: &str) -> Vec<String> {
    let path = places.put("envoy.yaml", text);
    [
        "-c",
        &path,
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "error",
    ]
    .map(str::to_owned)
    .to_vec()
}

const ENVOY_CONFIGURATION: &str = r#"
static_resources:
  listeners:
  - name: live
    address: { socket_address: { address: 127.0.0.1, port_value: <port> } }
    additional_addresses:
    - address: { socket_address: { address: 127.0.0.1, port_value: <h2> } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: live
          delayed_close_timeout: 0.1s
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: { prefix: / }
                route: { cluster: service }
          http_filters:
          - name: envoy.filters.http.jwt_authn
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                live:
                  issuer: live
                  payload_in_metadata: jwt
                  local_jwks:
                    inline_string: '{"keys":[{"kty":"oct","alg":"HS256","kid":"live","k":"<key>"}]}'
              rules:
              - match: { prefix: / }
                requires: { requires_any: { requirements: [{ provider_name: live }, { allow_missing: {} }] } }
          - <filter>
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: service
    load_assignment:
      cluster_name: service
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: <service> } } }
"#;
