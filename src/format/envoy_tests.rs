use super::*;
use crate::format::detect::{self, detect};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Istio's keys, changed as asked.
fn istio(change: Value) -> String {
    let mut object = json!({
        "start_time": "2026-01-02T12:00:00.117Z", "route_name": "orders", "method": "GET", "path": "/v1/orders/42?expand=items",
        "protocol": "HTTP/2", "response_code": 200, "response_flags": "-", "response_code_details": "via_upstream", "bytes_sent": 1843,
        "x_forwarded_for": "203.0.113.9", "user_agent": "okhttp/4.12.0", "request_id": "cc21d9b0", "authority": "api.example.com",
        "upstream_host": "192.0.2.7:8080", "downstream_remote_address": "198.51.100.23:54321", "azp": "erp-sync",
    });
    if let Value::Object(change) = change {
        object.as_object_mut().unwrap().extend(change);
    }
    object.to_string()
}

/// Without these keys.
fn without(line: &str, keys: &[&str]) -> String {
    let mut object: Map<String, Value> = serde_json::from_str(line).unwrap();
    object.retain(|key, _| !keys.contains(&key.as_str()));
    Value::Object(object).to_string()
}

fn with<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
    check(Envoy.parse(line.as_bytes(), &mut Scratch::default()))
}

