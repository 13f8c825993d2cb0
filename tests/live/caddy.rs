//! Caddy with `forward_auth` and the recommended `log_append`.

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};

pub(crate) static PRODUCT: Product = Product {
    name: "caddy",
    program: "caddy",
    version: "version",
    known: "v2.11.",
    lacks: |version| {
        let number = version.trim_start_matches('v');
        let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        ((major, minor) < (2, 8)).then(|| format!("{number} has no log_append: 2.8 has it"))
    },
    configure,
    ready: None,
    logs: &[Log {
        file: "access.log",
        format: "caddy",
        caller: Caller::Named,
        refusal: Refusal::Unsaid,
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
    ("HTTP/0.9", Is::NoLine),
    ("HTTP/2.0 in a line of text", Is::NoLine),
    ("a version that is none", Is::NoLine),
    ("a version of another protocol", Is::NoLine),
    ("two blanks before the version", Is::NoLine),
    ("no host", Is::NoLine),
    ("OPTIONS of the server", Is::NoLine),
    ("a method with a sign", Is::NoLine),
    ("a caller that leaves", Is::Status(Some(499))),
    ("a target that is too long", Is::NoLine),
    ("headers that are too long", Is::NoLine),
    ("words", Is::NoLine),
    ("a method alone", Is::NoLine),
    ("a target that is no path", Is::NoLine),
    ("TLS on a plain port", Is::NoLine),
    ("two lengths", Is::NoLine),
    ("a header without a colon", Is::NoLine),
];

fn configure(places: &Places<'_>) -> Vec<String> {
    let append = documented::lines("caddy", "forward_auth: log_append", 1);
    let append = append.split_once(": ").unwrap().1.to_owned();
    let path = places.put("Caddyfile", &CONFIGURATION.replace("<append>", &append));
    ["run", "--config", &path, "--adapter", "caddyfile"]
        .map(str::to_owned)
        .to_vec()
}

const CONFIGURATION: &str = r"
{
    admin off
    auto_https off
    persist_config off
    servers {
        protocols h1 h2c
    }
}
http://:<port>, http://:<h2> {
    bind 127.0.0.1
    log {
        output file <folder>/access.log
    }
    <append>
    request_body {
        max_size 1KB
    }
    route {
        request_header -X-Client-Id
        respond /limited/* 429
        reverse_proxy /public/* 127.0.0.1:<service>
        forward_auth 127.0.0.1:<service> {
            uri /_check
            copy_headers X-Client-Id
        }
        reverse_proxy /down/* 127.0.0.1:<closed>
        reverse_proxy 127.0.0.1:<service>
    }
}
";
