//! Istio: its documents hold the filter of the target `envoy`, which a real Envoy proves in
//! `tests/live/`.

use serde_json::{Value, json};

use super::*;

/// The documents by their names.
fn documents(model: &Model) -> Vec<(&'static str, Value)> {
    let files = files(&istio::Istio, model).into_iter();
    files
        .map(|(name, text)| (name, yaml::read(&text)))
        .collect()
}

/// The filter of `envoy`, with the claims of tokens where Istio keeps them.
fn expected(model: &Model) -> Value {
    let text = &files(&envoy::Envoy, model)["envoy-rbac.yaml"];
    // No name can look like this: a quote within one has a backslash in front.
    yaml::read(&text.replace("path: [{ key: jwt }, ", "path: [{ key: payload }, "))
}

#[test]
fn a_document_puts_the_filter_before_the_router_of_chosen_pods() {
    let model = shop().model();
    let documents = documents(&model);
    let names: Vec<_> = documents.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["istio-gateway.yaml", "istio-sidecar.yaml"]);
    for ((_, document), (name, context, namespace, label)) in documents.into_iter().zip([
        (
            "scopetrim-gateway",
            "GATEWAY",
            "istio-system",
            json!({ "istio": "ingressgateway" }),
        ),
        (
            "scopetrim-sidecar",
            "SIDECAR_INBOUND",
            "NAMESPACE",
            json!({ "app": "NAME" }),
        ),
    ]) {
        let router = json!({
            "name": "envoy.filters.network.http_connection_manager",
            "subFilter": { "name": "envoy.filters.http.router" },
        });
        let matched =
            json!({ "context": context, "listener": { "filterChain": { "filter": router } } });
        assert_eq!(
            document,
            json!({
                "apiVersion": "networking.istio.io/v1alpha3",
                "kind": "EnvoyFilter",
                "metadata": { "name": name, "namespace": namespace },
                "spec": {
                    "priority": 1000,
                    "workloadSelector": { "labels": label },
                    "configPatches": [{
                        "applyTo": "HTTP_FILTER",
                        "match": matched,
                        "patch": { "operation": "INSERT_BEFORE", "value": expected(&model) },
                    }],
                },
            })
        );
    }
}

#[test]
fn a_policy_without_rights_is_a_filter_that_lets_nobody_through() {
    let model =
        crate::enforce::policy::testing::World::of(&["GET /x"], &[("idle", &[])], &[]).model();
    for (_, document) in documents(&model) {
        let rules =
            &document["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]["rules"];
        assert_eq!(rules["action"], "ALLOW");
        assert_eq!(
            rules["policies"],
            json!({ "nobody": {
                "permissions": [{ "not_rule": { "any": true } }],
                "principals": [{ "not_id": { "any": true } }],
            } })
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_document_holds_the_filter_of_envoy(world in worlds(&NAMES)) {
        let model = world.model();
        let expected = expected(&model);
        for (name, document) in documents(&model) {
            let filter = &document["spec"]["configPatches"][0]["patch"]["value"];
            prop_assert_eq!(filter, &expected, "{}", name);
        }
    }
}

#[test]
fn what_is_too_large_for_a_cluster_is_said() {
    let said = |operations: usize| {
        let operations: Vec<String> = (0..operations)
            .map(|number| format!("GET /things-{number}/{{id}}/parts/{{part}}"))
            .collect();
        let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
        let all: Vec<usize> = (0..operations.len()).collect();
        let clients = [("one", &all[..]), ("two", &all[..])];
        let model = crate::enforce::policy::testing::World::of(&operations, &clients, &[]).model();
        istio::Istio.limits(&model).join("\n")
    };
    let (small, large, huge) = (said(5), said(300), said(2_000));
    assert!(!small.contains("--server-side") && !small.contains("KiB"));
    assert!(large.contains("use kubectl apply --server-side"), "{large}");
    assert!(
        huge.contains("are more than a cluster takes as one object"),
        "{huge}"
    );
}
