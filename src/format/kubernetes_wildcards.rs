//! Permissions of RBAC with `*`: which operations they allow, and which of them silence can judge.
//!
//! Invariants:
//! * a wildcard allows what the authorizer of Kubernetes lets it allow: `*` as a verb, an API
//!   group or a resource with its subresources, `*/scale` for every resource, and the beginning
//!   of a path. Where its spelling fits resources and paths, it is taken for both;
//! * judged are all verbs of one resource, where the API server knows no verb of it that is
//!   asked within another request: of groups that are named here, without `finalizers` (asked
//!   when an owner is named), users and accounts (`impersonate`), and nodes, which the kubelet
//!   serves by itself.
//!
//! Source: `pkg/apis/rbac/v1/evaluation_helpers.go` of Kubernetes.

use super::super::Shown;
use crate::model::Effect;

/// API groups whose resources have the verbs of requests alone.
const GROUPS: [&str; 8] = [
    "",
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
];
/// Resources of these groups of which something else may be asked.
const OTHERS: [&str; 4] = ["groups", "nodes", "serviceaccounts", "users"];

/// Resource, API group and subresource: `deployments.apps/scale`.
fn parts(text: &str) -> (&str, &str, &str) {
    let (head, sub) = text.split_once('/').unwrap_or((text, ""));
    let (resource, group) = head.split_once('.').unwrap_or((head, ""));
    (resource, group, sub)
}

/// Whether a permission, a wildcard in most cases, allows the operation.
pub(super) fn allows(permission: &str, operation: &str) -> bool {
    let (Some((on, verb)), Some((of, own))) =
        (permission.rsplit_once(':'), operation.rsplit_once(':'))
    else {
        return false;
    };
    if verb != "*" && verb != own {
        return false;
    }
    if of.starts_with('/') {
        let head = on.strip_suffix('*');
        return on == of || head.is_some_and(|head| of.starts_with(head));
    }
    let ((resource, group, sub), (name, own_group, own_sub)) = (parts(on), parts(of));
    let of_resource = match (resource, sub) {
        ("*", "") => true,
        ("*", sub) => sub == own_sub,
        (resource, sub) => (resource, sub) == (name, own_sub),
    };
    of_resource && (group == "*" || group == own_group)
}

/// Whether a permission is asked where no request of its own stands in the audit log: of
/// `finalizers` within a request that names an owner (the admission plugin
/// `OwnerReferencesPermissionEnforcement`), of parts of a node by its kubelet ("Kubelet
/// authentication/authorization": `nodes/proxy`, `nodes/stats`, `nodes/log`, `nodes/metrics`).
pub(super) fn is_asked_elsewhere(permission: &str) -> bool {
    let on = permission.rsplit_once(':').map_or(permission, |(on, _)| on);
    let (resource, group, sub) = parts(on);
    sub == "finalizers" || ((resource, group) == ("nodes", "") && !sub.is_empty())
}

/// What a log shows of a wildcard.
pub(super) fn shown(permission: &str) -> Shown {
    let Some(on) = permission.strip_suffix(":*") else {
        return Shown::InPart;
    };
    let (resource, group, sub) = parts(on);
    let plain = !resource.is_empty() && !on.contains(['*', ':']) && sub != "finalizers";
    if plain && GROUPS.contains(&group) && !OTHERS.contains(&resource) {
        let (effect, rest) = (Effect::Write, Vec::new());
        Shown::Members { effect, rest }
    } else {
        Shown::InPart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_allows_what_the_authorizer_lets_it_allow() {
        for (permission, operation, expected) in [
            ("pods:*", "pods:get", true),
            ("pods:*", "pods/log:get", false),
            ("pods:*", "pods.metrics.k8s.io:get", false),
            ("*:get", "pods/log:get", true),
            ("*:get", "pods:list", false),
            ("*:get", "deployments.apps:get", false),
            ("*.apps:*", "deployments.apps/scale:update", true),
            ("*.*:*", "deployments.apps/scale:update", true),
            ("*.*:*", "pods:get", true),
            ("*.*/scale:*", "deployments.apps/scale:update", true),
            ("*.*/scale:*", "deployments.apps:update", false),
            ("deployments.*:get", "deployments.apps:get", true),
            ("deployments.*:get", "deployments.apps/scale:get", false),
            ("/healthz/*:get", "/healthz/etcd:get", true),
            ("/healthz/*:get", "/healthz:get", false),
            ("/healthz*:get", "/healthz:get", true),
            ("*:get", "/healthz:get", true),
            ("pods:*", "/pods:get", false),
            ("pods", "pods:get", false),
        ] {
            let found = allows(permission, operation);
            assert_eq!(found, expected, "{permission} {operation}");
        }
    }

    #[test]
    fn silence_says_nothing_of_what_is_asked_within_another_request_or_by_a_kubelet() {
        for asked in [
            "deployments.apps/finalizers:update",
            "nodes/proxy:get",
            "nodes/stats:get",
        ] {
            assert!(is_asked_elsewhere(asked), "{asked}");
        }
        for own in [
            "deployments.apps:update",
            "nodes:get",
            "nodes.metrics.k8s.io/x:get",
            "pods/proxy:get",
        ] {
            assert!(!is_asked_elsewhere(own), "{own}");
        }
    }

    #[test]
    fn all_verbs_of_one_resource_are_judged_where_each_is_a_request() {
        for judged in ["pods:*", "pods/log:*", "deployments.apps/scale:*"] {
            assert_ne!(shown(judged), Shown::InPart, "{judged}");
        }
        for kept in [
            "*:*",
            "*.apps:*",
            "pods*:*",
            "pods.*:*",
            "*/scale:*",
            "pods.*/scale:*",
            "nodes:*",
            "nodes/proxy:*",
            "serviceaccounts:*",
            "deployments.apps/finalizers:*",
            "roles.rbac.authorization.k8s.io:*",
            "podsecuritypolicies.policy:*",
            "widgets.example.com:*",
            "/metrics:*",
            "*:get",
            "pods:g*",
        ] {
            assert_eq!(shown(kept), Shown::InPart, "{kept}");
        }
    }
}
