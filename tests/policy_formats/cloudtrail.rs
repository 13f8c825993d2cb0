//! Policies of AWS in Terraform against events of `CloudTrail`.

use std::fmt::Write as _;

use super::cluster::{cluster, narrowed, verdicts};

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

/// A JSON file of documents by name, each of one statement with these actions.
fn documents(all: &[(&str, &[&str])]) -> String {
    let each = all.iter().map(|(name, actions)| {
        let actions: Vec<String> = actions.iter().map(|own| format!("      \"{own}\"")).collect();
        format!(
            "  \"{name}\": {{\"Version\": \"2012-10-17\", \"Statement\": [\n    {{\"Effect\": \"Allow\", \"Resource\": \"*\", \"Action\": [\n{}\n    ]}}\n  ]}}",
            actions.join(",\n")
        )
    });
    format!("{{\n{}\n}}\n", each.collect::<Vec<_>>().join(",\n"))
}

/// What a diff takes out and puts in, by line, without its marks of files.
fn changes(diff: &str) -> Vec<&str> {
    let lines = diff.lines();
    lines
        .filter(|line| line.starts_with(['-', '+']))
        .filter(|line| !line.starts_with("--- ") && !line.starts_with("+++ "))
        .collect()
}

#[test]
fn a_wildcard_gives_way_to_what_was_used_and_to_what_no_event_need_show() {
    let app = [
        "ec2:RunInstances",
        "autoscaling:describe*",
        "ec2:Stop*",
        "route53:Get*",
        "ec2:Terminate*",
        "iam:Get*",
        "s3:Get*",
        "ec2:*",
    ];
    let ops = [
        "route53:List*",
        "iam:ListUsers",
        "iam:List*",
        "EC2:describeinst*",
    ];
    let policy = documents(&[("app", &app), ("ops", &ops)]);
    let log = trail(&[
        ("app", "ec2", "RunInstances"),
        ("app", "ec2", "StopInstances"),
        ("app", "autoscaling", "DescribeAutoScalingGroups"),
        ("app", "s3", "GetObject"),
        ("ops", "route53", "ListHostedZones"),
        ("ops", "iam", "ListUsers"),
        ("ops", "iam", "ListRoles"),
        ("ops", "ec2", "DescribeInstances"),
    ]);
    let files = [("p.json", &*policy)];
    let (report, diff) = narrowed(&files, &log);
    assert_eq!(
        verdicts(&report, "app"),
        [
            "autoscaling:describe* narrow review",
            // Several of its actions leave no event: all of them are kept.
            "ec2:* keep",
            "ec2:RunInstances keep",
            "ec2:Stop* narrow review",
            "ec2:Terminate* remove review",
            "iam:Get* unobservable",
            "route53:Get* remove review",
            "s3:Get* keep",
        ],
        "{report}"
    );
    // What a name allows is not left to a wildcard.
    assert_eq!(
        verdicts(&report, "ops"),
        [
            "EC2:describeinst* narrow review",
            "iam:List* keep",
            "iam:ListUsers keep",
            "route53:List* narrow review",
        ]
    );
    assert_eq!(
        changes(&diff),
        [
            "-      \"autoscaling:describe*\",",
            "+      \"autoscaling:DescribeAutoScalingGroups\",",
            "+      \"autoscaling:DescribeTags\",",
            "-      \"ec2:Stop*\",",
            "+      \"ec2:StopInstances\",",
            "-      \"route53:Get*\",",
            "-      \"ec2:Terminate*\",",
            "-      \"route53:List*\",",
            "+      \"route53:ListHostedZones\",",
            "+      \"route53:ListTagsForResource\",",
            "+      \"route53:ListTagsForResources\",",
            "-      \"EC2:describeinst*\"",
            "+      \"ec2:DescribeInstances\"",
        ],
        "{diff}"
    );
    let terms = report["clients"][0]["terms"].as_array().expect("terms");
    let of = |term: &str| terms.iter().find(|own| own["term"] == term).expect("it");
    let witness = |term: &str| of(term)["witness"].to_string();
    assert!(witness("s3:Get*").contains("s3.amazonaws.com:GetObject"));
    assert!(
        of("route53:Get*")["reasons"]
            .to_string()
            .contains("pattern_given_up")
    );
    assert!(
        of("iam:Get*")["reasons"]
            .to_string()
            .contains("not_recorded")
    );
    // Without being asked to, nothing is narrowed.
    let (_, diff) = cluster(&files, &log);
    assert_eq!(
        changes(&diff),
        ["-      \"route53:Get*\",", "-      \"ec2:Terminate*\","],
        "{diff}"
    );
}

