//! Fastly's real-time logs in the JSON form of its documentation.
//!
//! The client is in a field that operators add. Who decided is not in it: `response_state`
//! tells of the cache.
//!
//! Source: Fastly's documentation, "Useful log formats", JSON.

use std::sync::{Arc, LazyLock};

use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};

pub(super) struct Fastly;

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (Meaning::Time, &["/timestamp", "/time_start"]),
        (Meaning::Method, &["/request_method"]),
        (Meaning::Target, &["/url"]),
        (Meaning::Status, &["/response_status"]),
        (
            Meaning::Client,
            &["/client_id", "/azp", "/consumer", "/tls_client_cert_cn"],
        ),
        (Meaning::Scopes, &["/scope"]),
        (Meaning::RequestId, &["/request_id", "/req_id"]),
        (Meaning::Host, &["/host"]),
        (Meaning::ClientIp, &["/client_ip"]),
        (Meaning::UserAgent, &["/request_user_agent"]),
    ]))
});

impl LogFormat for Fastly {
    fn name(&self) -> &'static str {
        "fastly"
    }

    fn title(&self) -> &'static str {
        "Fastly real-time logs (JSON lines)"
    }

    fn identity_help(&self) -> &'static str {
        "Fastly logs no caller by itself. Add to the log format the header or the claim that the service checked:\n    \
         \"client_id\": \"%{json.escape(req.http.X-Client-Id)}V\"\n    \
         mutual TLS: \"tls_client_cert_cn\": \"%{json.escape(tls.client.certificate.dn)}V\""
    }

    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::json(
            self,
            &FIELDS,
            "nothing more than how values are written",
        ))
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        let own = [
            "fastly_server",
            "fastly_is_edge",
            "response_state",
            "response_reason",
        ];
        let found = line.keys(&["request_method", "response_status", "url"], &own);
        if found > 3 { found } else { 0 }
    }

    fn open(&self, _: &[u8]) -> Arc<dyn RecordReader> {
        Arc::new(Requests::new(&FIELDS))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{     "timestamp": "2026-01-02T12:00:00+0000",     "client_ip": "198.51.100.23",     "host": "api.example.com",     "url": "/v1/orders?x=1",     "request_method": "GET",     "request_user_agent": "a \"b\"",     "response_state": "MISS-CLUSTER",     "response_status": 404,     "fastly_server": "cache-x",     "client_id": "erp" }"#;

    #[test]
    fn the_documented_form_is_read() {
        read(&Fastly, LINE, |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.time, record.target),
                (1_767_355_200_000, &b"/v1/orders?x=1"[..])
            );
            assert_eq!(
                (record.client, record.status),
                (Some(&b"erp"[..]), Some(404))
            );
            assert_eq!(record.user_agent, Some(&b"a \"b\""[..]));
        });
        read(&Fastly, &LINE.replace("\"url\"", "\"u\""), |record| {
            assert_eq!(record.unwrap_err(), Skip::MissingField);
        });
    }
}
