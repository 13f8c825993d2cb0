use super::*;
use crate::format::detect::detect;

fn line(change: impl Fn(&mut serde_json::Value)) -> String {
    let mut event = serde_json::json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "a-1",
        "stage": "ResponseComplete", "requestURI": "/apis/apps/v1/namespaces/shop/deployments?limit=500",
        "verb": "list",
        "user": {
            "username": "system:serviceaccount:shop:ci", "groups": ["system:serviceaccounts"],
            "extra": {"authentication.kubernetes.io/credential-id": ["JTI=4a0d"]},
        },
        "sourceIPs": ["203.0.113.9", "198.51.100.23"], "userAgent": "kubectl/v1.30",
        "objectRef": {"resource": "deployments", "namespace": "shop", "apiGroup": "apps", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-01-02T12:00:00.117000Z",
        "stageTimestamp": "2026-01-02T12:00:00.141000Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "RBAC"},
    });
    change(&mut event);
    event.to_string()
}

fn with<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
    check(Audit.parse(line.as_bytes(), &mut Scratch::asking(true)))
}

fn operation(change: impl Fn(&mut serde_json::Value)) -> Option<String> {
    with(&line(change), |record| {
        let named = record.ok()?.named?;
        Some(String::from_utf8_lossy(named.operation).into_owned())
    })
}

#[test]
fn a_record_names_its_permission_its_user_and_its_token() {
    with(&line(|_| {}), |record| {
        let record = record.unwrap();
        let named = record.named.unwrap();
        assert_eq!(named.operation, b"deployments.apps:list");
        assert_eq!((named.effect, named.also), (Effect::Read, [None; 3]));
        assert_eq!(record.client, Some(&b"system:serviceaccount:shop:ci"[..]));
        assert_eq!(record.time, 1_767_355_200_117);
        assert_eq!(record.client_ip, Some(&b"198.51.100.23"[..]));
        assert_eq!(record.credential, Some(&b"JTI=4a0d"[..]));
        assert_eq!(record.claims.token.kind, AuthKind::Token);
        assert_eq!(record.decision, Decision::Allowed);
    });
}

#[test]
fn a_permission_is_resource_group_subresource_and_verb_or_a_path() {
    let sub = operation(|event| {
        event["objectRef"]["subresource"] = "scale".into();
        event["verb"] = "update".into();
    });
    assert_eq!(sub.as_deref(), Some("deployments.apps/scale:update"));
    let core = operation(|event| event["objectRef"] = serde_json::json!({"resource": "pods"}));
    assert_eq!(core.as_deref(), Some("pods:list"));
    let path = operation(|event| {
        event["objectRef"] = serde_json::Value::Null;
        event["requestURI"] = "/version?timeout=32s".into();
        event["verb"] = "get".into();
    });
    assert_eq!(path.as_deref(), Some("/version:get"));
    let nothing = line(|event| {
        event["objectRef"] = serde_json::Value::Null;
        event["requestURI"] = serde_json::Value::Null;
    });
    with(&nothing, |record| {
        assert_eq!(record.unwrap_err(), Skip::MissingField);
    });
}

#[test]
fn one_request_is_one_use_and_an_answer_that_only_began_holds_its_permission() {
    let early = line(|event| event["stage"] = "RequestReceived".into());
    with(&early, |record| {
        assert_eq!(record.unwrap_err(), Skip::OtherRecord);
    });
    let begun = line(|event| {
        event["stage"] = "ResponseStarted".into();
        event["verb"] = "watch".into();
    });
    with(&begun, |record| {
        let record = record.unwrap();
        assert_eq!((record.decision, record.status), (Decision::Allowed, None));
    });
    let panic = line(|event| {
        event["stage"] = "Panic".into();
        event["responseStatus"] = serde_json::Value::Null;
    });
    with(&panic, |record| {
        assert_eq!(record.unwrap().status, Some(500));
    });
}

/// What a request needs besides its own permission.
fn also(change: impl Fn(&mut serde_json::Value)) -> Vec<(String, String)> {
    with(&line(change), |record| {
        let also = record.unwrap().named.unwrap().also;
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let also = also.into_iter().flatten();
        also.map(|(who, what)| (text(who), text(what))).collect()
    })
}