/// A policy of one role in each of the ways to write it, with `ACTIONS` where its list stands.
const STYLES: [(&str, &str, &str); 7] = [
    (
        "a block of HCL",
        "app.tf",
        "data \"aws_iam_policy_document\" \"p\" {\n  statement {\n    # what it runs\n    actions = [\n      \"ec2:RunInstances\",\n      \"ec2:Stop*\", # at night\n    ]\n    resources = [\"*\"]\n  }\n}\nresource \"aws_iam_role_policy\" \"p\" {\n  role   = aws_iam_role.app.id\n  policy = data.aws_iam_policy_document.p.json\n}\n",
    ),
    (
        "HCL in one line",
        "app.tf",
        "data \"aws_iam_policy_document\" \"p\" {\n  statement {\n    actions = [\"ec2:RunInstances\", \"ec2:Stop*\"]\n    resources = [\"*\"]\n  }\n}\nresource \"aws_iam_role_policy\" \"p\" {\n  role   = aws_iam_role.app.id\n  policy = data.aws_iam_policy_document.p.json\n}\n",
    ),
    (
        "jsonencode",
        "app.tf",
        "resource \"aws_iam_role_policy\" \"p\" {\n  role = aws_iam_role.app.id\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{ Effect = \"Allow\", Action = \"ec2:Stop*\", Resource = \"*\" }]\n  })\n}\n",
    ),
    (
        "a heredoc",
        "app.tf",
        "resource \"aws_iam_role_policy\" \"p\" {\n  role = aws_iam_role.app.id\n  policy = <<EOT\n{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"ec2:RunInstances\", \"ec2:Stop*\"], \"Resource\": \"*\"}]}\nEOT\n}\n",
    ),
    (
        "YAML in blocks",
        "app.yaml",
        "Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: app\n      Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Version: '2012-10-17'\n          Statement:\n          - Effect: Allow\n            Action:\n            - ec2:RunInstances\n            - 'ec2:Stop*'\n            Resource: '*'\n",
    ),
    (
        "YAML in a flow",
        "app.yaml",
        "Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: app\n      Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Statement:\n          - {Effect: Allow, Action: [ec2:RunInstances, 'ec2:Stop*'], Resource: '*'}\n",
    ),
    (
        "YAML without a list",
        "app.yaml",
        "Resources:\n  App:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: app\n      Policies:\n      - PolicyName: p\n        PolicyDocument:\n          Statement:\n          - Effect: Allow\n            Action: ec2:Stop*\n            Resource: '*'\n",
    ),
];

