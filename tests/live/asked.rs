//! `boundary-tests --ask` against gateways with what `enforce` wrote for them: as it was
//! written, and spoilt.

use std::process::Command;

use serde_json::Value;

use crate::enforced::{Enforcer, HAPROXY, NGINX};
use crate::gateway::{Gateway, Places, Product};
use crate::service::Service;

/// Asks a gateway with the policy as it was written: it decides as the policy does.
pub(crate) fn as_written(enforcer: &Enforcer) {
    let Some((answers, code, gateway)) = asked(&enforcer.product) else {
        return;
    };
    let asked = answers["asked"].as_u64().unwrap();
    println!(
        "live: boundary-tests --ask {}: {asked} asked, {} right",
        enforcer.product.name, answers["right"]
    );
    assert_eq!(answers["wrong"], serde_json::json!([]));
    assert_eq!(answers["unclear"], serde_json::json!([]));
    assert_eq!((code, &answers["right"]), (0, &asked.into()), "{answers}");
    assert!(asked > 1_000, "{asked}");
    // The file beside the policy holds the same requests; without --include-unsafe only reads.
    let file = gateway.path("scopetrim-requests.ndjson");
    let (read, code) = ask(
        &gateway,
        &["--requests", file.to_str().unwrap()],
        &["--json"],
    );
    let of = |answers: &Value, why: &str| answers["not_asked"][why].as_u64().unwrap_or_default();
    let all = |answers: &Value| {
        let left_out = of(answers, "writes") + of(answers, "no_such_caller");
        answers["asked"].as_u64().unwrap() + left_out
    };
    assert_eq!((code, all(&read)), (0, all(&answers)), "{read}");
    assert!(of(&read, "writes") > 100 && of(&answers, "writes") == 0);
}

/// Lets everybody do everything, or takes one client's rights away: both are found.
pub(crate) fn spoilt() {
    let open = Product {
        configure: |places| {
            let arguments = (NGINX.product.configure)(places);
            spoil(places, "scopetrim-nginx.conf", |text| {
                let spoilt = text.replace("    default 0;\n", "    default 1;\n");
                assert_ne!(spoilt, text);
                spoilt
            });
            arguments
        },
        ..NGINX.product
    };
    if let Some((answers, code, _)) = asked(&open) {
        let wrong = answers["wrong"].as_array().unwrap();
        assert_eq!(code, 1, "{answers}");
        assert!(wrong.len() > 500, "{}", wrong.len());
        for answer in wrong {
            assert_eq!(
                (&answer["expected"], &answer["status"]),
                (&"refuse".into(), &200.into())
            );
        }
    }
    let closed = Product {
        configure: |places| {
            let arguments = (HAPROXY.product.configure)(places);
            spoil(places, "scopetrim-clients.map", |text| {
                // Names are in hexadecimal: this one is `exporter`.
                let kept = text
                    .lines()
                    .filter(|line| !line.contains(":6578706F72746572 "));
                let kept: Vec<&str> = kept.collect();
                assert!(kept.len() < text.lines().count(), "{text}");
                kept.join("\n") + "\n"
            });
            arguments
        },
        ..HAPROXY.product
    };
    if let Some((answers, code, _)) = asked(&closed) {
        let wrong = answers["wrong"].as_array().unwrap();
        assert_eq!(code, 1, "{answers}");
        assert!(!wrong.is_empty(), "{answers}");
        for answer in wrong {
            assert_eq!(
                (&answer["client"], &answer["expected"], &answer["status"]),
                (&"exporter".into(), &"pass".into(), &403.into())
            );
        }
    }
}

fn spoil(places: &Places<'_>, name: &str, how: fn(&str) -> String) {
    let path = places.folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, how(&text)).unwrap();
}

/// Starts a gateway and has it asked everything; nothing where it is not on this machine.
fn asked(product: &Product) -> Option<(Value, i32, Gateway)> {
    let service = Service::start();
    let gateway = match Gateway::start(product, &service) {
        Ok(gateway) => gateway,
        Err(reason) => {
            println!("live: boundary-tests --ask: skipped, {reason}");
            return None;
        }
    };
    let files = [
        "--logs",
        "log.jsonl",
        "--grants",
        "grants.yaml",
        "--catalog",
        "routes.yaml",
        "--catalog",
        "public.json",
    ];
    let (answers, code) = ask(&gateway, &files, &["--include-unsafe", "--json"]);
    Some((answers, code, gateway))
}

fn ask(gateway: &Gateway, from: &[&str], more: &[&str]) -> (Value, i32) {
    let ran = Command::new(env!("CARGO_BIN_EXE_scopetrim"))
        .current_dir(gateway.path(""))
        .arg("boundary-tests")
        .args(from)
        .args(["--ask", &format!("http://127.0.0.1:{}", gateway.ports.0)])
        .args(["--client-header", "X-Client", "--quiet"])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    let answers = serde_json::from_slice(&ran.stdout);
    (
        answers.unwrap_or_else(|error| panic!("{error}: {said}")),
        ran.status.code().unwrap(),
    )
}
