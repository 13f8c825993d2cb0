//! Policies of AWS in several files of Terraform, and what else refers to them.

use super::terraform_iam::frozen;
use super::*;
use crate::model::RoleName;

fn together(files: &[(&str, &str)]) -> Policy {
    let file = |(name, text): &(&str, &str)| {
        let path = std::path::PathBuf::from("no such folder").join(name);
        (path, (*name).to_owned(), Arc::from(text.as_bytes()))
    };
    let files = files.iter().map(file).collect();
    grants::Formats::default().read_together(files).unwrap()
}

const DATA: &str = "data \"aws_iam_policy_document\" \"d\" {\n  source_policy_documents = [data.aws_iam_policy_document.base.json]\n  statement {\n    actions = [\"s3:GetObject\", \"s3:PutObject\"]\n  }\n}\n\ndata \"aws_iam_policy_document\" \"base\" {\n  statement {\n    actions = [\"sqs:SendMessage\", \"sqs:ReceiveMessage\"]\n  }\n}\n";
const ROLES: &str = "resource \"aws_iam_role\" \"r\" {\n  name = \"billing\"\n}\nresource \"aws_iam_role\" \"s\" {\n  name_prefix = \"s-\"\n}\n";
const ATTACHED: &str = "resource \"aws_iam_policy\" \"p\" {\n  policy = data.aws_iam_policy_document.d.json\n}\nresource \"aws_iam_role_policy_attachment\" \"a\" {\n  role       = aws_iam_role.r.name\n  policy_arn = aws_iam_policy.p.arn\n}\nresource \"aws_iam_role_policy_attachment\" \"b\" {\n  role       = aws_iam_role.s.name\n  policy_arn = \"arn:aws:iam::aws:policy/ReadOnlyAccess\"\n}\n";

#[test]
fn a_directory_of_terraform_is_read_as_one() {
    let all = together(&[
        ("data.tf", DATA),
        ("roles.tf", ROLES),
        ("attached.tf", ATTACHED),
    ]);
    let held = all.holdings();
    let terms = |client: &str| -> Vec<String> {
        held[&ClientName::new(client)]
            .keys()
            .map(ToString::to_string)
            .collect()
    };
    let billing = [
        "s3:GetObject",
        "s3:PutObject",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ];
    assert_eq!(terms("billing"), billing);
    assert_eq!(terms("aws_iam_role.s"), [""; 0]);
    assert_eq!(frozen(&all, "s3:GetObject"), None);
    // A file is read again as it was read, with its neighbours.
    for (file, own) in all.files.iter().enumerate() {
        let free = (0..own.entries.len()).filter(|entry| own.entries[*entry].frozen.is_none());
        for entry in free {
            let patch = plan(&all, &[Removal { file, entry }], &[]).unwrap();
            assert_eq!(patch.files[0].reread.entries.len(), own.entries.len() - 1);
        }
    }
    // Another directory has another role of this address.
    let two = together(&[
        ("a/data.tf", DATA),
        ("a/attached.tf", ATTACHED),
        ("b/roles.tf", ROLES),
    ]);
    let clients: Vec<String> = two.clients().iter().map(ToString::to_string).collect();
    assert_eq!(
        clients,
        [
            "a/aws_iam_role.r",
            "a/aws_iam_role.s",
            "b/aws_iam_role.s",
            "billing"
        ]
    );
}