#[test]
fn a_wildcard_gives_way_in_the_style_of_its_list_and_nothing_else_changes() {
    for (used, expected) in [
        (&["StopInstances"][..], "[\"ec2:StopInstances\"]"),
        (
            &["StopInstances", "StopDeclarativePoliciesReport"][..],
            "[\"ec2:StopDeclarativePoliciesReport\",\"ec2:StopInstances\"]",
        ),
    ] {
        for (style, name, policy) in STYLES {
            let mut events = vec![("app", "ec2", "RunInstances"), ("ops", "ec2", "StopFleets")];
            events.extend(used.iter().map(|event| ("app", "ec2", *event)));
            let mut files = vec![(name, policy)];
            files.extend(name.contains(".tf").then_some(("roles.tf", ROLES)));
            let (report, diff) = narrowed(&files, &trail(&events));
            let terms = report["clients"].as_array().expect("clients").iter();
            let mut terms = terms.flat_map(|own| own["terms"].as_array().expect("terms"));
            let found = terms.find(|own| own["term"] == "ec2:Stop*").expect("it");
            assert_eq!(found["verdict"], "narrow", "{style}");
            assert_eq!(found["level"], "review", "{style}: {report}");
            assert_eq!(found["replace_with"].to_string(), expected, "{style}");
            let (gone, come): (Vec<&str>, Vec<&str>) = changes(&diff)
                .into_iter()
                .partition(|line| line.starts_with('-'));
            assert_eq!(gone.len(), 1, "{style}: {diff}");
            // Apart from the actions the lines are the old one.
            let bare = |line: &str| {
                let names = ["Instances", "DeclarativePoliciesReport", "*"];
                let stop = names.iter().fold(line[1..].to_owned(), |line, name| {
                    line.replace(&format!("ec2:Stop{name}"), "ec2:Stop")
                });
                stop.replace("\"ec2:Stop\", \"ec2:Stop\"", "\"ec2:Stop\"")
                    .replace("'ec2:Stop', 'ec2:Stop'", "'ec2:Stop'")
                    .replace("ec2:Stop, ec2:Stop", "ec2:Stop")
                    .replace("[\"ec2:Stop\"]", "\"ec2:Stop\"")
                    .replace("[ec2:Stop]", "ec2:Stop")
            };
            assert!(
                come.iter().any(|line| bare(line) == bare(gone[0])),
                "{style}: {diff}"
            );
        }
    }
}

#[test]
fn a_policy_of_two_roles_gives_way_to_what_either_of_them_used() {
    let policy = "resource \"aws_iam_policy\" \"p\" {\n  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [\n      { Effect = \"Allow\", Action = [\"ec2:Stop*\"], Resource = \"arn:aws:ec2:*:1:instance/a\" },\n      { Effect = \"Allow\", Action = [\"ec2:Stop*\", \"ec2:RunInstances\"], Resource = \"arn:aws:ec2:*:1:instance/b\" },\n    ]\n  })\n}\n";
    let attached = |role: &str| {
        format!(
            "resource \"aws_iam_role_policy_attachment\" \"{role}\" {{\n  role       = aws_iam_role.{role}.name\n  policy_arn = aws_iam_policy.p.arn\n}}\n"
        )
    };
    let both = [ROLES, &attached("app"), &attached("ops")].concat();
    let log = trail(&[
        ("app", "ec2", "RunInstances"),
        ("app", "ec2", "StopInstances"),
        ("ops", "ec2", "RunInstances"),
        ("ops", "ec2", "StopFleets"),
    ]);
    let (_, diff) = narrowed(&[("p.tf", policy), ("roles.tf", &both)], &log);
    let list = |rest: &str, last: &str| {
        format!(
            "{{ Effect = \"Allow\", Action = [{rest}], Resource = \"arn:aws:ec2:*:1:instance/{last}\" }},"
        )
    };
    let stops = "\"ec2:StopFleets\", \"ec2:StopInstances\"";
    // Both places of it: they are for different resources.
    let expected = [
        format!("-      {}", list("\"ec2:Stop*\"", "a")),
        format!("+      {}", list(stops, "a")),
        format!(
            "-      {}",
            list("\"ec2:Stop*\", \"ec2:RunInstances\"", "b")
        ),
        format!(
            "+      {}",
            list(&format!("{stops}, \"ec2:RunInstances\""), "b")
        ),
    ];
    assert_eq!(changes(&diff), expected, "{diff}");
    // Somebody is not known who has it as well.
    let third = "output \"p\" {\n  value = aws_iam_policy.p.arn\n}\n";
    let all = [&both, third].concat();
    let (_, diff) = narrowed(&[("p.tf", policy), ("roles.tf", &all)], &log);
    assert_eq!(changes(&diff), Vec::<&str>::new());
}
