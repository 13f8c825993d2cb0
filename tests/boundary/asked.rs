//! `--ask`: a gateway that decides as the policy does, and ones that do not.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::support::{Case, Run};
use super::{ARGS, case};

/// What a stub answers to a caller's name, a method and a target; nothing: it hangs up.
type Decides = dyn Fn(&str, &str, &str) -> Option<u16> + Send + Sync;

/// A gateway that knows tokens, and what it was sent.
struct Stub {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Tokens are `secret-` and the variable's name.
fn stub(decides: impl Fn(&str, &str, &str) -> Option<u16> + Send + Sync + 'static) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, decides): (_, Arc<Decides>) = (Arc::clone(&seen), Arc::new(decides));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &log, &*decides);
        }
    });
    Stub { address, seen }
}

fn answer(mut stream: TcpStream, seen: &Mutex<Vec<String>>, decides: &Decides) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else {
        return; // a look whether somebody listens
    };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut caller = String::new();
    for line in lines
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty())
    {
        if let Some(token) = line.strip_prefix("Authorization: Bearer ") {
            token.clone_into(&mut caller);
        }
    }
    seen.lock().unwrap().push(first.clone());
    if let Some(status) = decides(&caller, method, target) {
        write!(
            stream,
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n"
        )
        .unwrap();
    }
}

