//! A request as Kong's file-log plugin writes it.

use crate::lines::{Request, decimal, push};

const SERVICE: &str = "5a1c0b7e-9d3f-4a6b-8c2d-1e0f9a8b7c6d";

/// Appends the JSON object.
pub(crate) fn write(request: &Request<'_>, out: &mut Vec<u8>) {
    inbound(request, out);
    answer(request, out);
    if !request.junk {
        route(request.route.noun, out);
    }
    identity(request, out);
}

/// The gateway itself answers unknown paths and unknown callers.
fn by_gateway(request: &Request<'_>) -> bool {
    request.junk || request.status == 401
}

fn inbound(request: &Request<'_>, out: &mut Vec<u8>) {
    push!(out, r#"{"request":{"id":""#);
    request.request_id(out);
    push!(out, r#"","uri":""#);
    slashes(out, request.path);
    push!(out, r#"","url":"https:\/\/api.example.com:443"#);
    slashes(out, request.path);
    push!(
        out,
        r#"","querystring":{},"method":""#,
        request.route.method
    );
    push!(
        out,
        r#"","headers":{"host":"api.example.com","accept":"application\/json","x-request-id":""#
    );
    request.request_id(out);
    push!(out, r#"","authorization":"REDACTED","user-agent":""#);
    let mut agent = Vec::with_capacity(128);
    request.agent(&mut agent);
    slashes(out, &agent);
    push!(out, r#""},"size":"#);
    decimal(out, 200 + request.bytes % 900);
    push!(
        out,
        r#","tls":{"version":"TLSv1.3","cipher":"TLS_AES_256_GCM_SHA384","client_verify":"NONE"}},"upstream_uri":""#
    );
    slashes(out, request.path);
}

fn answer(request: &Request<'_>, out: &mut Vec<u8>) {
    push!(out, r#"","upstream_status":""#);
    if !by_gateway(request) {
        decimal(out, request.status);
    }
    push!(out, r#"","response":{"status":"#);
    decimal(out, request.status);
    push!(
        out,
        r#","headers":{"content-type":"application\/json; charset=utf-8","via":"1.1 kong\/3.9.0","content-length":""#
    );
    decimal(out, request.bytes);
    push!(out, r#""},"size":"#);
    decimal(out, request.bytes + 300);
    push!(out, r#"},"latencies":{"kong":2,"proxy":"#);
    if by_gateway(request) {
        push!(out, "-1");
    } else {
        decimal(out, request.millis);
    }
    push!(out, r#","request":"#);
    decimal(out, request.millis + 2);
    push!(
        out,
        r#","receive":0},"tries":[{"ip":"192.0.2.7","port":8080,"balancer_start":"#
    );
    decimal(out, request.stamp.millis);
    push!(out, r#","balancer_latency":0}]"#);
}

fn route(noun: &str, out: &mut Vec<u8>) {
    push!(
        out,
        r#","route":{"id":"8d2e6f10-44c1-4f6e-9a57-20f5a1b3c9d4","name":""#,
        noun
    );
    push!(
        out,
        r#"","paths":["\/"],"protocols":["https"],"strip_path":false,"service":{"id":""#,
        SERVICE
    );
    push!(
        out,
        r#""}},"service":{"id":""#,
        SERVICE,
        r#"","name":""#,
        noun,
        r#"-svc","host":""#,
        noun
    );
    push!(
        out,
        r#".internal","port":8080,"protocol":"http","path":"\/"}"#
    );
}

fn identity(request: &Request<'_>, out: &mut Vec<u8>) {
    if let Some(client) = request.known() {
        push!(
            out,
            r#","authenticated_entity":{"id":""#,
            &client.uuid,
            r#"","consumer_id":""#,
            &client.uuid
        );
        push!(
            out,
            r#""},"consumer":{"id":""#,
            &client.uuid,
            r#"","username":""#,
            &client.name
        );
        push!(out, r#"","custom_id":""#, &client.name, r#""}"#);
    }
    push!(
        out,
        r#","client_ip":""#,
        &request.client.address,
        r#"","started_at":"#
    );
    decimal(out, request.stamp.millis);
    push!(
        out,
        r#","source":""#,
        if by_gateway(request) {
            "kong"
        } else {
            "upstream"
        }
    );
    push!(
        out,
        r#"","workspace":"0dadeb36-5d2f-4d3b-8a8a-8d1c9b7a4f52","workspace_name":"default"}"#
    );
}

/// Appends a string with every slash escaped, as Kong's JSON encoder does.
fn slashes(out: &mut Vec<u8>, text: &[u8]) {
    for (at, part) in text.split(|byte| *byte == b'/').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\\/");
        }
        out.extend_from_slice(part);
    }
}
