//! Promise 8: no token, cookie, credential or query value reaches an output.

use std::process::Command;

use crate::common::Folder;

/// Stands in every secret of the cases below.
const MARK: &str = "S3cr3tMarkQ9";

const CATALOG: &str =
    r#"{"operations":[{"method":"GET","path":"/orders","any_of":[["orders:read"]]}]}"#;

fn everything(folder: &Folder, log: &str) -> String {
    folder.put("catalog.json", CATALOG);
    folder.put("grants.json", r#"{"erp":["orders:read","orders:write"]}"#);
    folder.put("access.log", log);
    let inputs = [
        "--logs",
        "access.log",
        "--catalog",
        "catalog.json",
        "--max-reject-share",
        "1",
    ];
    let policy = ["--grants", "grants.json", "--level", "review"];
    let mut all = String::new();
    let runs: [(&[&str], bool); 6] = [
        (&["analyze", "--out", "out"], true),
        (&["analyze", "--json"], true),
        (&["usage"], false),
        (&["usage", "--json"], false),
        (&["demand", "--json"], true),
        (&["explain", "erp"], true),
    ];
    for (command, with_policy) in runs {
        let help = folder.run(&[command[0], "--help"]);
        if help.code != Some(0) {
            continue;
        }
        let mut args = command.to_vec();
        args.extend(inputs);
        if with_policy {
            args.extend(
                policy
                    .iter()
                    .take(if command[0] == "demand" { 2 } else { 4 }),
            );
        }
        let run = folder.run(&args);
        // A line that cannot be read makes the data incomplete.
        assert!(matches!(run.code, Some(0 | 3)), "{args:?} {}", run.stderr);
        all += &(run.stdout + &run.stderr);
    }
    for name in [
        "report.json",
        "plan.json",
        "policy.diff",
        "undo.diff",
        "rejects.ndjson",
    ] {
        all += &folder.read(&format!("out/{name}"));
    }
    all
}

fn assert_private(log: &str) {
    let shown = everything(&Folder::new(), log);
    let lines: Vec<&str> = shown.lines().filter(|line| line.contains(MARK)).collect();
    assert!(lines.is_empty(), "{lines:#?}");
    assert!(shown.contains("/orders"), "nothing was read");
}

#[test]
fn secrets_in_query_headers_and_credentials_of_flat_lines_stay_inside() {
    let good = |target: &str| {
        format!(
            r#"{{"time":1767225600,"client_id":"erp","method":"GET","path":"{target}","status":200,"credential":"{MARK}","subject":"{MARK}","user_agent":"curl {MARK}","request_id":"r-1","authorization":"Bearer {MARK}"}}"#
        )
    };
    let log = [
        good("/orders"),
        good(&format!("/orders?token={MARK}&q={MARK}")),
        good(&format!("/nowhere?token={MARK}")),
        good(&format!("/orders;jsessionid={MARK}")),
        good(&format!("/nowhere;sid={MARK}?a={MARK}#x={MARK}")),
        good(&format!("https://user:{MARK}@api.example/orders?x={MARK}")),
    ];
    assert_private(&log.join("\n"));
}

#[test]
fn tokens_in_paths_ids_hosts_scopes_and_addresses_stay_inside() {
    let token = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJlcnAifQ.{MARK}");
    let line = |path: &str, more: &str| {
        format!(
            r#"{{"time":1767225600,"client_id":"erp","method":"GET","path":"{path}","status":200{more}}}"#
        )
    };
    let log = [
        line(
            "/orders",
            &format!(r#","request_id":"{token}","host":"{token}""#),
        ),
        line(
            "/nowhere",
            &format!(r#","scopes":"orders:read {token}","ip":"{token}""#),
        ),
        line(
            "/orders",
            &format!(r#","scopes":["orders:read","sk_live_{MARK}"]"#),
        ),
        line(&format!("/callback/{token}"), ""),
        line(&format!("/callback/%65yJhbGciOiJIUzI1NiJ9.{MARK}/x"), ""),
        line(&format!("/bot123:{MARK}/sendMessage"), ""),
        line(
            &format!("/services/T024BE7LD/B024BE7LE/Zq7{MARK}Rz4Kp2"),
            "",
        ),
        line(&format!("/u/password/{MARK}"), ""),
        line(&format!("/u/token/{MARK}/x"), ""),
        line(&format!("/session/{MARK}"), ""),
        line(&format!("/client-secrets/{MARK}"), ""),
        line(&format!("/cb%3Fkey%3D{MARK}"), ""),
        line(&format!("/cb%253Bx%253Bsession%253D{MARK}"), ""),
        line(&format!("/p/https%3A%2F%2Fu%3A{MARK}%40h"), ""),
        line(
            "/orders",
            &format!(r#","scopes":"Bearer {MARK}","request_id":"sid={MARK}""#),
        ),
        line(
            "/orders",
            &format!(r#","scopes":["orders:read","token {MARK}"],"subject":"JSESSIONID={MARK}""#),
        ),
        line(&format!("/u/key={MARK}"), ""),
        line(&format!("v1/x;k={MARK}"), ""),
        line(&format!("token={MARK}"), ""),
        line(&format!("HTTPS://u:{MARK}@h/x"), ""),
    ];
    assert_private(&log.join("\n"));
    // The events themselves show subject and user agent, and so they are read here alone.
    let folder = Folder::new();
    folder.put("access.log", log.join("\n"));
    for form in [
        &["events", "--logs", "access.log", "--ndjson"][..],
        &["events", "--logs", "access.log"],
    ] {
        let run = folder.run(form);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let leaks: Vec<&str> = run
            .stdout
            .lines()
            .filter(|line| line.contains(MARK))
            .collect();
        assert!(leaks.is_empty() && run.stdout.contains("erp"), "{leaks:#?}");
    }
}

#[test]
fn secrets_in_kong_lines_stay_inside() {
    let line = |uri: &str| {
        format!(
            r#"{{"started_at":1767225600000,"consumer":{{"username":"erp","custom_id":"erp"}},"authenticated_entity":{{"id":"{MARK}"}},"request":{{"method":"GET","uri":"{uri}","url":"https://a{uri}","querystring":{{"k":"{MARK}"}},"headers":{{"authorization":"Bearer {MARK}","cookie":"sid={MARK}","x-api-key":"{MARK}","x-consumer-username":"erp"}}}},"response":{{"status":200,"headers":{{"set-cookie":"sid={MARK}"}}}},"upstream_uri":"{uri}","latencies":{{"request":1}},"service":{{"name":"s"}},"route":{{"name":"r"}},"client_ip":"192.0.2.1"}}"#
        )
    };
    let cut = line("/orders");
    let log = [
        line("/orders"),
        line(&format!("/orders?apikey={MARK}")),
        line(&format!("/nowhere?apikey={MARK}")),
        cut[..cut.len() - 20].to_owned(),
    ];
    assert_private(&log.join("\n"));
}

#[test]
fn secrets_in_lines_that_cannot_be_read_stay_inside() {
    let good =
        r#"{"time":1767225600,"client_id":"erp","method":"GET","path":"/orders","status":200}"#;
    let bad = [
        format!(r#"{{"path":"/orders?x={MARK}","broken"#),
        format!(r#"{{"headers":{{"authorization":"Bearer {MARK}"}},"#),
        format!(r#"{{"headers":{{"Authorization": ["Bearer {MARK}"]}},"#),
        format!(r#"{{"x-goog-api-key":"{MARK}","#),
        format!(r#"{{"client_secret":"{MARK}","password": "two words {MARK}","#),
        format!(r#"{{"cookie":"a=1; sid={MARK}; b={MARK}","#),
        format!(r#"{{"cookie":"theme=dark; lang=en; other={MARK}","#),
        format!("GET /orders?token={MARK} HTTP/1.1"),
        format!("{{\"body\":\"grant_type=password&username=a&password={MARK}"),
        format!("Authorization: Basic {MARK}"),
        format!("Authorization: Digest username=\"a\", response=\"{MARK}\""),
        format!(r#"{{"message":"jwt eyJhbGciOiJIUzI1NiJ9.{MARK}.sig"#),
        format!(r#"{{"url":"https://user:{MARK}@host/orders"#),
        format!(r#"{{"authorization":"Bearer \"{MARK}\""#),
    ];
    let mut shown = Vec::new();
    for line in &bad {
        let all = everything(&Folder::new(), &format!("{good}\n{line}\n{good}\n"));
        let leaks = all.lines().filter(|shown| shown.contains(MARK));
        shown.extend(leaks.map(|leak| format!("{line} -> {leak}")));
    }
    assert!(shown.is_empty(), "{shown:#?}");
}

#[test]
fn no_name_of_this_machine_is_in_a_report() {
    let folder = Folder::new();
    let line =
        r#"{"time":1767225600,"client_id":"erp","method":"GET","path":"/orders","status":200}"#;
    let shown = everything(&folder, line);
    assert!(!shown.contains(folder.root().to_str().unwrap()));
    let host = Command::new("hostname").output();
    let host = host.map(|run| String::from_utf8_lossy(&run.stdout).trim().to_owned());
    if let Some(host) = host.ok().filter(|host| host.len() > 5) {
        assert!(!shown.contains(&host));
    }
}
