//! The objects that log shippers, log stores and cloud services put around a record.
//!
//! A further shipper is a line of [`SHIPPERS`]; how the table is used is told in `inner.rs`.

/// What holds the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A string, or the list of its bytes.
    Text,
    /// An object.
    Object,
    Either,
}

/// One place where a shipper puts the record.
pub(super) struct Shipper {
    /// Keys from the outside in, with dots between them, as the shippers themselves write it
    /// (`event.original` is also a key).
    pub(super) at: &'static str,
    pub(super) takes: Takes,
    /// One of these keys comes with it.
    pub(super) with: &'static [&'static str],
    /// With one of these, the object is a record itself.
    pub(super) without: &'static [&'static str],
    /// Nothing else looks like this, so that what is inside is not looked at.
    pub(super) sure: bool,
}

impl Shipper {
    const fn new(at: &'static str, takes: Takes, with: &'static [&'static str]) -> Self {
        Self {
            at,
            takes,
            with,
            without: &OWN,
            sure: false,
        }
    }

    const fn text(at: &'static str, with: &'static [&'static str]) -> Self {
        Self::new(at, Takes::Text, with)
    }

    const fn object(at: &'static str, with: &'static [&'static str]) -> Self {
        Self::new(at, Takes::Object, with)
    }

    const fn unless(self, without: &'static [&'static str]) -> Self {
        Self { without, ..self }
    }

    const fn sure(self) -> Self {
        Self { sure: true, ..self }
    }
}

/// Keys of records that tell of a request: ECS, and what gateways write.
static OWN: [&str; 21] = [
    "class_uid",
    "eventName",
    "auditID",
    "http_request",
    "route",
    "ClientRequestMethod",
    "url",
    "url.path",
    "url.original",
    "url.full",
    "method",
    "request_method",
    "requestMethod",
    "httpMethod",
    "RequestMethod",
    "request_uri",
    "requestURI",
    "httpRequest",
    "protoPayload",
    "client_id",
    "consumer",
];

/// No other key is in the object.
const ALONE: &str = "";

/// Google Cloud's `LogEntry`.
static ENTRY: [&str; 4] = ["insertId", "logName", "resource", "receiveTimestamp"];
/// What the payloads of Google's own gateways and load balancers have: their time is outside.
static PAYLOADS: [&str; 7] = [
    "httpRequest",
    "protoPayload",
    "jsonPayload.api_name",
    "jsonPayload.api_method",
    "jsonPayload.http_method",
    "jsonPayload.http_response_code",
    "jsonPayload.statusDetails",
];
/// Azure's diagnostic settings.
static AZURE: [&str; 3] = ["category", "operationName", "resourceId"];

/// Every place, the most telling first.
pub(super) static SHIPPERS: &[Shipper] = &[
    // Docker's json-file driver, its fluentd driver, Fluent Bit and Fluentd, with and without
    // the filter for Kubernetes.
    Shipper::text(
        "log",
        &[
            "stream",
            "time",
            "date",
            "@timestamp",
            "timestamp",
            "kubernetes",
            "container_name",
            "container_id",
            "tag",
        ],
    )
    .unless(&[])
    .sure(),
    // The same in the forward protocol, which has tag and time outside of the object.
    Shipper::text("log", &[ALONE]),
    // Fluent Bit: `Merge_Log_Key log_processed` in place of `log`.
    Shipper::object(
        "log_processed",
        &["stream", "time", "date", "@timestamp", "kubernetes"],
    ),
    // Filebeat, Elastic Agent and Logstash, where a pipeline keeps what it parsed.
    Shipper::text(
        "event.original",
        &["@timestamp", "@version", "agent", "ecs"],
    ),
    // Filebeat and Elastic Agent (`agent`, `log`, `input`, in version 6 `beat`, `offset`),
    // Logstash (`@version`), Vector (`source_type`), Fluent Bit (`logtag`), Stern (`podName`),
    // CloudWatch (`logStreamName`, `eventId`, and `id` in a subscription), Datadog (`ddsource`,
    // `_id` in archives), syslog receivers.
    Shipper::text(
        "message",
        &[
            "agent",
            "beat",
            "log",
            "log.file.path",
            "log.offset",
            "input",
            "input.type",
            "host",
            "host.name",
            "hostname",
            "@version",
            "@metadata",
            "source_type",
            "file",
            "kubernetes",
            "stream",
            "logtag",
            "container",
            "container_name",
            "container_id",
            "docker",
            "tag",
            "tags",
            "podName",
            "containerName",
            "logStreamName",
            "ingestionTime",
            "eventId",
            "id",
            "_id",
            "ddsource",
            "ddtags",
            "service",
            "source",
            "facility",
            "syslog",
            "fileset",
            "data_stream",
            "ecs",
            "ecs.version",
            "event",
            "fields",
            "offset",
            "path",
            "program",
            "appname",
            "component",
        ],
    ),
    // Filebeat: `json.keys_under_root: false`.
    Shipper::object(
        "json",
        &["agent", "beat", "input", "log.file.path", "@metadata"],
    ),
    // systemd's journal (`journalctl -o json`) and syslog-ng (`PROGRAM`).
    Shipper::text(
        "MESSAGE",
        &[
            "__REALTIME_TIMESTAMP",
            "__CURSOR",
            "_SYSTEMD_UNIT",
            "SYSLOG_IDENTIFIER",
            "_TRANSPORT",
            "PRIORITY",
            "PROGRAM",
            "FACILITY",
        ],
    ),
    // Elasticsearch and OpenSearch: hits of a search, elasticdump, the update action of _bulk.
    Shipper::object("_source", &["_index", "_id", "_type", "_score"])
        .unless(&[])
        .sure(),
    Shipper::object("doc", &[ALONE, "doc_as_upsert", "detect_noop"]),
    // Splunk: rows of an export, and what its HTTP Event Collector is sent.
    Shipper::text("result._raw", &["preview", "offset", "lastrow"]),
    Shipper::text(
        "_raw",
        &[
            ALONE,
            "_time",
            "_indextime",
            "_cd",
            "_bkt",
            "sourcetype",
            "source",
            "host",
        ],
    ),
    Shipper::new("event", Takes::Either, &["sourcetype", "index", "source"]),
    // Loki: `logcli --output=jsonl`, and the download of Grafana.
    Shipper::text("line", &["timestamp", "labels", "date", "fields"]),
    // Datadog: both versions of its search, and archives.
    Shipper::text("attributes.message", &["type", "id"]),
    Shipper::object("attributes.attributes", &["type", "id"]),
    Shipper::text("content.message", &["id"]),
    Shipper::object("content.attributes", &["id"]),
    Shipper::object("attributes", &["_id"]),
    // Google Cloud Logging around what a container or an agent wrote.
    Shipper::text("textPayload", &ENTRY),
    Shipper::text("jsonPayload.message", &ENTRY),
    Shipper::text("jsonPayload.log", &ENTRY),
    Shipper::object("jsonPayload", &ENTRY).unless(&PAYLOADS),
    // Azure: control planes of Kubernetes, App Service, Container Apps, Container Insights.
    Shipper::text("properties.log", &AZURE),
    Shipper::text("properties.Log", &AZURE),
    Shipper::text("resultDescription", &AZURE),
    Shipper::text(
        "LogMessage",
        &["PodName", "ContainerName", "LogSource", "ContainerId"],
    ),
    Shipper::text(
        "LogEntry",
        &["ContainerID", "ContainerName", "LogEntrySource"],
    ),
    // AWS: `cloudtrail lookup-events`, EventBridge, the catalogue of OpenSearch.
    Shipper::text("CloudTrailEvent", &["EventId", "EventName", "EventSource"]).sure(),
    Shipper::object("detail", &["detail-type"]),
    Shipper::object("aws.cloudtrail", &["@timestamp", "cloud", "event"]),
    // OpenTelemetry: a record of a file that the collector read; the same in OpenSearch.
    Shipper::text(
        "body.stringValue",
        &["timeUnixNano", "observedTimeUnixNano"],
    ),
    Shipper::text(
        "body",
        &[
            "observedTimestamp",
            "instrumentationScope",
            "@timestamp",
            "attributes",
        ],
    )
    // OpenSearch's schema for observability: the request is in the object, whatever the text says.
    .unless(&["http.url", "url", "method"]),
    // Graylog (GELF): the short message may be the beginning of the full one.
    Shipper::text("full_message", &["short_message", "version"]),
    Shipper::text("short_message", &["version", "host"]),
    // rsyslog's template for JSON, kcat (`-J`).
    Shipper::text("msg", &["syslogtag", "syslog-tag", "programname"]),
    Shipper::text("payload", &["topic", "partition"]),
];

/// Keys, and what they hold where the record is not whole: Filebeat, the container runtime's tag as Fluent Bit
/// keeps it, Docker's drivers for fluentd and for the journal, Vector, Google Cloud.
pub(super) static CUT: [(&str, &[u8]); 8] = [
    ("log.flags", b"truncated"),
    ("logtag", b"\"P\""),
    ("partial_message", b"true"),
    ("CONTAINER_PARTIAL_MESSAGE", b"true"),
    ("_partial", b"true"),
    ("partial", b"true"),
    ("split", b"totalSplits"),
    ("truncated", b"true"),
];

/// Attributes of OpenTelemetry that tell of a request: the record is read by them.
pub(super) static ATTRIBUTES: [&[u8]; 2] = [b"\"http.", b"\"url."];

/// Keys of the lines of `_bulk` that say what is to be done with the next one.
pub(super) static ACTIONS: [&str; 4] = ["index", "create", "update", "delete"];
