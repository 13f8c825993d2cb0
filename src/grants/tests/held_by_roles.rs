//! Roles of vendors' files, as whole policies: who holds what through them.

use super::*;

/// Who holds what, of one file as it is loaded.
fn held(text: &str, name: &str) -> Vec<String> {
    let mut policy = Policy {
        files: vec![file(text, name)],
        ..Policy::default()
    };
    join(&mut policy).unwrap();
    let all = policy.holdings().into_iter();
    all.flat_map(|(client, terms)| {
        let own = terms
            .into_keys()
            .map(move |term| format!("{client} {term}"));
        own.collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn keys_of_tyk_hold_what_their_policies_give() {
    let text = r#"{"policies": {"p": {"partitions": {"acl": true}, "access_rights": {"a": {}, "b": {}}}},
 "keys": [{"alias": "k", "apply_policies": ["p", "elsewhere"]}]}"#;
    assert_eq!(held(text, "tyk.json"), ["k a", "k b"]);
}

#[test]
fn consumers_of_apisix_hold_what_their_group_is_let_in_to() {
    let text = "routes:\n- id: r\n  plugins: {consumer-restriction: {type: consumer_group_id, whitelist: [gold, silver]}}\nconsumers:\n- {username: a, group_id: gold}\n- {username: b, group_id: nowhere}\n";
    assert_eq!(held(text, "apisix.yaml"), ["a r"]);
}

#[test]
fn users_of_iam_hold_what_their_groups_and_managed_policies_give() {
    let document = |action: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": ["{action}"], "Resource": "*"}}]}}"#
        )
    };
    let text = format!(
        r#"{{"UserDetailList": [{{"UserName": "u", "Arn": "arn:aws:iam::1:user/u", "GroupList": ["g", "empty"],
   "AttachedManagedPolicies": [{{"PolicyName": "m", "PolicyArn": "arn:aws:iam::1:policy/m"}}]}}],
 "GroupDetailList": [{{"GroupName": "g", "Arn": "arn:aws:iam::1:group/g", "GroupPolicyList": [{{"PolicyName": "x", "PolicyDocument": {}}}]}},
   {{"GroupName": "empty", "Arn": "arn:aws:iam::1:group/empty", "GroupPolicyList": []}}],
 "RoleDetailList": [],
 "Policies": [{{"PolicyName": "m", "Arn": "arn:aws:iam::1:policy/m", "PolicyVersionList": [{{"VersionId": "v1", "IsDefaultVersion": true, "Document": {}}}]}}]}}"#,
        document("s3:GetObject"),
        document("sqs:SendMessage")
    );
    assert_eq!(
        held(&text, "account.json"),
        ["u s3:GetObject", "u sqs:SendMessage"]
    );
}

#[test]
fn clients_of_a_policy_of_okta_hold_the_scopes_of_its_rules() {
    let text = "resource \"okta_auth_server_policy\" \"p\" {\n  client_whitelist = [\"c\"]\n}\nresource \"okta_auth_server_policy_rule\" \"r\" {\n  policy_id       = okta_auth_server_policy.p.id\n  scope_whitelist = [\"a\", \"b\"]\n}\n";
    assert_eq!(held(text, "okta.tf"), ["c a", "c b"]);
}
