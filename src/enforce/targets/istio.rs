//! Istio: the filter of the target `envoy`, put into the proxies of a gateway or of a service by
//! an `EnvoyFilter`. Istio's own `AuthorizationPolicy` cannot say which spellings a path has.

use super::{File, Target, Wiring, comments, envoy, indented};
use crate::enforce::policy::Model;

pub(super) struct Istio;

/// The key of the claims since Istio 1.21; before, it was the issuer.
const CLAIMS: &str = "payload";

/// What `kubectl apply` copies into an annotation may have this many bytes.
const ANNOTATION: usize = 262_144;

/// One request to etcd may have this many bytes.
const OBJECT: usize = 1_572_864;

/// Where the filter acts.
struct Place {
    file: &'static str,
    name: &'static str,
    namespace: &'static str,
    label: &'static str,
    context: &'static str,
}

const PLACES: [Place; 2] = [
    Place {
        file: "istio-gateway.yaml",
        name: "scopetrim-gateway",
        namespace: "istio-system",
        label: "istio: ingressgateway",
        context: "GATEWAY",
    },
    Place {
        file: "istio-sidecar.yaml",
        name: "scopetrim-sidecar",
        // No namespace has a name in capital letters: this one has to be written anew.
        namespace: "NAMESPACE",
        label: "app: NAME",
        context: "SIDECAR_INBOUND",
    },
];

impl Target for Istio {
    fn name(&self) -> &'static str {
        "istio"
    }

    fn limits(&self, model: &Model) -> Vec<String> {
        let mut limits = vec![
            "name, namespace and label are yours: istio-gateway.yaml is for the ingress gateway as istioctl installs it, istio-sidecar.yaml for the pods of one service; take one or both".to_owned(),
            "the caller is named by a RequestAuthentication that selects the same pods, of Istio 1.21 or later; without it, and before, nobody is let through; each of its issuers may name any client".to_owned(),
            "a gateway passes tokens on to the pods behind it only where its RequestAuthentication has forwardOriginalToken: true".to_owned(),
            "rename rules to shadow_rules to log what would be refused, before anything is".to_owned(),
            "an EnvoyFilter is tied to the version of the proxy, and one whose match finds nothing any more is left out, which lets everything through: ask the requests of scopetrim-requests.ndjson again after each upgrade".to_owned(),
            "the gateway's filter acts on all hosts that the gateway serves, until match.listener has a portNumber or a filterChain.sni".to_owned(),
            "the filter of a pod acts on HTTP only: its ports are named http, http2 or grpc, or have such an appProtocol, because Istio passes on what it takes for TCP".to_owned(),
            "pathNormalization of the mesh acts before this filter, and Envoy passes on the path that it compared: with BASE, as by default, /x/../orders is read as /orders".to_owned(),
        ];
        let size = envoy::filter(model, "azp", CLAIMS).len();
        if size > OBJECT {
            limits.push(format!("about {} KiB are more than a cluster takes as one object (1536 KiB, if it was not told otherwise); --for needed writes less", size / 1024));
        } else if size > ANNOTATION {
            limits.push(
                "it is too large for plain kubectl apply: use kubectl apply --server-side"
                    .to_owned(),
            );
        }
        limits
    }

    fn files(&self, model: &Model, wiring: &Wiring) -> Vec<File> {
        let filter = indented(&envoy::filter(model, &wiring.claim, CLAIMS), 8);
        let head = comments(self, model, "#");
        let file = |place: Place| File {
            name: place.file,
            text: format!("{head}{}{filter}", before(&place)),
        };
        PLACES.map(file).to_vec()
    }
}

/// The document up to the filter. Of filters that others insert before the router those with a
/// lower priority come first, so that what they make of a path is what is compared.
fn before(place: &Place) -> String {
    let Place {
        name,
        namespace,
        label,
        context,
        file: _,
    } = place;
    format!(
        "apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: {name}
  namespace: {namespace}
spec:
  priority: 1000
  workloadSelector:
    labels:
      {label}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: {context}
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter:
              name: envoy.filters.http.router
    patch:
      operation: INSERT_BEFORE
      value:
"
    )
}
