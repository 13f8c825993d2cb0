//! Envoy, which is the proxy of Istio, with the `EnvoyFilter` that `scopetrim enforce` wrote put
//! in as Istio puts it in, behind a filter for tokens as Istio writes it.
//!
//! Istio itself does not run here. What it makes of the resources is taken from its sources
//! (`pilot/pkg/security/authn/policy_applier.go`, `pilot/pkg/networking/core/listener_builder.go`,
//! `pilot/pkg/networking/core/envoyfilter/listener_patch.go`, `pkg/bootstrap/config.go`).

use serde_json::{Value, json};

use crate::enforced::{
    Caller, ask, envoy_configuration, envoy_with, product, table, world, written,
};
use crate::gateway::{Gateway, Places, Product};
use crate::service::{AGENT, Service};
use crate::yaml;

/// `pathNormalization` of the mesh.
static NORMALIZATIONS: [(&str, Product); 3] = [
    ("NONE", product("envoy", "--version", none)),
    ("BASE", product("envoy", "--version", base)),
    (
        "DECODE_AND_MERGE_SLASHES",
        product("envoy", "--version", decode),
    ),
];

/// With the rules as shadow rules.
static SHADOW: Product = product("envoy", "--version", shadow);

/// Has the rules refuse nothing, and say in the access log what they would have refused.
pub(crate) fn first_week() {
    let service = Service::start();
    let mut gateway = match Gateway::start(&SHADOW, &service) {
        Ok(gateway) => gateway,
        Err(reason) => {
            println!("live: enforce istio: skipped, {reason}");
            return;
        }
    };
    let mut expected = String::new();
    for (client, said) in [("root", "allowed"), ("idle", "denied")] {
        let request = json!({ "method": "GET", "target": "/orders" });
        let caller = Caller::Token.header(Some(client));
        assert_eq!(
            ask(&gateway, &request, "target", &caller),
            [200],
            "{client}"
        );
        expected.push_str(&format!("/orders {said}\n"));
    }
    // What is in the log is written when it ends.
    gateway.stop();
    let log = String::from_utf8(gateway.read("access.log")).unwrap();
    assert_eq!(log, expected);
}

/// Asks everything, with each normalization.
pub(crate) fn run() {
    for (name, product) in &NORMALIZATIONS {
        let service = Service::start();
        match Gateway::start(product, &service) {
            Ok(gateway) => compare(name, &gateway, &service),
            Err(reason) => {
                println!("live: enforce istio: skipped, {reason}");
                return;
            }
        }
    }
}

fn compare(name: &str, gateway: &Gateway, service: &Service) {
    let text = String::from_utf8(gateway.read("table.json")).unwrap();
    let table = table::Table::of(&text);
    let (mut wrong, mut asked, mut allowed, mut normalized) = (Vec::new(), 0, 0, 0);
    for request in world::requests(&gateway.path("")) {
        let client = request["client"].as_str();
        asked += 1;
        let marker = format!("istio-{asked}");
        let caller = format!(
            "User-Agent: {AGENT}{marker}\r\n{}",
            Caller::Token.header(client)
        );
        let statuses = ask(gateway, &request, "target", &caller);
        let passed = statuses == [200];
        allowed += usize::from(passed);
        let seen = service.target(&marker);
        // What came through is judged by what the service was asked for.
        let right = match &seen {
            Some(seen) => {
                let path = seen.split('?').next().unwrap();
                passed && table.allows(client, request["method"].as_str().unwrap(), path)
            }
            None => !passed && request["allowed"] == false,
        };
        let as_asked = request["allowed"] == passed;
        normalized += usize::from(!as_asked);
        if !right || (name == "NONE" && !as_asked) {
            wrong.push(format!("{request} {statuses:?} {seen:?}"));
        }
    }
    // A browser asks before it sends the token; here nobody is known by then.
    for caller in [Caller::Token.header(Some("root")), String::new()] {
        let request = json!({ "method": "OPTIONS", "target": "/orders" });
        let preflight =
            format!("{caller}Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n");
        assert_eq!(ask(gateway, &request, "target", &preflight), [403]);
    }
    println!(
        "live: enforce istio: {name}: {asked} requests, {allowed} let through ({normalized} in another spelling), {} wrong",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{name}\n{}", wrong.join("\n"));
    assert!(allowed > 50 && asked > 2 * allowed, "{allowed} of {asked}");
    assert_eq!(normalized > 0, name != "NONE", "{name}: {normalized}");
}

fn none(places: &Places<'_>) -> Vec<String> {
    started(places, &json!({ "normalize_path": false }))
}

fn base(places: &Places<'_>) -> Vec<String> {
    started(places, &json!({ "normalize_path": true }))
}

fn decode(places: &Places<'_>) -> Vec<String> {
    started(
        places,
        &json!({
            "normalize_path": true,
            "merge_slashes": true,
            "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD",
        }),
    )
}

fn shadow(places: &Places<'_>) -> Vec<String> {
    let mut patch = patch(places);
    let filter = &mut patch["patch"]["value"]["typed_config"];
    filter["shadow_rules"] = filter.as_object_mut().unwrap().remove("rules").unwrap();
    let line = "%REQ(:PATH)% %DYNAMIC_METADATA(envoy.filters.http.rbac:shadow_engine_result)%\n";
    let log = json!({ "access_log": [{ "name": "log", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": "<folder>/access.log",
        "log_format": { "text_format_source": { "inline_string": line } },
    } }] });
    envoy_with(places, &configuration(&patch, &log).to_string())
}

