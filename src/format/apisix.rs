//! Apache APISIX: file-logger, http-logger, kafka-logger and the others with the same default
//! entry (JSON).
//!
//! The client is the consumer whom an authentication plugin found; it is absent when none did.
//!
//! Who decided: without `upstream` APISIX answered itself.
//!
//! Source: `apisix/utils/log-util.lua`. Headers are dumped whole: `authorization` is not
//! looked at. `service_id` is the host when no route matched, and plays no part.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::AnsweredBy;

pub(super) struct Apisix;

const UPSTREAM: Meaning = Meaning::Own(0);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/start_time"]),
        (Meaning::Method, &["/request/method"]),
        (Meaning::Target, &["/request/uri", "/request/url"]),
        (Meaning::Status, &["/response/status"]),
        (UPSTREAM, &["/upstream"]),
        (
            Meaning::Client,
            &["/consumer/username", "/consumer/consumer_name"],
        ),
        (Meaning::Host, &["/request/headers/host"]),
        (Meaning::ClientIp, &["/client_ip"]),
        (Meaning::UserAgent, &["/request/headers/user-agent"]),
        (Meaning::RequestId, &["/request/headers/x-request-id"]),
        (
            Meaning::KeyShown,
            &["/request/headers/apikey", "/request/headers/x-api-key"],
        ),
    ]))
});

impl LogFormat for Apisix {
    fn name(&self) -> &'static str {
        "apisix"
    }

    fn title(&self) -> &'static str {
        "Apache APISIX loggers with their default entry (JSON)"
    }

    fn identity_help(&self) -> &'static str {
        "APISIX logs `consumer` when an authentication plugin (key-auth, jwt-auth, ...) identified one: enable it on \
         the route. For openid-connect without consumers write the entry yourself, in the plugin metadata of the \
         logger:\n    \
         log_format: {\"time\":\"$time_iso8601\",\"client_id\":\"$http_x_client_id\",\"request_method\":\"$request_method\",\
         \"request_uri\":\"$request_uri\",\"status\":\"$status\",\"upstream_status\":\"$upstream_status\"}"
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "who answered is told by `upstream`, and the list that http-logger sends is taken apart",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let own = [
            "apisix_latency",
            "route_id",
            "service_id",
            "upstream_latency",
        ];
        let found = line.keys(&["start_time", "request/method", "response/status"], &own);
        if found > 3 { found } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Requests::new(&FIELDS).and(|declared, fields, record| {
            record.answered_by = match declared.text(fields, UPSTREAM) {
                Some(_) => AnsweredBy::Upstream,
                None => AnsweredBy::Gateway,
            };
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"client_ip":"198.51.100.23","route_id":"orders","service_id":"svc-1","consumer":{"username":"erp_sync"},"start_time":1767355200117.5,"latency":24.1,"upstream_latency":21,"apisix_latency":3.1,"upstream":"192.0.2.7:8080","request":{"method":"GET","uri":"/v1/orders/42?expand=items","url":"https://api.example.com:443/v1/orders/42?expand=items","querystring":{"expand":"items"},"headers":{"host":"api.example.com","authorization":"Bearer x"},"size":512},"response":{"status":200,"headers":{},"size":1843}}"#;

    #[test]
    fn the_default_entry_gives_every_field() {
        read(&Apisix, LINE, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.time, record.target),
                (1_767_355_200_117, &b"/v1/orders/42?expand=items"[..])
            );
            assert_eq!(
                (record.client, record.status),
                (Some(&b"erp_sync"[..]), Some(200))
            );
            assert_eq!(record.answered_by, AnsweredBy::Upstream);
        });
    }

    #[test]
    fn without_an_upstream_apisix_answered_and_a_host_is_no_client() {
        let refused = LINE
            .replace(r#""consumer":{"username":"erp_sync"},"#, "")
            .replace(r#""upstream":"192.0.2.7:8080","#, "")
            .replace(
                r#""service_id":"svc-1""#,
                r#""service_id":"api.example.com""#,
            )
            .replace("\"status\":200", "\"status\":401");
        read(&Apisix, &refused, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.client, record.answered_by),
                (None, AnsweredBy::Gateway)
            );
        });
        read(&Apisix, &LINE[..200], |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
    }
}
