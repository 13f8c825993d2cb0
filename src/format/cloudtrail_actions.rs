//! The actions of IAM that events of CloudTrail stand for, and which of them a log shows.
//!
//! Invariants:
//! * mostly an event `ec2.amazonaws.com:RunInstances` needs the action `ec2:RunInstances`. The
//!   tables have what differs, and what one event needs besides;
//! * an action is judged by silence only where every use of it leaves an event of its own, and
//!   the log has events of its kind: what is checked within another request (tags, `iam:PassRole`),
//!   what may be an event of data, of which a trail records what its selectors name, and what
//!   nobody here knows well, is not;
//! * a pattern is judged where all that it allows is, by `cloudtrail_wildcards`.
//!
//! Sources: "Logging data events" of the guide of CloudTrail, "Amazon S3 CloudTrail events" of
//! that of S3, and the dependent actions of the Service Authorization Reference.

use std::collections::BTreeMap;

use super::{Shown, cloudtrail_wildcards};
use crate::model::Effect;

/// Services whose events have another name than their actions.
const SERVICES: [(&str, &str); 8] = [
    ("monitoring", "cloudwatch"),
    ("streams.dynamodb", "dynamodb"),
    ("tagging", "tag"),
    ("appstream2", "appstream"),
    ("email", "ses"),
    ("models.lex", "lex"),
    ("runtime.lex", "lex"),
    ("mturk-requester", "mechanicalturk"),
];

