//! Format strings as they stand in configurations, and lines that they write.

use super::*;
use crate::format::mapping::Mapping;
use crate::format::{LogFormat as _, Scratch, Skip};

type Read = (String, Option<String>, Option<u16>, i64);

const NOON: i64 = 1_767_355_200_000; // 2026-01-02T12:00:00Z

fn read(server: Server, string: &str, client: Option<&str>, line: &str) -> Result<Read, Skip> {
    let mapping = Mapping::of_string(server, string, client).unwrap();
    let mut scratch = Scratch::default();
    let reader = mapping.open(line.as_bytes());
    let raw = reader.parse(line.as_bytes(), &mut scratch)?;
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    Ok((
        format!("{} {}", text(raw.method), text(raw.target)),
        raw.client.map(text),
        raw.status,
        raw.time,
    ))
}

fn refused(server: Server, string: &str) -> String {
    Mapping::of_string(server, string, None).err().unwrap()
}

fn expected(target: &str, client: Option<&str>, status: u16) -> Read {
    (
        target.to_owned(),
        client.map(str::to_owned),
        Some(status),
        NOON,
    )
}

#[test]
fn nginx_text_is_read_by_its_own_line_however_it_is_copied() {
    let string = r#"$remote_addr - $remote_user [$time_iso8601] $host "$request" $status $upstream_status "$http_user_agent" "$azp""#;
    let directive = format!(
        "log_format main '{}'\n   '{}';",
        &string[..40].replace('\'', "\\'"),
        &string[40..]
    );
    let line = r#"198.51.100.23 - erp sync [2026-01-02T12:00:00+00:00] api.example.com "GET /v1/a?b=\x22 HTTP/1.1" 200 502, 200 : 200 "a \x22b\x22" "billing""#;
    for string in [string, &directive] {
        assert_eq!(
            read(Server::Nginx, string, None, line),
            Ok(expected("GET /v1/a?b=\"", Some("billing"), 200))
        );
    }
    let basic = line.replace("\"billing\"", "\"-\"");
    assert_eq!(
        read(Server::Nginx, string, None, &basic),
        Ok(expected("GET /v1/a?b=\"", Some("erp sync"), 200))
    );
}

#[test]
fn what_a_caller_writes_into_a_field_names_nobody_else() {
    let string = r#"$remote_addr $remote_user $azp [$time_iso8601] "$request" $status"#;
    // A user of basic authentication with a blank: is the caller `x`, or `y`?
    let line = r#"198.51.100.23 x y z [2026-01-02T12:00:00+00:00] "GET /a HTTP/1.1" 200"#;
    assert_eq!(
        read(Server::Nginx, string, None, line),
        Err(Skip::Malformed)
    );
    let clear = line.replace("x y z", "x z");
    assert_eq!(
        read(Server::Nginx, string, None, &clear),
        Ok(expected("GET /a", Some("z"), 200))
    );
}

#[test]
fn nginx_json_is_read_by_its_keys_with_the_escapes_of_its_kind() {
    let string = r#"escape=json '{ "when": "$time_iso8601", "who": "$http_x_client_id", "what": "$request_method $request_uri", "code": $status, "up": "$upstream_status", "n": {"x": "$remote_addr"} }'"#;
    let line = r#"{ "when": "2026-01-02T12:00:00+00:00", "who": "billing", "what": "GET /v1/a?b=c d", "code": 200, "up": "", "n": {"x": "192.0.2.1"} }"#;
    // The header is no identity by itself.
    assert_eq!(
        read(Server::Nginx, string, None, line),
        Ok(expected("GET /v1/a?b=c d", None, 200))
    );
    let named = Some("$http_x_client_id");
    assert_eq!(
        read(Server::Nginx, string, named, line),
        Ok(expected("GET /v1/a?b=c d", Some("billing"), 200))
    );
    // Its key says that it is the client.
    let string = string.replace("\"who\"", "\"client_id\"");
    let line = line.replace("\"who\"", "\"client_id\"");
    assert_eq!(
        read(Server::Nginx, &string, None, &line),
        Ok(expected("GET /v1/a?b=c d", Some("billing"), 200))
    );
    let plain = r#"{"t":"$msec","r":"$request","s":$status,"rt":$upstream_response_time}"#;
    let odd = r#"{"t":"1767355200.000","r":"GET /\x22 HTTP/1.1","s":200,"rt":}"#;
    assert_eq!(
        read(Server::Nginx, plain, None, odd),
        Ok(expected("GET /\"", None, 200))
    );
}

