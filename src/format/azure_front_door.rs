//! Azure Front Door and Azure CDN, categories `FrontDoorAccessLog`, `FrontdoorAccessLog` (classic)
//! and `AzureCdnAccessLog` (JSON of diagnostic settings).
//!
//! The target is absolute, with a port. There is no client in it.
//!
//! Invariant: a request that an edge passed on within Front Door is logged twice. The second
//! (`isReceivedFromClient` false) is no request of a caller.
//!
//! Who decided: where an origin is named the service answered; where the line has none with a
//! refusal, Front Door did (a rule, or the firewall).
//!
//! Source: Azure's reference of the access logs of both generations.

use std::sync::{Arc, LazyLock};

use super::azure::{self, CATEGORY};
use super::declared::{Declared, Meaning};
use super::requests::Requests;
use super::{LogFormat, RecordReader, SampleLine};
use crate::model::AnsweredBy;

pub(super) struct FrontDoor;

const ORIGIN: Meaning = Meaning::Own(1);
/// False for what one of its own machines asked for.
const FROM_CLIENT: Meaning = Meaning::Own(2);

static FIELDS: LazyLock<Arc<Declared>> = LazyLock::new(|| {
    Arc::new(Declared::new(&[
        (CATEGORY, azure::CATEGORIES),
        (Meaning::Time, &["/time", "/TimeGenerated"]),
        (
            Meaning::Method,
            &["/properties/httpMethod", "/httpMethod_s"],
        ),
        (
            Meaning::Target,
            &["/properties/requestUri", "/requestUri_s"],
        ),
        (
            Meaning::Status,
            &[
                "/properties/httpStatusCode",
                "/httpStatusCode_s",
                "/httpStatusCode_d",
            ],
        ),
        (
            ORIGIN,
            &[
                "/properties/originIp",
                "/properties/originName",
                "/properties/originUrl",
                "/properties/backendHostname",
                "/originName_s",
                "/backendHostname_s",
            ],
        ),
        (
            FROM_CLIENT,
            &[
                "/properties/isReceivedFromClient",
                "/isReceivedFromClient_b",
            ],
        ),
        (
            Meaning::RequestId,
            &["/properties/trackingReference", "/trackingReference_s"],
        ),
        (
            Meaning::Host,
            &["/properties/hostName", "/properties/hostname"],
        ),
        (
            Meaning::ClientIp,
            &[
                "/properties/clientIp",
                "/properties/clientIP",
                "/clientIp_s",
            ],
        ),
        (
            Meaning::UserAgent,
            &["/properties/userAgent", "/userAgent_s"],
        ),
    ]))
});

impl LogFormat for FrontDoor {
    fn name(&self) -> &'static str {
        "azure-front-door"
    }

    fn title(&self) -> &'static str {
        "Azure Front Door and Azure CDN access logs (JSON)"
    }

    fn identity_help(&self) -> &'static str {
        "Front Door names no caller, whatever is configured. Read the log of what stands after it: API Management, \
         or the service itself with the client in each line"
    }

    fn recognises(&self, line: &SampleLine<'_>) -> u32 {
        if azure::is_of(line, &azure::FRONT_DOOR) {
            4 + line.keys(
                &["properties/requestUri"],
                &["properties/trackingReference"],
            )
        } else {
            0
        }
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let reader = Requests::new(&FIELDS)
            // Of the firewall and of health probes, and what its own machines asked for.
            .passing_over(|declared, fields| {
                let mut inner = declared.of(FROM_CLIENT).iter();
                let inner = inner.find_map(|slot| fields.raw(*slot));
                inner.is_some_and(|own| own.eq_ignore_ascii_case(b"false"))
                    || azure::is_other(declared, fields, &azure::FRONT_DOOR)
            })
            .and(|declared, fields, record| {
                let origin = declared
                    .of(ORIGIN)
                    .iter()
                    .filter_map(|slot| fields.text(*slot))
                    .find(|own| !own.eq_ignore_ascii_case(b"N/A"));
                let refused = matches!(record.status, Some(401 | 403 | 429));
                record.answered_by = match origin {
                    Some(_) => AnsweredBy::Upstream,
                    None if refused && declared.has(fields, ORIGIN) => AnsweredBy::Gateway,
                    None => AnsweredBy::Unknown,
                };
            });
        azure::open(reader, sample, &[], |_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Skip;
    use super::super::testing::read;
    use super::*;

    const LINE: &str = r#"{"time":"2026-01-02T12:00:00.1170000Z","resourceId":"/SUBSCRIPTIONS/0/PROVIDERS/MICROSOFT.CDN/PROFILES/FD","category":"FrontDoorAccessLog","operationName":"Microsoft.Cdn/Profiles/AccessLog/Write","properties":{"trackingReference":"0abc","httpMethod":"GET","httpVersion":"2.0.0.0","requestUri":"https://api.example.com:443/v1/orders/42?expand=items","userAgent":"okhttp/4","clientIp":"198.51.100.23","clientPort":"4711","socketIp":"198.51.100.23","httpStatusCode":"200","pop":"LHR","cacheStatus":"CONFIG_NOCACHE","errorInfo":"NoError","hostName":"api.example.com","originIp":"192.0.2.7:443","originName":"orders.example.net:443"}}"#;

    #[test]
    fn the_documented_shape_gives_every_field() {
        let embedded = {
            let (head, object) = LINE.split_once(r#""properties":"#).unwrap();
            let object = object.strip_suffix('}').unwrap();
            format!(
                r#"{head}"properties":{}}}"#,
                serde_json::to_string(object).unwrap()
            )
        };
        let classic = LINE.replace("FrontDoorAccessLog", "FrontdoorAccessLog");
        for line in [LINE, &embedded, &classic] {
            read(&FrontDoor, line, |record| {
                let record = record.unwrap();
                assert_eq!((record.time, record.status), (1_767_355_200_117, Some(200)));
                assert_eq!(
                    record.target,
                    b"https://api.example.com:443/v1/orders/42?expand=items"
                );
                assert_eq!(record.request_id, Some(&b"0abc"[..]));
                assert_eq!(
                    (record.client, record.answered_by),
                    (None, AnsweredBy::Upstream)
                );
            });
        }
    }

    #[test]
    fn a_refusal_without_an_origin_is_of_front_door() {
        let own = LINE
            .replace("192.0.2.7:443", "N/A")
            .replace("orders.example.net:443", "")
            .replace(r#""200""#, r#""403""#);
        read(&FrontDoor, &own, |record| {
            assert_eq!(record.unwrap().answered_by, AnsweredBy::Gateway);
        });
    }

    #[test]
    fn what_no_caller_asked_for_is_passed_over() {
        let shield = LINE.replace(
            r#""httpMethod""#,
            r#""isReceivedFromClient":false,"httpMethod""#,
        );
        let firewall = LINE.replace("FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog");
        let probe = LINE.replace("FrontDoorAccessLog", "FrontDoorHealthProbeLog");
        for other in [&shield, &firewall, &probe] {
            read(&FrontDoor, other, |record| {
                assert_eq!(record.unwrap_err(), Skip::OtherRecord, "{other}");
            });
        }
        read(
            &FrontDoor,
            &LINE.replace("\"httpMethod\"", "\"m\""),
            |record| {
                assert_eq!(record.unwrap_err(), Skip::MissingField);
            },
        );
    }
}
