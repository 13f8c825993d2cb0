//! HAProxy, which checks tokens itself, with the recommended line of `native`, and with
//! `option httplog`.

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};
use crate::token::KEY;

const NAME: &str = "haproxy";
const PROGRAM: &str = "haproxy";
const VERSION: &str = "-v";

/// Its log is its output.
const FILE: &str = "stdout.log";

pub(crate) static NATIVE: Product = Product {
    name: NAME,
    program: PROGRAM,
    version: VERSION,
    known: " 2.6.",
    lacks: |_| None,
    configure: |places| {
        let recipe = documented::block("log-formats.md", "haproxy");
        configure(places, &recipe)
    },
    ready: None,
    logs: &[Log {
        file: FILE,
        format: "native",
        caller: Caller::Named,
        refusal: Refusal::Said,
        unusual: UNUSUAL_NATIVE,
    }],
};

pub(crate) static HTTPLOG: Product = Product {
    name: NAME,
    program: PROGRAM,
    version: VERSION,
    known: " 2.6.",
    lacks: |_| None,
    configure: |places| {
        let recipe = documented::block("log-formats.md", "haproxy");
        let lines: Vec<&str> = recipe
            .lines()
            .filter(|line| !line.starts_with("log-format "))
            .chain(["option httplog"])
            .collect();
        configure(places, &lines.join("\n"))
    },
    ready: None,
    logs: &[Log {
        file: FILE,
        format: "haproxy",
        caller: Caller::Nobody,
        refusal: Refusal::Said,
        unusual: UNUSUAL_HTTPLOG,
    }],
};

/// The gateway could not read it as a request, and says so.
const UNREAD: Is = Is::PassedOver("other_record");

const UNUSUAL_NATIVE: &[(&str, Is)] = &[
    ("a raw quote and a status", UNREAD),
    ("a name in UTF-8", UNREAD),
    ("bytes that are no UTF-8", UNREAD),
    ("a raw space", UNREAD),
    ("a protocol in the path", UNREAD),
    ("a control byte", UNREAD),
    ("a tab", UNREAD),
    ("a number sign", UNREAD),
    ("a query in UTF-8", UNREAD),
    ("an absolute target of another host", UNREAD),
    ("HTTP/0.9", UNREAD),
    ("a version of another protocol", UNREAD),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(200))),
    ("a target that is too long", UNREAD),
    ("headers that are too long", UNREAD),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("a target that is no path", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("two lengths", UNREAD),
    ("a header without a colon", UNREAD),
];
const UNUSUAL_HTTPLOG: &[(&str, Is)] = &[
    // Cut off by HAProxy: which operation it was cannot be known.
    ("a long path", Is::PassedOver("malformed")),
    ("a raw quote and a status", UNREAD),
    ("a name in UTF-8", UNREAD),
    ("bytes that are no UTF-8", UNREAD),
    ("a raw space", UNREAD),
    ("a protocol in the path", UNREAD),
    ("a control byte", UNREAD),
    ("a tab", UNREAD),
    ("a number sign", UNREAD),
    ("a query in UTF-8", UNREAD),
    ("an absolute target of another host", UNREAD),
    ("HTTP/0.9", UNREAD),
    ("a version of another protocol", UNREAD),
    ("a method with a sign", UNREAD),
    ("a caller that leaves", Is::Status(Some(200))),
    ("a target that is too long", UNREAD),
    ("headers that are too long", UNREAD),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("a target that is no path", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("two lengths", UNREAD),
    ("a header without a colon", UNREAD),
];

fn configure(places: &Places<'_>, recipe: &str) -> Vec<String> {
    let documented = r#"jwt_verify("RS256","/etc/haproxy/key.pem")"#;
    assert!(recipe.contains(documented), "{recipe}");
    let checked = recipe.replace(documented, &format!(r#"jwt_verify("HS256","{KEY}")"#));
    // The first rule stands before all that refuse.
    let (first, rest) = checked.split_once('\n').unwrap();
    let text = CONFIGURATION
        .replace("<first>", first)
        .replace("<recipe>", rest);
    let path = places.put("haproxy.cfg", &text);
    ["-f", &path].map(str::to_owned).to_vec()
}

const CONFIGURATION: &str = r"
global
    log stdout len 65535 format raw local0
defaults
    mode http
    log global
    option dontlognull
    retries 0
    timeout client 10s
    timeout connect 10s
    timeout server 10s
    timeout http-request 10s
frontend live
    bind 127.0.0.1:<port>
    bind 127.0.0.1:<h2> proto h2
    <first>
    http-request deny deny_status 429 if { path_beg /limited/ }
    http-request deny deny_status 413 if { req.hdr(content-length) -m int gt 1024 }
    http-request allow if { path_beg /public/ }
    <recipe>
    http-request deny if { var(txn.b),jwt_payload_query('$.scope') -m str nothing }
    use_backend down if { path_beg /down/ }
    default_backend service
backend service
    option abortonclose
    server s1 127.0.0.1:<service>
backend down
    server s1 127.0.0.1:<closed>
";
