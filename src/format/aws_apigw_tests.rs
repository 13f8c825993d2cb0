use proptest::prelude::*;

use super::*;
use crate::format::detect::{self, detect};

/// The console's template for REST APIs with the keys that `identity_help` adds.
fn rest(change: &[(&str, &str)]) -> String {
    let mut object = serde_json::json!({
        "requestId": "c6af9ac6", "extendedRequestId": "XyZ1EHJ=", "ip": "198.51.100.23", "caller": "-", "user": "-",
        "requestTime": "02/Jan/2026:12:00:00 +0000", "requestTimeEpoch": "1767355200117", "httpMethod": "GET",
        "resourcePath": "/orders/{id}", "path": "/prod/orders/42", "domainName": "a1.execute-api.eu-west-1.amazonaws.com",
        "stage": "prod", "status": "200", "clientId": "3n4b", "scope": "orders/read orders/write", "jti": "0f6e",
        "apiKey": "the-secret", "apiKeyId": "-", "principalId": "-", "errType": "-", "integrationStatus": "200", "authStatus": "200",
    });
    for (key, value) in change {
        if *value == "(drop)" {
            object.as_object_mut().unwrap().remove(*key);
        } else {
            object[*key] = (*value).into();
        }
    }
    object.to_string()
}

fn with<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
    check(AwsApiGateway.parse(line.as_bytes(), &mut Scratch::default()))
}

fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn of<T>(change: &[(&str, &str)], take: impl Fn(RawRecord<'_>) -> T) -> T {
    with(&rest(change), |record| take(record.unwrap()))
}

fn client(change: &[(&str, &str)]) -> Option<String> {
    of(change, |record| text(record.client))
}

fn target(change: &[(&str, &str)]) -> (String, Option<String>) {
    of(change, |record| {
        (text(Some(record.target)).unwrap(), text(record.template))
    })
}

#[test]
fn the_documented_line_gives_every_field() {
    with(&rest(&[]), |record| {
        let record = record.unwrap();
        assert_eq!(record.time, 1_767_355_200_117);
        assert_eq!(
            (record.method, record.target, record.template),
            (&b"GET"[..], &b"/orders/42"[..], Some(&b"/orders/{id}"[..]))
        );
        assert_eq!(
            (record.client, record.client_alt, record.subject),
            (Some(&b"3n4b"[..]), None, None)
        );
        assert_eq!(
            (record.status, record.upstream_status, record.answered_by),
            (Some(200), Some(200), AnsweredBy::Upstream)
        );
        assert_eq!(record.token_scopes, Some(&b"orders/read orders/write"[..]));
        assert_eq!(
            (record.credential, record.client_ip),
            (Some(&b"0f6e"[..]), Some(&b"198.51.100.23"[..]))
        );
    });
}

#[test]
fn a_dash_is_missing_and_not_a_client_of_that_name() {
    assert_eq!(client(&[("clientId", "-")]), None);
    assert_eq!(
        of(&[("scope", "-"), ("jti", "-")], |record| (
            text(record.token_scopes),
            text(record.credential)
        )),
        (None, None)
    );
}

#[test]
fn the_first_name_in_the_documented_order_is_the_client() {
    let mut names = vec![
        ("clientId", "a"),
        ("client_id", "b"),
        ("azp", "c"),
        ("principalId", "d"),
        ("apiKeyId", "e"),
        ("user", "f"),
        ("caller", "g"),
    ];
    for at in 0..7 {
        assert_eq!(
            client(&names).as_deref(),
            Some(["a", "b", "c", "d", "e", "f", "g"][at])
        );
        names[at].1 = "-";
    }
    let both = of(&[("principalId", "alice"), ("apiKeyId", "k9x")], |r| {
        (text(r.client), text(r.client_alt), text(r.subject))
    });
    assert_eq!(
        both,
        (
            Some("3n4b".into()),
            Some("k9x".into()),
            Some("alice".into())
        )
    );
}

#[test]
fn the_secret_key_is_never_taken() {
    with(&rest(&[("clientId", "-"), ("jti", "-")]), |record| {
        assert!(!format!("{:?}", record.unwrap()).contains(&format!("{:?}", b"the-secret")));
    });
    assert_eq!(client(&[("clientId", "-")]), None);
}

#[test]
fn the_stage_is_taken_off_a_catch_all_path() {
    let proxy = ("resourcePath", "/{proxy+}");
    assert_eq!(target(&[proxy]), ("/orders/42".to_owned(), None));
    assert_eq!(target(&[proxy, ("path", "/prod")]).0, "/");
    assert_eq!(
        target(&[proxy, ("path", "/production/42")]).0,
        "/production/42"
    );
    assert_eq!(target(&[proxy, ("stage", "-")]).0, "/prod/orders/42");
    // Without a path only the catch-all remains, which names no operation.
    assert_eq!(
        target(&[proxy, ("path", "-")]),
        ("/{proxy+}".to_owned(), None)
    );
}

#[test]
fn a_custom_domain_has_a_base_path_and_no_stage_in_front() {
    let custom = [
        ("resourcePath", "/{proxy+}"),
        ("domainName", "api.example.com"),
        ("path", "/prod/orders/42"),
    ];
    assert_eq!(target(&custom).0, "/prod/orders/42");
    let mapped = [
        custom[0],
        custom[1],
        ("path", "/shop/orders/42"),
        ("basePathMatched", "shop"),
    ];
    assert_eq!(target(&mapped).0, "/orders/42");
    assert_eq!(
        target(&[
            custom[0],
            custom[1],
            custom[2],
            ("basePathMatched", "(none)")
        ])
        .0,
        "/prod/orders/42"
    );
}

#[test]
fn a_stage_that_the_template_counts_as_its_own_segment_stays() {
    assert_eq!(
        target(&[("resourcePath", "/prod/orders/{id}")]).0,
        "/prod/orders/42"
    );
}

#[test]
fn a_route_key_is_a_template_unless_it_is_the_default_route() {
    let http = |key| target(&[("resourcePath", "(drop)"), ("routeKey", key)]);
    assert_eq!(
        http("GET /orders/{id}"),
        ("/orders/42".to_owned(), Some("/orders/{id}".to_owned()))
    );
    assert_eq!(http("ANY /{proxy+}").1, None);
    assert_eq!(http("$default"), ("/orders/42".to_owned(), None));
    let bare = [
        ("resourcePath", "(drop)"),
        ("path", "(drop)"),
        ("httpMethod", "(drop)"),
        ("routeKey", "PUT /orders/{id}"),
    ];
    assert_eq!(
        of(&bare, |record| (
            text(Some(record.method)),
            text(Some(record.target))
        )),
        (Some("PUT".into()), Some("/orders/{id}".into()))
    );
}

#[test]
fn a_line_without_a_path_has_the_template_or_is_reported_and_a_websocket_message_is_passed_over() {
    let drop = [("resourcePath", "(drop)"), ("path", "(drop)")];
    with(&rest(&drop), |record| {
        assert_eq!(record.unwrap_err(), Skip::MissingField);
    });
    for key in ["$default", "ANY /orders/{proxy+}"] {
        with(&rest(&[drop[0], drop[1], ("routeKey", key)]), |record| {
            let record = record.unwrap();
            assert!(record.templated, "{key}");
            assert_eq!(record.template, None, "{key}");
            assert_eq!(record.target, key.trim_start_matches("ANY ").as_bytes());
        });
    }
    for key in ["$connect", "sendMessage"] {
        let line = rest(&[drop[0], drop[1], ("httpMethod", "-"), ("routeKey", key)]);
        with(&line, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{key}");
        });
    }
}

#[test]
fn a_missing_token_or_route_is_never_a_client_without_the_scope() {
    let missing = [
        ("status", "403"),
        ("errType", "MISSING_AUTHENTICATION_TOKEN"),
        ("integrationStatus", "-"),
    ];
    of(&missing, |record| {
        assert_eq!(
            (record.client, record.status, record.answered_by),
            (None, Some(403), AnsweredBy::Gateway)
        );
    });
}

#[test]
fn who_refused_is_kept() {
    let by = |change: &[(&str, &str)]| {
        of(&[&[("status", "403")], change].concat(), |record| {
            record.answered_by
        })
    };
    assert_eq!(
        by(&[("errType", "ACCESS_DENIED"), ("integrationStatus", "-")]),
        AnsweredBy::Gateway
    );
    assert_eq!(
        by(&[
            ("errType", "(drop)"),
            ("error.responseType", "UNAUTHORIZED")
        ]),
        AnsweredBy::Gateway
    );
    assert_eq!(by(&[]), AnsweredBy::Upstream);
    assert_eq!(
        by(&[("integrationStatus", "-"), ("authStatus", "403")]),
        AnsweredBy::Gateway
    );
    assert_eq!(by(&[("integrationStatus", "-")]), AnsweredBy::Unknown);
    assert_eq!(
        client(&[("status", "403"), ("errType", "ACCESS_DENIED")]).as_deref(),
        Some("3n4b")
    );
}

