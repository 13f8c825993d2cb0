//! Nasty lines, one test for what must hold for each.

use super::testing::read;
use super::*;
use crate::model::AnsweredBy;

const KONG: &str = r#"{"request":{"uri":"\/v1\/a?apikey=secret","method":"GET","querystring":{"apikey":"secret"}},"response":{"status":401},"latencies":{"kong":3,"proxy":-1},"started_at":1767355200117,"source":"kong"}"#;

#[test]
fn kong_a_call_without_a_consumer_names_nobody_and_kong_answered() {
    read(&kong::Kong, KONG, |record| {
        let record = record.unwrap();
        assert_eq!(
            (record.client, record.answered_by),
            (None, AnsweredBy::Gateway)
        );
        assert_eq!((record.credential, record.token_scopes), (None, None));
    });
}

#[test]
fn kong_a_beginning_in_seconds_is_the_same_instant_as_in_milliseconds() {
    for started in ["1767355200", "1767355200000", "1767355200.000"] {
        let line = KONG.replace("1767355200117", started);
        read(&kong::Kong, &line, |record| {
            assert_eq!(record.unwrap().time, 1_767_355_200_000, "{started}");
        });
    }
}

#[test]
fn nginx_a_path_after_an_internal_redirect_counts_only_where_nothing_better_is_there() {
    let line = r#"{"time":"2026-01-02T12:00:00Z","remote_addr":"198.51.100.23","request_method":"GET","uri":"/index.php","request_uri":"/v1/orders","status":200}"#;
    read(&nginx_json::NginxJson, line, |record| {
        assert_eq!(record.unwrap().target, b"/v1/orders");
    });
    let only = line.replace(r#""request_uri":"/v1/orders","#, "");
    read(&nginx_json::NginxJson, &only, |record| {
        assert_eq!(record.unwrap().target, b"/index.php");
    });
}

#[test]
fn cloudtrail_the_id_of_an_event_is_the_same_in_every_region() {
    let line = |region: &str| {
        format!(
            r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::1:user/erp"}},"eventTime":"2026-01-02T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"{region}","eventID":"5f0c"}}"#
        )
    };
    for region in ["eu-west-1", "us-east-1"] {
        read(&cloudtrail::CloudTrail, &line(region), |record| {
            assert_eq!(record.unwrap().request_id, Some(&b"5f0c"[..]));
        });
    }
}

#[test]
fn google_a_status_is_read_as_a_number_and_as_text() {
    for status in ["403", "\"403\""] {
        let line = format!(
            r#"{{"httpRequest":{{"requestMethod":"GET","requestUrl":"https://a/v1","status":{status},"latency":"0.048180s"}},"insertId":"a","logName":"x","resource":{{}},"timestamp":"2026-01-02T12:00:00.117Z"}}"#
        );
        read(&gcp_requests::GcpRequests, &line, |record| {
            assert_eq!(record.unwrap().status, Some(403));
        });
    }
}

#[test]
fn otlp_old_names_and_numbers_as_text_are_read_and_a_list_of_pairs_moves_nothing() {
    let line = r#"{"timeUnixNano":"1767355200117000000","attributes":[{"key":"ctx","value":{"kvlistValue":{"values":[{"key":"http.method","value":{"stringValue":"PUT"}}]}}},{"key":"http.method","value":{"stringValue":"GET"}},{"key":"http.target","value":{"stringValue":"/v1/orders?x=1"}},{"key":"http.status_code","value":{"intValue":"403"}}]}"#;
    read(&otlp::Otlp, line, |record| {
        let record = record.unwrap();
        assert_eq!(
            (record.method, record.target, record.status),
            (&b"GET"[..], &b"/v1/orders?x=1"[..], Some(403))
        );
    });
}

#[test]
fn w3c_a_plus_in_an_agent_is_the_blank_that_iis_wrote_and_shifts_nothing() {
    let header = "#Fields: date time cs-method cs-uri-stem cs(User-Agent) sc-status";
    let reader = w3c::W3c.open(header.as_bytes());
    let mut scratch = Scratch::default();
    reader.begin(0, &mut scratch);
    let header_read = reader.parse(header.as_bytes(), &mut scratch).map(|_| ());
    assert_eq!(header_read, Err(Skip::OtherRecord));
    let row = b"2026-01-02 12:00:00 GET /v1/orders Mozilla/5.0+(X11) 200";
    let record = reader.parse(row, &mut scratch).unwrap();
    assert_eq!(record.user_agent, Some(&b"Mozilla/5.0+(X11)"[..]));
    assert_eq!(record.status, Some(200));
}

#[test]
fn reactor_netty_is_read_also_after_what_a_logging_library_writes() {
    let line = r#"198.51.100.23:40112 - - [02/Jan/2026:12:00:00 +0000] "GET /v1/orders/42 HTTP/1.1" 200 1843 24 ms"#;
    let logged = format!(
        "2026-01-02 12:00:00.117  INFO 1 --- [ctor-http-nio-2] reactor.netty.http.server.AccessLog : {line}"
    );
    for line in [line, &logged] {
        read(&combined::Combined, line, |record| {
            let record = record.unwrap_or_else(|skip| panic!("{skip:?}: {line}"));
            assert_eq!(
                (record.target, record.status),
                (&b"/v1/orders/42"[..], Some(200))
            );
            assert_eq!((record.client, record.host), (None, None), "{line}");
        });
    }
}

#[test]
fn servers_in_java_write_lines_of_the_common_format() {
    for line in [
        // WebSphere, Tomcat, Jetty with its latency.
        r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /v1/orders HTTP/1.1" 200 16"#,
        r#"198.51.100.23 -  erp  [02/Jan/2026:12:00:00 +0000] "GET /v1/orders HTTP/1.1" 200 16 "-" "okhttp/4" 12"#,
    ] {
        read(&combined::Combined, line, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.client, record.status),
                (Some(&b"erp"[..]), Some(200))
            );
        });
    }
}

#[test]
fn lines_that_litespeed_mixes_in_are_passed_over_and_requests_in_them_are_not() {
    for (line, skip) in [
        (
            "2026-01-02 12:00:00.117 [NOTICE] [123] [server] started",
            Skip::OtherRecord,
        ),
        ("[NOTICE] [123] [server] started", Skip::OtherRecord),
        ("[INFO] \"GET /v1/orders HTTP/1.1\"", Skip::Malformed),
    ] {
        read(&combined::Combined, line, |record| {
            assert_eq!(record.unwrap_err(), skip, "{line}");
        });
    }
}
