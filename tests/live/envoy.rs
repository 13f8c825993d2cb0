//! Envoy with `jwt_authn` and the recommended fields, and its default text next to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::compare::{Caller, Is, Log, Refusal};
use crate::documented;
use crate::gateway::{Places, Product};
use crate::token::KEY;

pub(crate) static PRODUCT: Product = Product {
    name: "envoy",
    program: "envoy",
    version: "--version",
    known: "/1.40.",
    lacks: |_| None,
    configure,
    ready: None,
    logs: &[
        Log {
            file: "json.log",
            format: "envoy",
            caller: Caller::Named,
            refusal: Refusal::Said,
            unusual: JSON,
        },
        Log {
            file: "text.log",
            format: "envoy",
            caller: Caller::Nobody,
            refusal: Refusal::Said,
            unusual: TEXT,
        },
    ],
};

/// The gateway could not read it as a request, and says so.
const UNREAD: Is = Is::PassedOver("other_record");

const JSON: &[(&str, Is)] = &[
    ("a raw quote and a status", UNREAD),
    ("a name in UTF-8", UNREAD),
    ("bytes that are no UTF-8", UNREAD),
    ("a raw space", UNREAD),
    ("a protocol in the path", UNREAD),
    ("a control byte", UNREAD),
    ("a delete byte", UNREAD),
    ("a tab", UNREAD),
    ("a query in UTF-8", UNREAD),
    ("a version of another protocol", UNREAD),
    ("CONNECT", UNREAD),
    ("a method in lower case", UNREAD),
    ("a method of its own", UNREAD),
    ("a method with a sign", UNREAD),
    ("a target that is too long", UNREAD),
    ("headers that are too long", UNREAD),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("a target that is no path", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("two lengths", UNREAD),
    ("a header without a colon", UNREAD),
];
const TEXT: &[(&str, Is)] = &[
    ("a raw quote and a status", UNREAD),
    ("a name in UTF-8", UNREAD),
    ("bytes that are no UTF-8", UNREAD),
    ("a raw space", UNREAD),
    ("a protocol in the path", UNREAD),
    ("a control byte", UNREAD),
    ("a delete byte", UNREAD),
    ("a tab", UNREAD),
    ("a query in UTF-8", UNREAD),
    ("a version of another protocol", UNREAD),
    ("a method in lower case", UNREAD),
    ("a method of its own", UNREAD),
    ("a method with a sign", UNREAD),
    ("a target that is too long", UNREAD),
    ("headers that are too long", UNREAD),
    ("words", UNREAD),
    ("a method alone", UNREAD),
    ("a target that is no path", UNREAD),
    ("TLS on a plain port", UNREAD),
    ("two lengths", UNREAD),
    ("a header without a colon", UNREAD),
    ("403 of the service", Is::Outcome("denied_unknown")),
];

fn configure(places: &Places<'_>) -> Vec<String> {
    let fields = documented::lines("envoy", "azp: ", 4);
    let fields: Vec<String> = fields
        .lines()
        .map(|line| format!("                  {line}"))
        .collect();
    let text = CONFIGURATION
        .replace("<fields>", fields.join("\n").trim_start())
        .replace("<key>", &BASE64.encode(KEY));
    let path = places.put("envoy.yaml", &text);
    [
        "-c",
        &path,
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--file-flush-interval-msec",
        "1",
        "--log-level",
        "error",
    ]
    .map(str::to_owned)
    .to_vec()
}

const CONFIGURATION: &str = r#"
static_resources:
  listeners:
  - name: live
    address: { socket_address: { address: 127.0.0.1, port_value: <port> } }
    additional_addresses:
    - address: { socket_address: { address: 127.0.0.1, port_value: <h2> } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: live
          delayed_close_timeout: 0.1s
          http_protocol_options: { accept_http_10: true, default_host_for_http_10: api.example.com }
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: <folder>/json.log
              log_format:
                json_format:
                  start_time: "%START_TIME%"
                  method: "%REQ(:METHOD)%"
                  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"
                  protocol: "%PROTOCOL%"
                  response_code: "%RESPONSE_CODE%"
                  response_flags: "%RESPONSE_FLAGS%"
                  upstream_host: "%UPSTREAM_HOST%"
                  authority: "%REQ(:AUTHORITY)%"
                  request_id: "%REQ(X-REQUEST-ID)%"
                  user_agent: "%REQ(USER-AGENT)%"
                  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%"
                  <fields>
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: <folder>/text.log
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: { prefix: /limited/ }
                route: { cluster: service }
                typed_per_filter_config:
                  envoy.filters.http.local_ratelimit:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                    stat_prefix: limited
                    token_bucket: { max_tokens: 1, tokens_per_fill: 1, fill_interval: 3600s }
                    filter_enabled: { default_value: { numerator: 100 } }
                    filter_enforced: { default_value: { numerator: 100 } }
              - match: { prefix: /down/ }
                route: { cluster: down }
              - match: { prefix: / }
                route: { cluster: service }
          http_filters:
          - name: envoy.filters.http.local_ratelimit
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
              stat_prefix: all
          - name: envoy.filters.http.jwt_authn
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
              providers:
                live:
                  issuer: live
                  payload_in_metadata: jwt
                  local_jwks:
                    inline_string: '{"keys":[{"kty":"oct","alg":"HS256","kid":"live","k":"<key>"}]}'
              rules:
              - match: { prefix: /public/ }
              - match: { prefix: / }
                requires: { provider_name: live }
          - name: envoy.filters.http.rbac
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
              rules:
                action: DENY
                policies:
                  powerless:
                    permissions: [{ any: true }]
                    principals:
                    - sourced_metadata:
                        metadata_matcher:
                          filter: envoy.filters.http.jwt_authn
                          path: [{ key: jwt }, { key: scope }]
                          value: { string_match: { exact: nothing } }
          - name: envoy.filters.http.buffer
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer
              max_request_bytes: 1024
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: service
    load_assignment:
      cluster_name: service
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: <service> } } }
  - name: down
    load_assignment:
      cluster_name: down
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: <closed> } } }
"#;