/// Events of a service whose action has another name.
const EVENTS: [(&str, &str, &str); 29] = [
    ("s3", "ListBuckets", "ListAllMyBuckets"),
    ("s3", "HeadBucket", "ListBucket"),
    ("s3", "ListObjects", "ListBucket"),
    ("s3", "ListObjectsV2", "ListBucket"),
    ("s3", "ListObjectVersions", "ListBucketVersions"),
    ("s3", "ListMultipartUploads", "ListBucketMultipartUploads"),
    ("s3", "ListParts", "ListMultipartUploadParts"),
    ("s3", "HeadObject", "GetObject"),
    ("s3", "SelectObjectContent", "GetObject"),
    ("s3", "CopyObject", "PutObject"),
    ("s3", "PostObject", "PutObject"),
    ("s3", "CreateMultipartUpload", "PutObject"),
    ("s3", "CompleteMultipartUpload", "PutObject"),
    ("s3", "UploadPart", "PutObject"),
    ("s3", "UploadPartCopy", "PutObject"),
    ("s3", "DeleteObjects", "DeleteObject"),
    ("s3", "GetBucketEncryption", "GetEncryptionConfiguration"),
    ("s3", "PutBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "DeleteBucketEncryption", "PutEncryptionConfiguration"),
    ("s3", "GetBucketLifecycle", "GetLifecycleConfiguration"),
    ("s3", "PutBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "DeleteBucketLifecycle", "PutLifecycleConfiguration"),
    ("s3", "GetBucketReplication", "GetReplicationConfiguration"),
    ("s3", "PutBucketReplication", "PutReplicationConfiguration"),
    ("lambda", "Invoke", "InvokeFunction"),
    ("sns", "PublishBatch", "Publish"),
    ("sqs", "SendMessageBatch", "SendMessage"),
    ("sqs", "DeleteMessageBatch", "DeleteMessage"),
    (
        "sqs",
        "ChangeMessageVisibilityBatch",
        "ChangeMessageVisibility",
    ),
];

/// Events that need the actions of others besides: of these, each ended by a line end.
const BESIDES: [(&str, &str); 7] = [
    (
        "s3.amazonaws.com:CopyObject",
        "s3.amazonaws.com:GetObject\n",
    ),
    (
        "s3.amazonaws.com:UploadPartCopy",
        "s3.amazonaws.com:GetObject\n",
    ),
    (
        "s3.amazonaws.com:GetObjectAttributes",
        "s3.amazonaws.com:GetObject\n",
    ),
    (
        "s3.amazonaws.com:RenameObject",
        "s3.amazonaws.com:GetObject\ns3.amazonaws.com:PutObject\ns3.amazonaws.com:DeleteObject\n",
    ),
    (
        "dynamodb.amazonaws.com:TransactWriteItems",
        "dynamodb.amazonaws.com:PutItem\ndynamodb.amazonaws.com:UpdateItem\ndynamodb.amazonaws.com:DeleteItem\n",
    ),
    (
        "dynamodb.amazonaws.com:TransactGetItems",
        "dynamodb.amazonaws.com:GetItem\n",
    ),
    (
        "secretsmanager.amazonaws.com:RotateSecret",
        "lambda.amazonaws.com:Invoke\n",
    ),
];

/// Services whose actions are operations that always leave an event, in every trail that has
/// events of management.
const MANAGEMENT: [&str; 7] = [
    "acm",
    "autoscaling",
    "ec2",
    "elasticloadbalancing",
    "iam",
    "organizations",
    "route53",
];

/// What the names of actions hold, in small letters, that are checked within other requests or
/// are operations of nothing.
const WITHOUT_EVENT: [&str; 17] = [
    "tag",
    "passrole",
    "createservicelinkedrole",
    "webacl",
    "vendedlogdelivery",
    "odbnetworkpeering",
    "resourcepolicy",
    "coippoolpermission",
    "localgatewayroutetablepermission",
    "toplacementgroup",
    "fromplacementgroup",
    "natgateway",
    "inject",
    "volumeio",
    "spotinstanceinterruptions",
    "cloudfrontpublickey",
    "byoipcidrtoipam",
];
/// The same for actions of IAM on the account itself.
const OF_ACCOUNT: [&str; 3] = ["stsregionalendpoint", "accountname", "accountemailaddress"];

/// The events whose actions an event needs besides its own.
pub(super) fn besides(operation: &[u8]) -> &'static [u8] {
    let found = BESIDES
        .iter()
        .find(|(event, _)| event.as_bytes() == operation);
    found.map_or(&[], |(_, others)| others.as_bytes())
}

/// The action that an event needs: `ec2:RunInstances`.
pub(super) fn action(operation: &str) -> Option<String> {
    let (source, event) = operation.split_once(':')?;
    let source = source.strip_suffix(".amazonaws.com")?;
    let renamed = SERVICES.iter().find(|(known, _)| *known == source);
    let service = renamed.map_or(source, |(_, service)| service);
    // Some services put the version of their interface behind the name.
    let event = match service {
        "lambda" | "cloudfront" => {
            let version = event.find(|c: char| c.is_ascii_digit());
            version.map_or(event, |at| &event[..at])
        }
        _ => event,
    };
    let other = EVENTS
        .iter()
        .find(|(of, name, _)| *of == service && *name == event);
    let name = other.map_or(event, |(.., action)| action);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    (plain && !service.is_empty()).then(|| format!("{service}:{name}"))
}

/// What a log with these operations shows of an action that a policy allows; `left_out` are the
/// services whose events a trail may leave out.
pub(super) fn shown(
    action: &str,
    seen: &BTreeMap<String, Effect>,
    left_out: &[&str],
    (reads, effect): (&[&str], impl Fn(&str) -> Effect),
) -> Shown {
    let Some((service, name)) = action.split_once(':') else {
        return Shown::InPart;
    };
    let (service, lower) = (service.to_ascii_lowercase(), name.to_ascii_lowercase());
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    let wildcard = MANAGEMENT.contains(&&*service) && name.contains('*');
    let mut within = WITHOUT_EVENT.iter().chain(&OF_ACCOUNT);
    if !(plain || wildcard) || within.any(|part| lower.contains(part)) {
        return Shown::InPart;
    }
    let of_service = |operation: &str| {
        let own = self::action(operation)?;
        own.strip_prefix(&*service)?
            .strip_prefix(':')
            .map(str::to_owned)
    };
    let recorded = |kind: Effect| {
        let mut alike = seen.iter().filter(|(_, known)| **known == kind);
        alike.any(|(operation, _)| of_service(operation).is_some())
    };
    if wildcard {
        return cloudtrail_wildcards::shown(&service, &lower, reads, recorded);
    }
    let itself = || {
        let mut names = seen.keys().filter_map(|operation| of_service(operation));
        names.any(|own| own.eq_ignore_ascii_case(name))
    };
    let judged = if MANAGEMENT.contains(&&*service) {
        recorded(effect(name))
    } else {
        !left_out.contains(&&*service) && itself()
    };
    if judged {
        Shown::Use(effect(name))
    } else {
        Shown::InPart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_needs_the_action_of_its_name_but_for_the_tables() {
        for (event, expected) in [
            ("ec2.amazonaws.com:RunInstances", "ec2:RunInstances"),
            ("s3.amazonaws.com:ListBuckets", "s3:ListAllMyBuckets"),
            ("lambda.amazonaws.com:Invoke", "lambda:InvokeFunction"),
            (
                "lambda.amazonaws.com:UpdateFunctionCode20150331v2",
                "lambda:UpdateFunctionCode",
            ),
            (
                "monitoring.amazonaws.com:PutMetricAlarm",
                "cloudwatch:PutMetricAlarm",
            ),
            ("sts.amazonaws.com:AssumeRole", "sts:AssumeRole"),
        ] {
            assert_eq!(action(event).as_deref(), Some(expected));
        }
        for odd in [
            "s3:GetObject",
            "s3.amazonaws.com:",
            "x",
            ".amazonaws.com:A",
            "s3.amazonaws.com:REST.GET",
        ] {
            assert_eq!(action(odd), None, "{odd}");
        }
        for (_, others) in BESIDES {
            assert!(others.ends_with('\n'));
            assert!(others.lines().all(|own| action(own).is_some()), "{others}");
        }
    }

    fn judged(action: &str, seen: &[&str]) -> bool {
        let effect = |name: &str| {
            if name.starts_with("Describe") || name.starts_with("Get") {
                Effect::Read
            } else {
                Effect::Write
            }
        };
        let of = |operation: &&str| {
            let name = operation.split_once(':').unwrap().1;
            ((*operation).to_owned(), effect(name))
        };
        let seen = seen.iter().map(of).collect();
        let reads = ["Describe", "Get"];
        shown(action, &seen, &["s3", "kms"], (&reads, effect)) != Shown::InPart
    }

    #[test]
    fn silence_is_judged_only_where_a_use_would_leave_an_event() {
        let writes = ["ec2.amazonaws.com:StopInstances"];
        assert!(judged("ec2:TerminateInstances", &writes));
        assert!(judged("EC2:terminateinstances", &writes));
        assert!(
            !judged("ec2:DescribeInstances", &writes),
            "a trail of writes alone"
        );
        assert!(
            !judged("iam:CreateUser", &writes),
            "a trail without global services"
        );
        for never in [
            "ec2:*",
            "ec2:Terminate?nstances",
            "ec2:CreateTags",
            "*",
            "ec2:",
        ] {
            assert!(!judged(never, &writes), "{never}");
        }
        assert!(!judged("iam:PassRole", &["iam.amazonaws.com:CreateRole"]));
        // Events of data are there only where the trail asks for them.
        assert!(!judged("s3:GetObject", &["s3.amazonaws.com:CreateBucket"]));
        // A trail may ask for those of one bucket alone.
        assert!(!judged("s3:GetObject", &["s3.amazonaws.com:HeadObject"]));
        assert!(!judged("s3:ListBucket", &["s3.amazonaws.com:ListObjects"]));
        assert!(!judged("kms:Decrypt", &["kms.amazonaws.com:Decrypt"]));
        assert!(!judged(
            "logs:PutLogEvents",
            &["logs.amazonaws.com:CreateLogGroup"]
        ));
        assert!(judged(
            "codecommit:GitPull",
            &["codecommit.amazonaws.com:GitPull"]
        ));
    }
}
