//! Policies of AWS in Terraform: what is read, what stays, and what each removal leaves.

use super::formats::{listed, round_trips};
use super::terraform::{EXPRESSION, formatted};
use super::*;

const ONE: &str = r#"
resource "aws_iam_role" "billing" {
  name               = "billing"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "orders" {
  # reads them
  statement {
    sid       = "read"
    actions   = ["s3:GetObject", "s3:ListBucket", var.more]
    resources = ["${aws_s3_bucket.b.arn}/*"]
  }

  statement {
    effect    = "Allow"
    actions   = ["sqs:SendMessage"]
    resources = ["*"]
  }

  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["*"]
  }

  statement {
    actions   = ["kms:Decrypt"]
    resources = ["*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }

  statement {
    not_actions = ["iam:*"]
    resources   = ["*"]
  }

  dynamic "statement" {
    for_each = var.topics
    content {
      actions   = ["sns:Publish"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.billing.id
  policy = data.aws_iam_policy_document.orders.json
}

resource "aws_iam_role_policy" "own" {
  role = aws_iam_role.billing.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "dynamodb:GetItem", # keep
          "dynamodb:PutItem", # writes
        ]
        Resource = aws_dynamodb_table.t.arn
      },
      { Effect = "Allow", Action = "ec2:DescribeInstances", Resource = "*" },
    ]
  })
}

resource "aws_iam_user_policy" "text" {
  user   = "ann"
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Action": ["sns:List*", "sns:Subscribe"], "Resource": "${aws_sns_topic.t.arn}"},
        {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
      ]
    }
  EOT
}
"#;

fn one_read() -> Vec<String> {
    let role = |name: &str| format!("Role(\"{name}\")");
    let orders = "data.aws_iam_policy_document.orders";
    vec![
        role(orders),
        role(orders),
        role(orders),
        role(orders),
        role(orders),
        role(orders),
        format!("billing {:?}", Granted::Role(orders.into())),
        "74 billing dynamodb:GetItem".to_owned(),
        "75 billing dynamodb:PutItem".to_owned(),
        "79 billing ec2:DescribeInstances".to_owned(),
        "90 ann sns:List*".to_owned(),
        "90 ann sns:Subscribe".to_owned(),
        "91 ann sts:GetCallerIdentity".to_owned(),
    ]
}

pub(super) fn frozen(policy: &Policy, term: &str) -> Option<String> {
    let entries = policy.files.iter().flat_map(|file| &file.entries);
    let mut found = entries
        .filter(|entry| matches!(&entry.granted, Granted::Term(known) if known.as_str() == term));
    found.next().unwrap().frozen.clone()
}

#[test]
fn policies_of_aws_are_read_as_blocks_objects_and_texts() {
    for text in [
        ONE.to_owned(),
        ONE.replace('\n', "\r\n"),
        ONE.trim_end().to_owned(),
    ] {
        assert_eq!(round_trips(&text, "iam.tf"), one_read());
    }
    let all = policy(ONE, "iam.tf");
    assert_eq!(frozen(&all, "s3:GetObject"), None);
    assert_eq!(frozen(&all, "${var.more}").as_deref(), Some(EXPRESSION));
    assert_eq!(
        frozen(&all, "kms:Decrypt").as_deref(),
        Some("its statement has a condition")
    );
    assert_eq!(
        frozen(&all, "sns:Publish").as_deref(),
        Some("its statement is made by `dynamic`")
    );
    let file = &all.files[0];
    assert_eq!(file.matching, Some(crate::model::ScopeMatch::GlobAnyCase));
    assert!(file.entries[7].keep.is_some(), "a keep within jsonencode");
    let codes: Vec<&str> = file.warnings.iter().map(|own| own.code).collect();
    assert_eq!(codes, ["not-action"]);
}

#[test]
fn an_edit_of_a_policy_in_terraform_is_that_of_a_careful_colleague() {
    let one = |names: &[&str]| without(ONE, "iam.tf", names);
    assert_eq!(
        one(&["s3:GetObject"]),
        ONE.replace("[\"s3:GetObject\", ", "[")
    );
    let block = one(&["sqs:SendMessage"]);
    let gone = "  statement {\n    effect    = \"Allow\"\n    actions   = [\"sqs:SendMessage\"]\n    resources = [\"*\"]\n  }\n\n";
    assert_eq!(block, ONE.replace(gone, ""));
    formatted(block.trim_start());
    assert_eq!(
        one(&["dynamodb:PutItem"]),
        ONE.replace("          \"dynamodb:PutItem\", # writes\n", "")
    );
    assert_eq!(
        one(&["ec2:DescribeInstances"]),
        ONE.replace(
            "      { Effect = \"Allow\", Action = \"ec2:DescribeInstances\", Resource = \"*\" },\n",
            ""
        )
    );
    // What is left in the text of a heredoc is JSON.
    assert_eq!(
        one(&["sts:GetCallerIdentity"]),
        ONE.replace(
            ",\n        {\"Effect\": \"Allow\", \"Action\": \"sts:GetCallerIdentity\", \"Resource\": \"*\"}",
            ""
        )
    );
    assert_eq!(
        one(&["sns:Subscribe"]),
        ONE.replace(", \"sns:Subscribe\"", "")
    );
}