#[test]
fn apache_lines_are_read_in_every_form_of_its_times() {
    let common =
        r#"LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost"#;
    let line = r#"api.example.com:443 192.0.2.1 - erp sync [02/Jan/2026:12:00:00 +0000] "GET /v1/a\"\xc3\xa9 HTTP/1.1" 200 12 "-" "x \"y\"""#;
    assert_eq!(
        read(Server::Apache, common, None, line),
        Ok(expected("GET /v1/a\"é", Some("erp sync"), 200))
    );
    for (string, time) in [
        ("%{sec}t %m %U%q %>s %{OIDC_CLAIM_azp}e", "1767355200"),
        ("%{msec}t %m %U%q %>s %{OIDC_CLAIM_azp}e", "1767355200000"),
        (
            "%{%Y-%m-%dT%T}t.%{msec_frac}t%{%z}t %m %U%q %>s %{OIDC_CLAIM_azp}e",
            "2026-01-02T12:00:00.000+0000",
        ),
    ] {
        let line = format!("{time} GET /v1/a?b=1 200 erp");
        assert_eq!(
            read(Server::Apache, string, None, &line),
            Ok(expected("GET /v1/a?b=1", Some("erp"), 200)),
            "{string}"
        );
    }
    let json = r#"{ "time": "%t", "req": "%r", "status": %>s, "user": "%u" }"#;
    let line = r#"{ "time": "[02/Jan/2026:12:00:00 +0000]", "req": "GET /a\xc3\xa9 HTTP/1.1", "status": 200, "user": "erp" }"#;
    assert_eq!(
        read(Server::Apache, json, None, line),
        Ok(expected("GET /aé", Some("erp"), 200))
    );
}

#[test]
fn envoy_text_json_and_yaml_are_read() {
    let text = r#"[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_SENT% "%REQ(USER-AGENT)%" "%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:jwt:azp)%" "%REQ(X-CLIENT-ID)%"
"#;
    let line =
        r#"[2026-01-02T12:00:00.000Z] "GET /v1/a HTTP/2" 200 - 12 "x "quoted" y" "erp" "other""#;
    assert_eq!(
        read(Server::Envoy, text, None, line),
        Ok(expected("GET /v1/a", Some("erp"), 200))
    );
    assert_eq!(
        read(Server::Envoy, text, Some("%REQ(X-CLIENT-ID)%"), line),
        Ok(expected("GET /v1/a", Some("other"), 200))
    );
    let forged = line.replace("x \"quoted\" y", "x\" \"billing\" \"y");
    assert_eq!(
        read(Server::Envoy, text, None, &forged),
        Err(Skip::Malformed)
    );
    let yaml = "log_format:\n  json_format:\n    ts: \"%START_TIME(%s.%3f)%\"\n    verb: \"%REQ(:METHOD)%\"\n    where: \"%REQ(:PATH)%\"\n    code: \"%RESPONSE_CODE%\"\n    flags: \"%RESPONSE_FLAGS%\"\n    client_id: \"%REQ(X-CLIENT-ID)%\"\n";
    let json = r#"{"json_format":{"ts":"%START_TIME(%s.%3f)%","verb":"%REQ(:METHOD)%","where":"%REQ(:PATH)%","code":"%RESPONSE_CODE%","flags":"%RESPONSE_FLAGS%","client_id":"%REQ(X-CLIENT-ID)%"}}"#;
    let line = r#"{"ts":"1767355200.000","verb":"GET","where":"/v1/a","code":403,"flags":"UAEX","client_id":"erp"}"#;
    for string in [yaml, json] {
        assert_eq!(
            read(Server::Envoy, string, None, line),
            Ok(expected("GET /v1/a", Some("erp"), 403))
        );
    }
    let cut = text.replace("PATH)%", "PATH):5%");
    let line = r#"[2026-01-02T12:00:00.000Z] "GET /v1/a HTTP/2" 200 - 12 "x" "erp" "other""#;
    assert_eq!(read(Server::Envoy, &cut, None, line), Err(Skip::Malformed));
}

