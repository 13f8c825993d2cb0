//! NGINX with `auth_request`, and three logs of the same requests: the recommended lines of
//! `native`, `combined` with the caller, and JSON with the names of NGINX's own variables.

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};

pub(crate) static PRODUCT: Product = Product {
    name: "nginx",
    program: "nginx",
    version: "-v",
    known: "/1.22.",
    lacks: |_| None,
    configure,
    ready: None,
    logs: &[
        Log {
            file: "native.log",
            format: "native",
            caller: Caller::Named,
            refusal: Refusal::Said,
            unusual: NATIVE,
        },
        Log {
            file: "json.log",
            format: "nginx-json",
            caller: Caller::Named,
            refusal: Refusal::Said,
            unusual: JSON,
        },
        Log {
            file: "combined.log",
            format: "combined",
            caller: Caller::Named,
            refusal: Refusal::Unsaid,
            unusual: COMBINED,
        },
    ],
};

/// The gateway could not read it as a request, and says so.
const UNREAD: Is = Is::PassedOver("other_record");

const NATIVE: &[(&str, Is)] = &[
    ("above the root", UNREAD),
    ("above the root, encoded", UNREAD),
    ("an encoded null", UNREAD),
    ("an escape that is none", UNREAD),
    ("a percent alone", UNREAD),
    ("a raw quote and a status", UNREAD),
    ("a raw space", UNREAD),
    ("a protocol in the path", UNREAD),
    ("a control byte", UNREAD),
    ("a delete byte", UNREAD),
    ("a tab", UNREAD),
    ("an absolute target with a user", UNREAD),
    ("HTTP/0.9", Is::Status(Some(401))),
    ("HTTP/2.0 in a line of text", UNREAD),
    ("a version that is none", UNREAD),
    ("a version of another protocol", UNREAD),
    ("OPTIONS of the server", UNREAD),
    ("CONNECT", UNREAD),
    ("a method in lower case", UNREAD),
    ("a method of its own", UNREAD),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(499))),
    ("a target that is too long", UNREAD),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("a target that is no path", UNREAD),
    ("TLS on a plain port", UNREAD),
];
const JSON: &[(&str, Is)] = &[
    ("HTTP/0.9", Is::Status(Some(401))),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(499))),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("a protocol in the path", Is::Path("/v1/orders/a")),
    ("a target that is too long", Is::Cut),
    ("a version of another protocol", UNREAD),
];
const COMBINED: &[(&str, Is)] = &[
    ("HTTP/0.9", Is::Status(Some(401))),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(499))),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("a protocol in the path", Is::Path("/v1/orders/a")),
    ("a target that is too long", Is::Cut),
    ("a version of another protocol", UNREAD),
];

fn configure(places: &Places<'_>) -> Vec<String> {
    let native = documented::block("log-formats.md", "nginx");
    let (native, location) = native.split_once("# in the location:\n").unwrap();
    let (location, _) = location.split_once("access_log").unwrap();
    let who = documented::lines("combined", "log_format who", 1);
    let asks = documented::lines("combined", "NGINX (auth_request): auth_request_set", 1);
    let asks = asks.split_once(": ").unwrap().1.to_owned();
    let text = CONFIGURATION
        .replace("<native>", native)
        .replace("<who>", &who)
        .replace("<check>", &format!("{location}\n{asks}"));
    let path = places.put("nginx.conf", &text);
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

const CONFIGURATION: &str = r#"
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
    client_max_body_size 1k;
    limit_req_zone $server_name zone=live:1m rate=1r/m;
    limit_req_status 429;
    <native>
    <who>
    log_format json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","client_id":"$azp",'
        '"request":"$request","request_method":"$request_method","request_uri":"$request_uri","uri":"$uri",'
        '"status":$status,"upstream_status":"$upstream_status","http_user_agent":"$http_user_agent",'
        '"http_referer":"$http_referer"}';
    access_log native.log scopetrim;
    access_log json.log json;
    access_log combined.log who;
    server {
        listen 127.0.0.1:<port>;
        listen 127.0.0.1:<h2> http2;
        server_name api.example.com;
        location = /_check {
            internal;
            proxy_pass http://127.0.0.1:<service>;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
        location / {
            <check>
            proxy_pass http://127.0.0.1:<service>;
        }
        location /limited/ {
            limit_req zone=live;
            <check>
            proxy_pass http://127.0.0.1:<service>;
        }
        location /down/ {
            <check>
            proxy_pass http://127.0.0.1:<closed>;
        }
        location /public/ {
            proxy_pass http://127.0.0.1:<service>;
        }
    }
}
"#;