#[test]
fn what_else_refers_to_a_policy_keeps_it_whole() {
    let others = [
        (
            "output \"o\" {\n  value = data.aws_iam_policy_document.base.json\n}\n",
            "`output` refers to it",
        ),
        (
            "module \"m\" {\n  source = \"./m\"\n  policies = { a = aws_iam_policy.p.arn }\n}\n",
            "`module` refers to it",
        ),
        (
            "resource \"aws_iam_role\" \"t\" {\n  name = \"t\"\n  permissions_boundary = aws_iam_policy.p.arn\n}\n",
            "`aws_iam_role.t` refers to it",
        ),
        (
            "resource \"aws_iam_role_policy_attachment\" \"x\" {\n  for_each = var.roles\n  role = each.value\n  policy_arn = aws_iam_policy.p.arn\n}\n",
            "whom `aws_iam_role_policy_attachment.x` is for is an expression",
        ),
        (
            "resource \"aws_iam_policy\" \"q\" {\n  policy = replace(data.aws_iam_policy_document.base.json, \"a\", \"b\")\n}\n",
            "`aws_iam_policy.q` refers to it",
        ),
        ("resource {", "`other.tf` of its directory cannot be read"),
    ];
    for (other, why) in others {
        let mut files = vec![
            ("data.tf", DATA),
            ("roles.tf", ROLES),
            ("attached.tf", ATTACHED),
        ];
        let text = format!("{DATA}{ROLES}{ATTACHED}{other}");
        if why.contains("cannot") {
            continue;
        }
        files.push(("other.tf", other));
        let whole = policy(&text, "all.tf");
        let parts = if other.starts_with("resource") {
            together(&files)
        } else {
            whole.clone()
        };
        for all in [whole, parts] {
            let said = frozen(&all, "sqs:SendMessage").unwrap_or_default();
            assert!(said.contains(why), "{other}: {said}");
        }
    }
    let gathered = policy(&format!("{DATA}{ROLES}{ATTACHED}"), "all.tf");
    assert_eq!(frozen(&gathered, "sqs:SendMessage"), None);
    let group = "resource \"aws_iam_group_policy\" \"g\" {\n  group = \"devs\"\n  policy = data.aws_iam_policy_document.base.json\n}\n";
    let group = policy(&format!("{DATA}{ROLES}{ATTACHED}{group}"), "all.tf");
    let role = RoleName::new("data.aws_iam_policy_document.base");
    assert!(!group.roles().strangers(0, &role).is_empty());
}

#[test]
fn statements_that_overlap_stay_though_their_holder_stands_elsewhere() {
    let data = "data \"aws_iam_policy_document\" \"d\" {\n  statement {\n    actions   = [\"s3:*\"]\n    resources = [\"a\"]\n  }\n  statement {\n    actions   = [\"s3:GetObject\", \"sqs:SendMessage\"]\n    resources = [\"b\"]\n  }\n}\n";
    let held = "resource \"aws_iam_role_policy\" \"p\" {\n  role = \"r\"\n  policy = data.aws_iam_policy_document.d.json\n}\nresource \"aws_iam_role_policy\" \"q\" {\n  role = \"r\"\n  policy = jsonencode({ Statement = [{ Effect = \"Allow\", Action = [\"sqs:*\"], Resource = \"*\" }] })\n}\n";
    let two = "data \"aws_iam_policy_document\" \"a\" {\n  statement {\n    actions   = [\"s3:*\", \"sqs:*\"]\n    resources = [\"a\"]\n  }\n}\ndata \"aws_iam_policy_document\" \"b\" {\n  statement {\n    actions   = [\"s3:GetObject\", \"sqs:SendMessage\"]\n    resources = [\"b\"]\n  }\n}\n";
    let both = "resource \"aws_iam_role_policy\" \"p\" {\n  role = \"r\"\n  policy = data.aws_iam_policy_document.a.json\n}\nresource \"aws_iam_role_policy\" \"q\" {\n  role = \"r\"\n  policy = data.aws_iam_policy_document.b.json\n}\n";
    for all in [
        together(&[("data.tf", two), ("held.tf", both)]),
        policy(&format!("{two}{both}"), "all.tf"),
        together(&[("data.tf", data), ("held.tf", held)]),
        policy(&format!("{data}{held}"), "all.tf"),
    ] {
        for term in ["s3:*", "s3:GetObject", "sqs:SendMessage", "sqs:*"] {
            assert!(frozen(&all, term).is_some(), "{term}");
        }
    }
}
