//! Grants of one client in several files.

use super::*;

/// Each line of frozen grants of a policy of two files.
fn frozen_across(files: [(&str, &str); 2]) -> (Policy, Vec<String>) {
    let read = |(path, text): (&str, &str)| grants::read(Arc::from(text.as_bytes()), path).unwrap();
    let mut both = Policy {
        files: files.map(read).into(),
        ..Policy::default()
    };
    grants::join(&mut both).unwrap();
    let entries = both.files.iter().flat_map(|file| &file.entries);
    let frozen = entries.filter(|entry| entry.frozen.is_some());
    let lines = frozen.map(|entry| match &entry.granted {
        Granted::Term(term) => format!("{} {term}", entry.place.file),
        Granted::Role(role) => format!("{} {role}", entry.place.file),
    });
    let lines = lines.collect();
    (both, lines)
}

#[test]
fn what_another_file_gives_in_part_for_other_resources_is_not_edited() {
    let one = r#"{"billing": {"Version": "v", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sns:Publish"], "Resource": "arn:a"}]}}"#;
    let other = r#"{"billing": {"Version": "v", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "arn:b"}]},
"web": {"Version": "v", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:b"}]}}"#;
    let (both, frozen) = frozen_across([("one.json", one), ("other.json", other)]);
    assert_eq!(frozen, ["one.json s3:*", "other.json s3:GetObject"]);
    // What stays of the file is as editable as before.
    let gone = Removal { file: 1, entry: 1 };
    let patch = plan(&both, &[gone], &[]).unwrap();
    let new = String::from_utf8(patch.files[0].new.clone()).unwrap();
    assert!(!new.contains("sqs:SendMessage"), "{new}");
    let (_, frozen) = frozen_across([
        ("one.json", one),
        ("role.yaml", "billing: ['s3:GetObject']\n"),
    ]);
    assert_eq!(frozen, [""; 0], "the second has no resources");
}

#[test]
fn operations_of_istio_and_names_in_other_case_are_compared_across_files() {
    let policy = |methods: &str, path: &str| {
        format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p}}\nspec:\n  rules:\n  - from: [{{source: {{principals: [a/sa/web]}}}}]\n    to: [{{operation: {{methods: [{methods}], paths: ['{path}']}}}}]\n"
        )
    };
    let (wide, one) = (policy("GET, PUT", "/orders/*"), policy("GET", "/orders/7"));
    let (_, frozen) = frozen_across([("wide.yaml", &wide), ("one.yaml", &one)]);
    assert_eq!(
        frozen,
        ["wide.yaml GET,PUT /orders/*", "one.yaml GET:/orders/7"]
    );
    let other = policy("GET", "/refunds");
    let (_, frozen) = frozen_across([("wide.yaml", &wide), ("other.yaml", &other)]);
    assert_eq!(frozen, [""; 0]);
    let action = |name: &str| {
        format!(
            r#"{{"billing": {{"Version": "v", "Statement": [{{"Effect": "Allow", "Action": ["{name}", "a:b"], "Resource": "arn"}}]}}}}"#
        )
    };
    let files = [action("s3:GetObject"), action("s3:getobject")];
    let (_, frozen) = frozen_across([("one.json", &files[0]), ("other.json", &files[1])]);
    assert_eq!(frozen, ["one.json s3:GetObject", "other.json s3:getobject"]);
}