#[test]
fn haproxy_lines_are_read_with_their_flags_and_states() {
    let string = r#"log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[var(txn.azp)]""#;
    let line = r#"198.51.100.23:33317 [02/Jan/2026:12:00:00.000] fe~ orders/srv1 0/0/1/21/24 200 1843 - - ---- 3/3/1/1/0 0/0 {a|b} {} "GET /v1/a?b=#22 HTTP/1.1" erp"#;
    assert_eq!(
        read(Server::Haproxy, string, None, line),
        Ok(expected("GET /v1/a?b=\"", Some("erp"), 200))
    );
    // HAProxy keeps 1023 bytes of a request line, and closes the quote after them.
    let cut = |request: &str| line.replace("GET /v1/a?b=#22 HTTP/1.1", request);
    assert_eq!(
        read(Server::Haproxy, string, None, &cut("GET /v1/a")),
        Err(Skip::Malformed)
    );
    assert_eq!(
        read(
            Server::Haproxy,
            string,
            None,
            &cut("GET /v1/a").replace(" 200 ", " 400 ")
        ),
        Err(Skip::Malformed),
        "the service may have said that"
    );
    assert_eq!(
        read(Server::Haproxy, string, None, &cut("GET /v1/a?b=")),
        Ok(expected("GET /v1/a?b=", Some("erp"), 200))
    );
    let bad = cut("<BADREQ>");
    assert_eq!(
        read(Server::Haproxy, string, None, &bad),
        Err(Skip::OtherRecord)
    );
    let json = r#"{"t":%Ts,"m":"%HM","p":"%HP%HQ","s":%ST,"azp":"%[var(txn.azp),json(utf8s)]"}"#;
    let line = r#"{"t":1767355200,"m":"GET","p":"/v1/a?x=1","s":200,"azp":"erp"}"#;
    assert_eq!(
        read(Server::Haproxy, json, None, line),
        Ok(expected("GET /v1/a?x=1", Some("erp"), 200))
    );
}

#[test]
fn what_nginx_could_not_read_is_no_record_and_a_served_request_without_a_target_is_rejected() {
    let string = "$msec $jwt_claim_azp $request_method $request_uri $status";
    let of = |status: &str| {
        let line = format!("1767355200.000 - - - {status}");
        read(Server::Nginx, string, None, &line)
    };
    assert_eq!(of("400"), Err(Skip::OtherRecord));
    assert_eq!(of("414"), Err(Skip::OtherRecord));
    assert_eq!(of("200"), Err(Skip::MissingField));
    assert_eq!(of("403"), Err(Skip::MissingField));
    let request = |status: &str| {
        let line = format!(r#"1767355200.000 - "GET /v1/a b/c" {status}"#);
        let string = r#"$msec $jwt_claim_azp "$request" $status"#;
        read(Server::Nginx, string, None, &line)
    };
    assert_eq!(request("400"), Err(Skip::OtherRecord));
    assert_eq!(request("200"), Err(Skip::Malformed));
}

#[test]
fn goaccess_formats_are_read_with_their_date_and_time() {
    let line =
        r#"192.0.2.1 - erp [02/Jan/2026:13:00:00 +0100] "GET /v1/a HTTP/1.1" 200 12 "-" "x""#;
    assert_eq!(
        read(Server::Goaccess, "COMBINED", None, line),
        Ok(expected("GET /v1/a", None, 200))
    );
    let lines = "time-format %H:%M:%S\ndate-format %Y-%m-%d\nlog-format %d %t %h %e %m %U %s";
    let line = "2026-01-02 12:00:00 192.0.2.1 erp GET /v1/a 200";
    assert_eq!(
        read(Server::Goaccess, lines, None, line),
        Ok(expected("GET /v1/a", Some("erp"), 200))
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place_and_what_is_missing() {
    let adjacent = refused(
        Server::Nginx,
        r#"$remote_addr$remote_user [$time_local] "$request" $status"#,
    );
    assert!(
        adjacent.starts_with("character 13, `$remote_user [$time_loca…`: nothing is between"),
        "{adjacent}"
    );
    let silent = refused(Server::Nginx, r#"$remote_addr "$request" $body_bytes_sent"#);
    assert!(
        silent.contains("the time, the status") && silent.contains("$remote_addr $request"),
        "{silent}"
    );
    assert!(refused(Server::Apache, "%h %t %").contains("character 7"));
    assert!(refused(Server::Envoy, "[%START_TIME] x").contains("character 2"));
    assert!(refused(Server::Goaccess, "%h %d x %r").contains("stand together"));
    assert!(
        refused(
            Server::Nginx,
            r#"{"a":"$request", "b":$status $time_local}"#
        )
        .contains("is none")
    );
    let client = Mapping::of_string(
        Server::Nginx,
        r#"[$time_local] "$request" $status $http_x_app"#,
        Some("$http_x_ap"),
    );
    assert!(
        client
            .err()
            .unwrap()
            .contains("did you mean `$http_x_app`?")
    );
    assert!(
        stated("ngnix:x")
            .unwrap_err()
            .contains("did you mean `nginx`?")
    );
    assert!(!is_stated("acme.toml") && !is_stated("kong"));
}

#[test]
fn a_header_in_the_line_is_named_where_nobody_else_is() {
    let string = r#"[$time_local] "$request" $status $http_x_app"#;
    let mapping = Mapping::of_string(Server::Nginx, string, None).unwrap();
    assert!(
        mapping
            .identity_help()
            .contains("--log-client '$http_x_app'")
    );
}
