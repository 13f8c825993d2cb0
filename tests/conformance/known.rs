//! What is known of the real logs: their formats, and where what is read is different on purpose.

/// The formats of the files in a folder.
pub(crate) const FORMATS: [(&str, &[&str]); 20] = [
    ("apache", &["combined"]),
    ("apisix", &["apisix"]),
    ("aws-alb", &["aws-alb"]),
    ("aws-cloudfront", &["w3c"]),
    ("aws-cloudtrail", &["cloudtrail"]),
    ("caddy", &["caddy"]),
    ("cloudflare", &["cloudflare"]),
    ("ecs", &["ecs"]),
    ("envoy", &["envoy"]),
    ("fastly", &["fastly"]),
    ("gcp-audit", &["gcp-audit"]),
    ("gcp-lb", &["gcp-requests"]),
    ("haproxy", &["haproxy"]),
    ("kong", &["combined"]),
    ("kubernetes-audit", &["kubernetes-audit"]),
    ("nginx", &["combined", "nginx-json"]),
    ("ocsf", &["ocsf", "ecs"]),
    ("otlp", &["otlp", "ecs"]),
    ("traefik", &["traefik", "combined"]),
    ("w3c-iis", &["w3c"]),
];

/// Files that are no request log, and what they are refused as.
pub(crate) const REFUSED: [(&str, &str); 5] = [
    (
        "okta-auth0/panther--okta_idp_signin.jsonl",
        "an Okta system log",
    ),
    (
        "okta-auth0/panther--auth0_custom_role_created.jsonl",
        "an Auth0 tenant log",
    ),
    (
        "azure-activity/panther--azure_disk_deleted.jsonl",
        "an Azure activity",
    ),
    (
        "nginx/elastic-examples--nginxplus_json_logs",
        "status counters of NGINX Plus",
    ),
    ("ecs/lnav--logfile_ecs_log.json", "messages of applications"),
];

/// Files that are not read, or not wholly, and why that is right: a part of their name, the reason.
pub(crate) const NOT_READ: &[(&str, &str)] = &[
    (
        "apache/crowdsec-base-upsun",
        "one line in an envelope of its own, which names its service within the message",
    ),
    (
        "aws-cloudtrail/panther--",
        "records that were made to test rules: some have no time",
    ),
    (
        "ecs/lnav--logfile_ecs_log.json",
        "messages of an application",
    ),
    (
        "gcp-audit/panther--",
        "records that were made to test rules: some have no time",
    ),
    (
        "gcp-lb/panther--",
        "records that were made to test rules: some have no time or no URL",
    ),
    (
        "kubernetes-audit/panther--",
        "records that were made to test rules: most have no time, and three clouds are in one file",
    ),
    (
        "nginx/crowdsec-nginx-http-malformed",
        "no line is a request: all are garbage that NGINX answered with 400",
    ),
    (
        "nginx/elastic-examples--nginxplus_json_logs",
        "status counters of NGINX Plus",
    ),
    (
        "otlp/lnav--logfile_otel_collector",
        "records without HTTP requests",
    ),
    ("w3c-iis/lnav--logfile_w3c.2", "a log of FTP"),
    (
        "w3c-iis/lnav--logfile_w3c.5",
        "a header with fewer names than its row has cells",
    ),
];

/// Fields that differ, and why that is right: file, what is stated, reason.
pub(crate) const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "base-upsun-httplog-logs--parser.assert",
        "target: \"/{secret}\"",
        "a segment that may be a secret is masked",
    ),
    (
        "haproxy_tests.yaml",
        "{secret}",
        "a segment that may be a secret is masked",
    ),
    (
        "haproxy_tests.yaml",
        "/haproxy_stats/;csv;norefresh",
        "parameters of a segment are no part of the path of an operation",
    ),
    (
        "aws-alb-logs--parser.assert",
        "/%2e%2e/",
        "a path is decoded once, and what would be a dot segment stays encoded",
    ),
    (
        "nginx-http-malformed--parser.assert",
        "other_record 1",
        "garbage that NGINX answered with 400 is no request",
    ),
    (
        "iis_tests.yaml",
        "not recognised",
        "a row without the header that names its columns",
    ),
];
