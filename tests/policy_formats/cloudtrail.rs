//! Policies of AWS in Terraform against events of `CloudTrail`.

use std::fmt::Write as _;

use super::cluster::{cluster, verdicts};

/// Each event once a day: role, source and name.
fn trail(events: &[(&str, &str, &str)]) -> String {
    let mut log = String::new();
    let first = chrono::NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day");
    for day in 0..300 {
        let time = first + chrono::Days::new(day);
        for (role, source, name) in events {
            let reads = ["Get", "Describe", "List", "Head"];
            let reads = reads.iter().any(|word| name.starts_with(word));
            let event = serde_json::json!({
                "eventVersion": "1.09", "eventTime": format!("{time}T10:00:00Z"),
                "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "awsRegion": "eu-west-1",
                "eventType": "AwsApiCall", "sourceIPAddress": "198.51.100.7", "readOnly": reads,
                "eventID": format!("{day}-{role}-{source}-{name}"),
                "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/x"),
                    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::111122223333:role/{role}"), "userName": role}}},
            });
            writeln!(log, "{event}").expect("text");
        }
    }
    log
}

const ROLES: &str = "resource \"aws_iam_role\" \"app\" {\n  name = \"app\"\n}\nresource \"aws_iam_role\" \"ops\" {\n  name = \"ops\"\n}\n";

/// A document of these actions, and the role that has it.
fn document(role: &str, actions: &[&str]) -> String {
    let actions: Vec<String> = actions
        .iter()
        .map(|own| format!("      \"{own}\",\n"))
        .collect();
    format!(
        "data \"aws_iam_policy_document\" \"{role}\" {{\n  statement {{\n    actions = [\n{}    ]\n    resources = [\"*\"]\n  }}\n}}\nresource \"aws_iam_role_policy\" \"{role}\" {{\n  role   = aws_iam_role.{role}.id\n  policy = data.aws_iam_policy_document.{role}.json\n}}\n",
        actions.concat()
    )
}

#[test]
fn an_event_uses_the_action_of_its_name_and_what_leaves_no_event_stays() {
    let app = [
        "ec2:DescribeInstances",
        "ec2:RunInstances",
        "ec2:TerminateInstances",
        "ec2:CreateTags",
        "iam:PassRole",
        "iam:CreateUser",
        "s3:ListAllMyBuckets",
        "s3:GetObject",
        "s3:PutObject",
        "sqs:SendMessage",
        "kms:*",
    ];
    let files = [
        ("roles.tf", ROLES.to_owned()),
        ("app.tf", document("app", &app)),
        (
            "ops.tf",
            document("ops", &["sqs:SendMessage", "sqs:ReceiveMessage"]),
        ),
    ];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let log = trail(&[
        ("app", "ec2", "DescribeInstances"),
        ("app", "ec2", "RunInstances"),
        ("app", "s3", "ListBuckets"),
        ("app", "s3", "CopyObject"),
        ("ops", "sqs", "SendMessageBatch"),
        ("ops", "ec2", "CreateTags"),
    ]);
    let (report, diff) = cluster(&files, &log);
    assert_eq!(
        verdicts(&report, "app"),
        [
            "ec2:CreateTags unobservable",
            "ec2:DescribeInstances keep",
            "ec2:RunInstances keep",
            "ec2:TerminateInstances remove review",
            "iam:CreateUser unobservable",
            "iam:PassRole unobservable",
            "kms:* unobservable",
            "s3:GetObject keep",
            "s3:ListAllMyBuckets keep",
            "s3:PutObject keep",
            "sqs:SendMessage unobservable",
        ],
        "{report}"
    );
    assert_eq!(
        verdicts(&report, "ops"),
        ["sqs:ReceiveMessage unobservable", "sqs:SendMessage keep"]
    );
    let gone: Vec<&str> = diff.lines().filter(|line| line.starts_with("- ")).collect();
    // A trail may record the messages of one queue, and not those of another.
    assert_eq!(gone, ["-      \"ec2:TerminateInstances\","], "{diff}");
    assert!(report.to_string().contains("not-recorded"), "{report}");
}