fn text(bytes: Option<&[u8]>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn by(change: Value) -> (Option<u16>, AnsweredBy) {
    with(&istio(change), |record| {
        record
            .map(|record| (record.status, record.answered_by))
            .unwrap()
    })
}

fn scopes(change: Value) -> Option<String> {
    with(&istio(change), |record| text(record.unwrap().token_scopes))
}

#[test]
fn the_keys_of_istio_give_every_field() {
    with(&istio(json!({})), |record| {
        let record = record.unwrap();
        assert_eq!(record.time, 1_767_355_200_117);
        assert_eq!(
            (record.method, record.target),
            (&b"GET"[..], &b"/v1/orders/42?expand=items"[..])
        );
        assert_eq!(
            (record.client, record.client_ip),
            (Some(&b"erp-sync"[..]), Some(&b"198.51.100.23"[..]))
        );
        assert_eq!(
            (record.status, record.upstream_status, record.answered_by),
            (Some(200), Some(200), AnsweredBy::Upstream)
        );
        assert_eq!(
            (record.host, record.request_id),
            (Some(&b"api.example.com"[..]), Some(&b"cc21d9b0"[..]))
        );
        assert_eq!(record.user_agent, Some(&b"okhttp/4.12.0"[..]));
    });
}

#[test]
fn the_header_forms_of_envoy_gateway_give_the_same() {
    let line = istio(json!({
        ":authority": "api.example.com", "x-envoy-origin-path": "/v1/orders/42?expand=items", "user-agent": "okhttp/4.12.0",
        "x-request-id": "cc21d9b0", "x-forwarded-for": "203.0.113.9", "x-jwt-azp": "erp-sync",
    }));
    let line = without(
        &line,
        &[
            "authority",
            "path",
            "user_agent",
            "request_id",
            "x_forwarded_for",
            "azp",
        ],
    );
    let show = |line: &str| with(line, |record| format!("{:?}", record.unwrap()));
    assert_eq!(show(&line), show(&istio(json!({}))));
}

#[test]
fn the_path_before_a_rewrite_is_preferred() {
    let path = |key: &str| {
        with(&istio(json!({key: "/public/42"})), |record| {
            text(Some(record.unwrap().target))
        })
    };
    for key in [
        "x-envoy-original-path",
        "x_envoy_original_path",
        "x-envoy-origin-path",
        "x_envoy_origin_path",
    ] {
        assert_eq!(path(key).as_deref(), Some("/public/42"), "{key}");
    }
}

#[test]
fn a_client_that_left_before_its_request_is_not_a_record() {
    for missing in [json!("-"), Value::Null] {
        let line = istio(
            json!({"path": missing, "method": missing, "response_code": 0, "response_flags": "DC"}),
        );
        with(&line, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
    }
    // Gone after the request: no status, hence still need.
    assert_eq!(by(json!({"response_code": 0, "response_flags": "DC", "response_code_details": "downstream_remote_disconnect"})).0, None);
    assert_eq!(by(json!({"response_code": "0"})).0, None);
}

#[test]
fn no_route_is_the_gateways_own_answer() {
    assert_eq!(
        by(
            json!({"response_code": 404, "response_flags": "NR", "response_code_details": "route_not_found"})
        ),
        (Some(404), AnsweredBy::Gateway)
    );
}

#[test]
fn who_refused_is_told_by_details_and_flags() {
    let refused = |details: &str, flags: &str| {
        by(json!({"response_code": "403", "response_code_details": details, "response_flags": flags})).1
    };
    for details in [
        "jwt_authn_access_denied{Jwt_is_missing}",
        "rbac_access_denied_matched_policy[none]",
        "ext_authz_denied",
        "direct_response",
    ] {
        assert_eq!(refused(details, "-"), AnsweredBy::Gateway, "{details}");
    }
    assert_eq!(refused("-", "UAEX"), AnsweredBy::Gateway);
    assert_eq!(refused("-", "URX, UAEX"), AnsweredBy::Gateway);
    assert_eq!(refused("via_upstream", "-"), AnsweredBy::Upstream);
    assert_eq!(
        refused("downstream_remote_disconnect", "DC"),
        AnsweredBy::Unknown
    );
}

#[test]
fn a_refusal_without_details_is_nobodys_unless_no_host_was_chosen() {
    let line = without(
        &istio(json!({"response_code": 403})),
        &["response_code_details", "upstream_host"],
    );
    with(&line, |record| {
        assert_eq!(record.unwrap().answered_by, AnsweredBy::Unknown);
    });
    assert_eq!(
        by(json!({"response_code": 403, "response_code_details": null})).1,
        AnsweredBy::Unknown
    );
    for none in [json!("-"), Value::Null] {
        assert_eq!(
            by(json!({"response_code": 403, "response_code_details": "-", "upstream_host": none}))
                .1,
            AnsweredBy::Gateway
        );
    }
}

#[test]
fn null_a_dash_and_no_key_are_the_same() {
    let show = |line: &str| with(line, |record| format!("{:?}", record.unwrap()));
    let keys = [
        "azp",
        "user_agent",
        "request_id",
        "authority",
        "response_flags",
    ];
    let all = |value: &Value| {
        istio(Value::Object(
            keys.iter()
                .map(|key| ((*key).to_owned(), value.clone()))
                .collect(),
        ))
    };
    let missing = show(&without(&istio(json!({})), &keys));
    assert_eq!(show(&all(&Value::Null)), missing);
    assert_eq!(show(&all(&json!("-"))), missing);
}

#[test]
fn scopes_as_text_list_or_the_text_of_a_list_are_taken() {
    assert_eq!(scopes(json!({"scope": "a b"})).as_deref(), Some("a b"));
    for value in [json!(["a", "b"]), json!("[\"a\",\"b\"]")] {
        assert_eq!(
            scopes(json!({"scp": value})).as_deref(),
            Some(r#"["a","b"]"#)
        );
    }
    assert_eq!(
        scopes(json!({"jwt": {"azp": "x", "scp": ["a", "b"]}})).as_deref(),
        Some(r#"["a","b"]"#)
    );
    assert_eq!(
        scopes(json!({"jwt_payload": "{\"scope\":\"a b\"}"})).as_deref(),
        Some("a b")
    );
    assert_eq!(scopes(json!({"scope": ""})).as_deref(), Some(""));
    assert_eq!(scopes(json!({"scope": "-"})), None);
}

#[test]
fn a_payload_that_was_cut_off_gives_no_half_scope() {
    for cut in [
        "[\"orders:read\",\"orders:wr",
        "{\"scope\":\"orders:read orders:wr",
        "\"orders:re",
    ] {
        assert_eq!(scopes(json!({"scope": cut})), None, "{cut}");
        assert_eq!(scopes(json!({"jwt": cut})), None, "{cut}");
    }
}

#[test]
fn only_network_addresses_are_addresses() {
    for (written, ip) in [
        ("[2001:db8::1]:443", Some("2001:db8::1")),
        ("[2001:db8::1]", Some("2001:db8::1")),
        ("2001:db8::1", Some("2001:db8::1")),
        ("198.51.100.23", Some("198.51.100.23")),
        ("/var/run/x.sock", None),
        ("envoy://internal/", None),
        ("[", None),
    ] {
        let line = without(
            &istio(json!({"downstream_remote_address": written})),
            &["x_forwarded_for"],
        );
        with(&line, |record| {
            assert_eq!(text(record.unwrap().client_ip).as_deref(), ip, "{written}");
        });
    }
    let listed = istio(
        json!({"downstream_remote_address": "/var/run/x.sock", "x_forwarded_for": "[2001:db8::1]:5, 10.0.0.1"}),
    );
    with(&listed, |record| {
        assert_eq!(record.unwrap().client_ip, Some(&b"2001:db8::1"[..]));
    });
}

#[test]
fn a_refusal_by_grpc_status_is_a_refusal_and_not_a_use() {
    for (key, value, code) in [
        ("grpc_status", json!(7), 403),
        ("grpc-status", json!("16"), 401),
        ("grpc_status", json!("PermissionDenied"), 403),
    ] {
        assert_eq!(by(json!({key: value})), (Some(code), AnsweredBy::Upstream));
        assert_eq!(
            by(json!({key: value, "response_code_details": null})),
            (Some(code), AnsweredBy::Upstream)
        );
    }
    assert_eq!(
        by(json!({"grpc_status": 7, "response_code_details": "rbac_access_denied"})),
        (Some(403), AnsweredBy::Gateway)
    );
    assert_eq!(by(json!({"grpc_status": 5})).0, Some(200));
}

#[test]
fn the_start_may_be_an_epoch_with_decimals() {
    for start in [
        json!("1767355200.117"),
        json!(1_767_355_200.117),
        json!("2026-01-02T12:00:00.117Z"),
    ] {
        with(&istio(json!({"start_time": start})), |record| {
            assert_eq!(record.unwrap().time, 1_767_355_200_117, "{start}");
        });
    }
    with(&istio(json!({"start_time": "noon"})), |record| {
        assert_eq!(record.unwrap_err(), Skip::BadTime);
    });
}

#[test]
fn a_token_names_the_client_before_a_certificate_does() {
    let names = |change| {
        with(&istio(change), |record| {
            record
                .map(|r| (text(r.client), text(r.client_alt)))
                .unwrap()
        })
    };
    let san = "spiffe://prod/ns/erp/sa/sync";
    assert_eq!(
        names(json!({"downstream_peer_uri_san": san})),
        (Some("erp-sync".into()), Some(san.into()))
    );
    assert_eq!(
        names(
            json!({"azp": "-", "downstream_peer_uri_san": san, "downstream_peer_subject": "CN=x"})
        ),
        (Some(san.into()), None)
    );
    assert_eq!(
        names(json!({"azp": null, "jwt": "{\"azp\":\"erp\"}"})),
        (Some("erp".into()), None)
    );
    assert_eq!(names(json!({"azp": null})), (None, None));
}

#[test]
fn a_line_without_path_method_or_time_is_reported() {
    for key in ["path", "method", "start_time"] {
        with(&without(&istio(json!({})), &[key]), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField, "{key}");
        });
    }
    with(&istio(json!({}))[..200], |record| {
        assert_eq!(record.unwrap_err(), Skip::Malformed);
    });
}

#[test]
fn the_public_samples_are_read_line_by_line() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = here
        .ancestors()
        .map(|folder| folder.join("shared/data/logs/envoy/crowdsec-envoy-logs--envoy.log"))
        .find(|file| file.is_file());
    let Some(content) = file.and_then(|file| std::fs::read(file).ok()) else {
        println!("skipped: no shared data");
        return;
    };
    let mut read = 0;
    for line in content
        .split(|byte| *byte == b'\n')
        .map(detect::trim)
        .filter(|line| !line.is_empty())
    {
        // The container runtime's head is taken off elsewhere.
        let open = memchr::memmem::find(line, b" F ").unwrap();
        let line = &line[open + 3..];
        assert_eq!(
            detect(line).format().map(|format| format.name()),
            Some("envoy")
        );
        with(std::str::from_utf8(line).unwrap(), |record| {
            assert!(record.unwrap().client_ip.is_some());
        });
        read += 1;
    }
    assert_eq!(read, 10);
}

proptest! {
    #[test]
    fn no_bytes_are_ever_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Envoy.parse(&bytes, &mut Scratch::default());
    }

    #[test]
    fn no_change_to_a_good_line_is_ever_a_panic(
        values in proptest::collection::vec((prop::sample::select(vec!["path", "scope", "jwt", "response_flags", "downstream_remote_address", "start_time"]), "[\\[\\]{}\":,.0-9a-z/ -]{0,10}"), 0..5),
        changes in proptest::collection::vec((0..900_usize, prop::sample::select(&b"\"\\{}[]- :,/0\xff"[..])), 0..8),
    ) {
        let mut line = istio(Value::Object(values.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())).into_bytes();
        let _ = Envoy.parse(&line, &mut Scratch::default());
        for (at, byte) in changes {
            let at = at % line.len();
            line[at] = byte;
        }
        let _ = Envoy.parse(&line, &mut Scratch::default());
    }
}

#[test]
fn a_list_in_the_claims_names_no_client() {
    let line = without(
        &istio(json!({"jwt_payload": {"client_id": ["a", "b"]}})),
        &["azp"],
    );
    with(&line, |record| assert_eq!(record.unwrap().client, None));
}