#[test]
fn a_policy_in_terraform_is_never_emptied() {
    let texts = [
        "data \"aws_iam_policy_document\" \"d\" {\n  statement {\n    actions = [\"a:B\", \"a:C\"]\n  }\n}\n",
        "resource \"aws_iam_role_policy\" \"p\" {\n  role   = \"r\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = [\"a:B\", \"a:C\"], Resource = \"*\" }] })\n}\n",
        "resource \"aws_iam_role_policy\" \"p\" {\n  role   = \"r\"\n  policy = jsonencode({ Statement = { Effect = \"Allow\", Action = [\"a:B\", \"a:C\"], Resource = \"*\" } })\n}\n",
        "resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  inline_policy {\n    name   = \"x\"\n    policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = [\"a:B\", \"a:C\"], Resource = \"*\" }] })\n  }\n}\n",
    ];
    for text in texts {
        let read = round_trips(text, "p.tf");
        assert_eq!(read.len(), 2, "{read:?}");
        let policy = policy(text, "p.tf");
        let error = plan(&policy, &giving(&policy, &["a:B", "a:C"]), &[]).unwrap_err();
        assert!(error.to_string().contains("would be empty"), "{error}");
    }
}

#[test]
fn what_is_no_literal_is_listed_with_its_reason() {
    let texts = [
        ("policy = file(\"p.json\")", "${file(\"p.json\")}"),
        (
            "policy = \"{\\\"Statement\\\": [{\\\"Effect\\\": \\\"Allow\\\", \\\"Action\\\": \\\"a:B\\\", \\\"Resource\\\": \\\"*\\\"}]}\"",
            "a:B",
        ),
        (
            "policy = <<EOT\n{\"Statement\": [%{ for x in y }{},%{ endfor }]}\nEOT",
            "policy",
        ),
        (
            "policy = jsonencode({ Statement = concat(local.a, []) })",
            "${concat(local.a, [])}",
        ),
        (
            "policy = jsonencode({ Statement = [local.s] })",
            "${local.s}",
        ),
        (
            "policy = jsonencode({ Statement = [{ Effect = var.e, Action = \"a:B\", Resource = \"*\" }] })",
            "a:B",
        ),
        (
            "policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = local.a, Resource = \"*\" }] })",
            "${local.a}",
        ),
        (
            "policy = jsonencode(local.document)",
            "${jsonencode(local.document)}",
        ),
        ("policy = local.document", "${local.document}"),
        (
            "policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = \"a:B\", Resource = \"*\" }] })\n  lifecycle {\n    ignore_changes = [policy]\n  }",
            "a:B",
        ),
    ];
    for (attribute, term) in texts {
        let text = format!(
            "resource \"aws_iam_role_policy\" \"p\" {{\n  role = \"r\"\n  {attribute}\n}}\n"
        );
        let read = round_trips(&text, "p.tf");
        assert_eq!(read.len(), 1, "{attribute}: {read:?}");
        let all = policy(&text, "p.tf");
        assert!(frozen(&all, term).is_some(), "{attribute}");
    }
    let json = r#"{"data": {"aws_iam_policy_document": {"d": {"statement": [{"actions": ["a:B", "a:C"], "resources": ["*"]}]}}},
 "resource": {"aws_iam_role_policy": {"p": {"role": "r", "policy": "${data.aws_iam_policy_document.d.json}"}}}}
"#;
    let read = round_trips(json, "p.tf.json");
    assert_eq!(read.len(), 3, "{read:?}");
    assert_eq!(frozen(&policy(json, "p.tf.json"), "a:B"), None);
}

#[test]
fn damaged_policies_of_terraform_are_refused_or_read_and_never_a_panic() {
    for end in (0..ONE.len())
        .filter(|end| ONE.is_char_boundary(*end))
        .step_by(5)
    {
        for damaged in [
            ONE[..end].to_owned(),
            format!("{}}}\n}}\n", &ONE[..end]),
            ONE[end..].to_owned(),
        ] {
            if let Ok(file) = grants::read(Arc::from(damaged.as_bytes()), "d.tf") {
                drop(listed(&file));
                drop(grants::comments_affected(&file));
            }
        }
    }
}