#[test]
fn a_quote_that_breaks_the_json_makes_the_line_malformed() {
    let line = rest(&[]).replace("198.51.100.23", "198\"51");
    with(&line, |record| {
        assert_eq!(record.unwrap_err(), Skip::Malformed);
    });
}

#[test]
fn the_time_stamp_of_a_cloudwatch_export_is_peeled_off() {
    let line = format!("2026-01-02T12:00:00.117Z {}", rest(&[]));
    let message = String::from_utf8_lossy(&crate::input::unwrapped(line.as_bytes())).into_owned();
    with(message.trim_start_matches('\0'), |record| {
        assert_eq!(record.unwrap().client, Some(&b"3n4b"[..]));
    });
    assert_eq!(
        detect(line.as_bytes()).format().map(|format| format.name()),
        Some("aws-apigw")
    );
    with("12 {}", |record| {
        assert_eq!(record.unwrap_err(), Skip::Malformed);
    });
}

#[test]
fn the_id_that_a_caller_cannot_choose_is_preferred() {
    assert_eq!(
        of(&[], |record| text(record.request_id)).as_deref(),
        Some("XyZ1EHJ=")
    );
    assert_eq!(
        of(&[("extendedRequestId", "-")], |record| text(
            record.request_id
        ))
        .as_deref(),
        Some("c6af9ac6")
    );
}

#[test]
fn a_scope_claim_rendered_as_a_list_is_that_list() {
    let scopes = |value| of(&[("scope", value)], |record| text(record.token_scopes));
    assert_eq!(scopes("[a b]").as_deref(), Some("a b"));
    assert_eq!(scopes("[]").as_deref(), Some(""));
    assert_eq!(scopes(r#"["a","b"]"#).as_deref(), Some(r#"["a","b"]"#));
}

#[test]
fn the_time_falls_back_to_seconds_and_nonsense_is_a_bad_time() {
    assert_eq!(
        of(&[("requestTimeEpoch", "-")], |record| record.time),
        1_767_355_200_000
    );
    with(
        &rest(&[("requestTimeEpoch", "-"), ("requestTime", "soon")]),
        |record| assert_eq!(record.unwrap_err(), Skip::BadTime),
    );
    with(
        &rest(&[("requestTimeEpoch", "x"), ("requestTime", "-")]),
        |record| assert_eq!(record.unwrap_err(), Skip::BadTime),
    );
}

#[test]
fn a_real_export_without_templates_is_recognised_and_read_line_by_line() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = here
        .ancestors()
        .map(|folder| folder.join("shared/data/cases/digitalocean/access.apigw"))
        .find(|file| file.is_file());
    let Some(content) = file.and_then(|file| std::fs::read(file).ok()) else {
        println!("skipped: no shared data");
        return;
    };
    assert_eq!(
        detect(&content).format().map(|format| format.name()),
        Some("aws-apigw")
    );
    let lines = content
        .split(|byte| *byte == b'\n')
        .map(detect::trim)
        .filter(|line| !line.is_empty());
    let mut count = 0;
    for line in lines {
        let mut scratch = Scratch::default();
        assert!(
            AwsApiGateway
                .parse(line, &mut scratch)
                .unwrap()
                .client
                .is_some()
        );
        count += 1;
    }
    println!("{count} lines read");
    assert!(count > 600);
}

proptest! {
    #[test]
    fn no_bytes_are_ever_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = AwsApiGateway.parse(&bytes, &mut Scratch::default());
    }

    #[test]
    fn no_change_to_a_good_line_is_ever_a_panic(
        exported in any::<bool>(),
        changes in proptest::collection::vec((0..900_usize, prop::sample::select(&b"\"\\{}[]- :,/0Z\xff"[..])), 0..8),
        values in proptest::collection::vec((prop::sample::select(vec!["path", "stage", "routeKey", "resourcePath", "basePathMatched", "scope", "requestTime", "status"]), "[/a{}+$ \\[\\]-]{0,6}"), 0..5),
    ) {
        let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let mut line = format!("{}{}", if exported { "2026-01-02T12:00:00.117Z " } else { "" }, rest(&values)).into_bytes();
        let _ = AwsApiGateway.parse(&line, &mut Scratch::default());
        for (at, byte) in changes {
            let at = at % line.len();
            line[at] = byte;
        }
        let _ = AwsApiGateway.parse(&line, &mut Scratch::default());
    }
}