/// The requests that `enforce` writes: who may ask what.
fn written(case: &Case) -> BTreeMap<(String, String, String), bool> {
    let run = case.run(
        &[
            &["enforce"],
            &ARGS[..],
            &["--target", "table", "--out", "out"],
        ]
        .concat(),
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
    let text = std::fs::read_to_string(case.path("out/scopetrim-requests.ndjson")).unwrap();
    let requests = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let key = |request: Value| {
        let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
        let caller = match text("client").as_str() {
            "shop" => "secret-token_shop".to_owned(),
            "Job }}`x`" => "secret-token_job_x".to_owned(),
            other => other.to_owned(),
        };
        let allowed = request["allowed"].as_bool().unwrap();
        ((caller, text("method"), text("target")), allowed)
    };
    requests.map(key).collect()
}

const TOKENS: &str =
    "# as for Hurl\ntoken_shop=secret-token_shop\n\ntoken_job_x = secret-token_job_x\n";

fn ask(case: &Case, address: &str, more: &[&str]) -> Run {
    case.write("tokens.env", TOKENS);
    let run = case.run(
        &[
            &[
                "boundary-tests",
                "--requests",
                "out/scopetrim-requests.ndjson",
                "--ask",
                address,
            ],
            more,
        ]
        .concat(),
    );
    assert!(
        !run.out.contains("secret-") && !run.err.contains("secret-"),
        "a token: {}",
        run.out
    );
    run
}

#[test]
fn a_gateway_that_decides_as_the_policy_does_passes_and_hears_every_target_as_it_is() {
    let case = case();
    let known = Arc::new(written(&case));
    let decides = Arc::clone(&known);
    let gateway = stub(move |caller, method, target| {
        let allowed = decides.get(&(caller.to_owned(), method.to_owned(), target.to_owned()));
        Some(match allowed {
            Some(true) => 404,
            Some(false) if caller.is_empty() => 401,
            _ => 403,
        })
    });
    let run = ask(&case, &gateway.address, &["--tokens", "tokens.env"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let seen = gateway.seen.lock().unwrap();
    let first = format!(
        "gateway    {}\nasked      {} requests\nright      {}: ",
        gateway.address,
        seen.len(),
        seen.len()
    );
    assert!(run.out.starts_with(&first), "{}", run.out);
    assert!(
        run.out.contains("\nwrong      0\nunclear    0\n"),
        "{}",
        run.out
    );
    for target in [
        "/orders/..",
        "/orders/%2e%2e",
        "//orders",
        "/orders%2F",
        "/orders;x=1",
        "/orders?page=2&x=/../",
    ] {
        assert!(seen.contains(&format!("GET {target} HTTP/1.1")), "{target}");
    }
    let asked = |line: &String| {
        known
            .keys()
            .any(|(_, method, target)| *line == format!("{method} {target} HTTP/1.1"))
    };
    assert!(seen.iter().all(asked), "nothing else is asked");
    assert!(
        !seen
            .iter()
            .any(|line| line.starts_with("POST") || line.starts_with("DELETE"))
    );
}

#[test]
fn one_decision_that_differs_is_found_and_named() {
    let case = case();
    let known = written(&case);
    let gateway = stub(move |caller, method, target| {
        let allowed = known.get(&(caller.to_owned(), method.to_owned(), target.to_owned()));
        let hole = caller == "secret-token_job_x" && target == "/orders/.." && method == "GET";
        Some(if hole || allowed == Some(&true) {
            200
        } else {
            403
        })
    });
    let run = ask(&case, &gateway.address, &["--tokens", "tokens.env"]);
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    let end = "\nwrong\n  Job }}`x`: GET /orders/.. has to be refused: 200\n";
    assert!(run.out.ends_with(end), "{}", run.out);
    let run = ask(
        &case,
        &gateway.address,
        &["--tokens", "tokens.env", "--json"],
    );
    let found: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (run.code, &found["schema"]),
        (Some(1), &"scopetrim.answers/1".into())
    );
    assert_eq!(
        found["wrong"],
        serde_json::json!([{ "client": "Job }}`x`", "method": "GET", "target": "/orders/..", "expected": "refuse", "status": 200 }])
    );
}

#[test]
fn what_counts_as_a_refusal_can_be_said() {
    let case = case();
    let known = written(&case);
    let gateway = stub(move |caller, method, target| {
        let allowed = known.get(&(caller.to_owned(), method.to_owned(), target.to_owned()));
        Some(if allowed == Some(&true) { 200 } else { 404 })
    });
    let code = |more: &[&str]| {
        ask(
            &case,
            &gateway.address,
            &[&["--tokens", "tokens.env"], more].concat(),
        )
        .code
    };
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--accept-404"]), Some(0));
    assert_eq!(code(&["--refused", "403,404"]), Some(0));
    assert_eq!(code(&["--refused", "200"]), Some(2));
}

#[test]
fn what_is_not_asked_or_not_clear_makes_the_run_incomplete_and_is_counted() {
    let case = case();
    let known = written(&case);
    let gateway = stub(move |caller, method, target| {
        let allowed = known.get(&(caller.to_owned(), method.to_owned(), target.to_owned()));
        match allowed {
            Some(true) => Some(200),
            _ if target == "/reports" && !caller.is_empty() => Some(429),
            _ => Some(403),
        }
    });
    case.write("one.env", "token_shop=secret-token_shop\n");
    let run = ask(&case, &gateway.address, &["--tokens", "one.env"]);
    assert_eq!(run.code, Some(3), "{}{}", run.out, run.err);
    assert!(
        run.out.contains(" by clients without a token\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains(
            "\nunclear\n  scopetrim-unknown-client: GET /reports has to be refused: 429\n"
        ),
        "{}",
        run.out
    );
    assert!(run.out.contains("\nwrong      0\n"), "{}", run.out);
    let silent = stub(|_, _, _| None);
    let run = ask(&case, &silent.address, &["--tokens", "tokens.env"]);
    assert_eq!(
        (run.code, silent.seen.lock().unwrap().len()),
        (Some(3), 5),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("were left when the gateway had stopped answering"),
        "{}",
        run.out
    );
}

#[test]
fn a_token_may_come_from_the_environment_and_without_any_nothing_is_asked() {
    let case = case();
    let known = written(&case);
    let gateway = stub(move |caller, method, target| {
        let allowed = known.get(&(caller.to_owned(), method.to_owned(), target.to_owned()));
        Some(if allowed == Some(&true) { 200 } else { 403 })
    });
    let args = [
        "boundary-tests",
        "--requests",
        "out/scopetrim-requests.ndjson",
        "--ask",
        &gateway.address,
    ];
    let run = case.run(&args);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    assert!(
        run.err.contains("nothing says who calls") && run.err.contains("TOKEN_JOB_X"),
        "{}",
        run.err
    );
    let mut command = case.command(&args);
    for name in ["token_shop", "token_job_x"] {
        command.env(name.to_uppercase(), format!("secret-{name}"));
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn bad_files_and_addresses_are_errors_and_no_token_is_repeated() {
    let case = case();
    written(&case);
    let error = |address: &str, more: &[&str]| {
        let run = ask(&case, address, more);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
        run.err
    };
    case.write("bad.env", "token_shop=secret-a b\n");
    assert!(
        error("http://127.0.0.1:1", &["--tokens", "bad.env"])
            .contains("bad.env:1: the token has a character")
    );
    assert!(
        error("http://127.0.0.1:1", &["--tokens", "tokens.env"])
            .contains("no gateway answers at `http://127.0.0.1:1`")
    );
    assert!(error("https://127.0.0.1", &["--tokens", "tokens.env"]).contains("no TLS"));
    assert!(
        error("http://127.0.0.1:1", &["--client-header", "X:y"])
            .contains("is not the name of a header")
    );
    let smuggled = serde_json::json!({ "client": null, "in_policy": false, "method": "GET", "target": "/a HTTP/1.1\r\nX: y", "allowed": true });
    case.write("out/scopetrim-requests.ndjson", format!("{smuggled}\n"));
    assert!(
        error("http://127.0.0.1:1", &["--client-header", "X-Client"])
            .contains("ndjson:1: this is no request")
    );
    let run = case.run(
        &[
            &["boundary-tests"],
            &ARGS[..],
            &["--client-header", "X-Client"],
        ]
        .concat(),
    );
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("add --for granted"), "{}", run.err);
}

#[test]
fn the_requests_of_the_policy_and_those_of_its_file_are_the_same_for_each_tool() {
    let case = case();
    written(&case);
    for tool in ["hurl", "k6", "http"] {
        let own = case.run(
            &[
                &["boundary-tests"],
                &ARGS[..],
                &["--for", "granted", "--tool", tool],
            ]
            .concat(),
        );
        let read = case.run(&[
            "boundary-tests",
            "--requests",
            "out/scopetrim-requests.ndjson",
            "--tool",
            tool,
        ]);
        assert_eq!(
            (own.code, read.code),
            (Some(0), Some(0)),
            "{}{}",
            own.err,
            read.err
        );
        assert_eq!(own.out, read.out, "{tool}");
        assert!(
            own.out.contains("/orders%2F") && !own.out.contains("/orders/..\n"),
            "{}",
            own.out
        );
        assert!(
            own.err
                .contains("would not be sent as they are by this tool"),
            "{}",
            own.err
        );
        // A name that could act in a file is left to --ask.
        assert!(!own.out.contains("}}`"), "{}", own.out);
    }
    let listed = case.run(&[
        "boundary-tests",
        "--requests",
        "out/scopetrim-requests.ndjson",
        "--out",
        "tests",
    ]);
    assert_eq!(listed.out.trim(), "tests/gateway.hurl");
}