#[test]
fn an_update_that_made_the_object_needs_create_as_well() {
    for verb in ["update", "patch"] {
        let made = also(|event| {
            event["verb"] = verb.into();
            event["responseStatus"]["code"] = 201.into();
        });
        let client = "system:serviceaccount:shop:ci".to_owned();
        assert_eq!(made, [(client, "deployments.apps:create".to_owned())]);
    }
    assert!(also(|event| event["verb"] = "patch".into()).is_empty());
}

#[test]
fn groups_that_are_impersonated_need_a_right_of_their_own() {
    let of = |groups: &[&str]| {
        let found = also(|event| {
            event["impersonatedUser"] = serde_json::json!({"username": "jane", "groups": groups});
        });
        found.into_iter().map(|(_, what)| what).collect::<Vec<_>>()
    };
    assert_eq!(of(&["system:authenticated"]), ["users:impersonate"]);
    let masters = of(&["system:masters", "system:authenticated"]);
    assert_eq!(masters, ["users:impersonate", "groups:impersonate"]);
}

#[test]
fn what_no_line_can_show_is_not_an_operation() {
    for shown in [
        "pods:list",
        "deployments.apps/scale:patch",
        "/metrics:get",
        "users:impersonate",
    ] {
        assert!(Audit.effect_of(shown.as_bytes()).is_some(), "{shown}");
    }
    for hidden in [
        "clusterroles.rbac.authorization.k8s.io:escalate",
        "roles.rbac.authorization.k8s.io:bind",
        "podsecuritypolicies.policy:use",
        "signers.certificates.k8s.io:approve",
        "userextras.authentication.k8s.io/scopes:impersonate",
        "pods:*",
        "*:list",
        "/api/*:get",
        "list pods",
        "pods",
        ":list",
    ] {
        assert_eq!(Audit.effect_of(hidden.as_bytes()), None, "{hidden}");
    }
}

#[test]
fn who_is_impersonated_is_the_client_and_who_impersonates_needs_that_right() {
    let as_user = line(|event| event["impersonatedUser"] = serde_json::json!({"username": "jane"}));
    with(&as_user, |record| {
        let record = record.unwrap();
        let by = record.named.unwrap().also[0];
        assert_eq!(record.client, Some(&b"jane"[..]));
        let user = &b"system:serviceaccount:shop:ci"[..];
        assert_eq!(by, Some((user, &b"users:impersonate"[..])));
    });
}

#[test]
fn a_time_without_a_zone_and_records_of_old_versions_are_read() {
    let old = line(|event| {
        event["requestReceivedTimestamp"] = serde_json::Value::Null;
        event["timestamp"] = "2026-01-02 12:00:00.38".into();
        event["stage"] = serde_json::Value::Null;
        event["apiVersion"] = serde_json::Value::Null;
    });
    with(&old, |record| {
        assert_eq!(record.unwrap().time, 1_767_355_200_380);
    });
    let seen = detect(old.as_bytes());
    assert_eq!(
        seen.format().map(|format| format.name()),
        Some("kubernetes-audit")
    );
}

#[test]
fn an_event_list_is_read_record_by_record() {
    let list = format!(
        "{{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[{},{}]}}",
        line(|_| {}),
        line(|_| {})
    );
    let layer = crate::format::LAYERS
        .iter()
        .find(|layer| layer.is_around(list.as_bytes()))
        .unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut layer.open(Box::new(std::io::Cursor::new(list.into_bytes()))),
        &mut text,
    )
    .unwrap();
    let lines = text.lines().map(|line| line.trim_matches('\0'));
    let records = lines
        .filter(|line| !line.is_empty())
        .map(|line| with(line, |record| record.is_ok()));
    assert_eq!(records.collect::<Vec<_>>(), [true, true]);
    assert_eq!(
        detect(text.as_bytes()).format().map(|format| format.name()),
        Some("kubernetes-audit")
    );
}

#[test]
fn the_decision_of_the_authorizer_stands_next_to_the_status() {
    let decided = |decision: &str, code: u16| {
        let text = line(|event| {
            event["annotations"]["authorization.k8s.io/decision"] = decision.into();
            event["responseStatus"]["code"] = code.into();
        });
        with(&text, |record| {
            let record = record.unwrap();
            (record.decision, record.status)
        })
    };
    assert_eq!(decided("forbid", 200), (Decision::Denied, Some(200)));
    assert_eq!(decided("allow", 403), (Decision::Allowed, Some(403)));
    assert_eq!(decided("", 200), (Decision::Unsaid, Some(200)));
}