/// Starts Envoy as Istio configures it, with this in its connection manager.
fn started(places: &Places<'_>, more: &Value) -> Vec<String> {
    let patch = patch(places);
    envoy_with(places, &configuration(&patch, more).to_string())
}

/// The patch that was written, with the table beside it.
fn patch(places: &Places<'_>) -> Value {
    let [gateway, sidecar] = ["istio-gateway.yaml", "istio-sidecar.yaml"]
        .map(|name| yaml::read(&written(places, "istio", name))["spec"]["configPatches"][0].take());
    assert_eq!(gateway["patch"], sidecar["patch"]);
    world::enforce(places.folder, "table");
    sidecar
}

/// What Istio gives to Envoy: the configuration of the other test, with its filter for tokens and
/// this patch. JSON is YAML too.
fn configuration(patch: &Value, more: &Value) -> Value {
    // The filter of the other test gives way to that of the patch.
    let mut configuration = yaml::read(&envoy_configuration("name: away"));
    configuration["layered_runtime"] = json!({ "layers": [{ "name": "istio", "static_layer": {
        "re2.max_program_size.error_level": "32768",
        "envoy.reloadable_features.http_reject_path_with_fragment": false,
    } }] });
    let filters =
        &mut configuration["static_resources"]["listeners"][0]["filter_chains"][0]["filters"];
    let wanted = &patch["match"]["listener"]["filterChain"]["filter"];
    let manager = named(filters, &wanted["name"]);
    let manager = &mut filters[manager]["typed_config"];
    for (key, value) in more.as_object().unwrap() {
        manager[key] = value.clone();
    }
    let filters = &mut manager["http_filters"];
    let away = named(filters, &json!("away"));
    filters.as_array_mut().unwrap().remove(away);
    let tokens = named(filters, &json!("envoy.filters.http.jwt_authn"));
    let tokens = &mut filters[tokens]["typed_config"];
    tokens["bypass_cors_preflight"] = json!(true);
    let provider = &mut tokens["providers"]["live"];
    provider["payload_in_metadata"] = json!("payload");
    provider["normalize_payload_in_metadata"] =
        json!({ "space_delimited_claims": ["permission", "scope"] });
    let router = named(filters, &wanted["subFilter"]["name"]);
    assert_eq!(patch["patch"]["operation"], "INSERT_BEFORE");
    let filters = filters.as_array_mut().unwrap();
    filters.insert(router, patch["patch"]["value"].clone());
    configuration
}

/// Where in a list the filter of this name is.
fn named(filters: &Value, name: &Value) -> usize {
    let mut filters = filters.as_array().unwrap().iter();
    filters.position(|filter| filter["name"] == *name).unwrap()
}
