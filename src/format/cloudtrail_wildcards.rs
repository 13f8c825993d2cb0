//! Which wildcards of actions a log of `CloudTrail` can judge, and what of them it cannot.
//!
//! In: an action with `*` and the operations that the log names. Out: whether a use of what it
//! allows would have left an event, and the actions of which that is not so.
//!
//! Invariants:
//! * the service is written out and one of those whose actions are all events of management,
//!   and the log has events of it, of each kind (reads, writes) that the wildcard allows;
//! * what is checked within other requests, or is an operation of nothing, is listed by name, and
//!   never judged: a wildcard with many of these, or with `?`, is not judged at all;
//! * upper and lower case are alike.
//!
//! An action that AWS adds later is in no list: who gives up a wildcard is told so.
//!
//! Source: the Service Authorization Reference, against the operations of the interfaces.

use super::Shown;
use crate::model::{Effect, ScopeMatch};

/// A wildcard with more actions than this that no event need show is not judged.
const MOST: usize = 8;

/// Of each service of management: its actions that are checked within other requests, are
/// operations of nothing, or have to do with tags, which may be either.
const NOT_SHOWN: [(&str, &str); 7] = [
    (
        "acm",
        "AddTagsToCertificate ListTagsForCertificate RemoveTagsFromCertificate",
    ),
    ("autoscaling", "CreateOrUpdateTags DeleteTags DescribeTags"),
    (
        "ec2",
        "AssignPrivateNatGatewayAddress AssociateNatGatewayAddress AssociateVerifiedAccessInstanceWebAcl \
         AttachApplianceToNatGateway AttachResourcesToPlacementGroup CreateCoipPoolPermission \
         CreateLocalGatewayRouteTablePermission CreateNatGateway CreateOdbNetworkPeering CreateTags \
         DeleteCoipPoolPermission DeleteLocalGatewayRouteTablePermission DeleteNatGateway \
         DeleteOdbNetworkPeering DeleteResourcePolicy DeleteTags DescribeLocalGatewayRouteTablePermissions \
         DescribeNatGateways DescribeTags DescribeVerifiedAccessInstanceWebAclAssociations \
         DetachApplianceFromNatGateway DetachResourcesFromPlacementGroup \
         DisassociateNatGatewayAddress DisassociateVerifiedAccessInstanceWebAcl EnableVolumeIO \
         GetResourcePolicy GetVerifiedAccessInstanceWebAcl ImportByoipCidrToIpam InjectApiError \
         InjectVolumeIOLatency ModifyOdbNetworkPeering MoveByoipCidrToIpam PauseVolumeIO PutResourcePolicy \
         SendSpotInstanceInterruptions UnassignPrivateNatGatewayAddress",
    ),
    (
        "elasticloadbalancing",
        "AddTags AllowVendedLogDeliveryForResource CreateWebACLAssociation DeleteWebACLAssociation \
         DescribeTags DescribeWebACLAssociation GetLoadBalancerWebACL GetResourcePolicy RemoveTags SetWebAcl",
    ),
    (
        "iam",
        "CreateServiceLinkedRole DeleteCloudFrontPublicKey GetAccountEmailAddress GetAccountName \
         GetCloudFrontPublicKey ListCloudFrontPublicKeys ListInstanceProfileTags ListMFADeviceTags \
         ListOpenIDConnectProviderTags ListPolicyTags ListRoleTags ListSAMLProviderTags \
         ListSTSRegionalEndpointsStatus ListServerCertificateTags ListUserTags PassRole \
         SetSTSRegionalEndpointStatus TagInstanceProfile TagMFADevice TagOpenIDConnectProvider TagPolicy \
         TagRole TagSAMLProvider TagServerCertificate TagUser UntagInstanceProfile UntagMFADevice \
         UntagOpenIDConnectProvider UntagPolicy UntagRole UntagSAMLProvider UntagServerCertificate UntagUser \
         UpdateAccountEmailAddress UpdateAccountName UpdateCloudFrontPublicKey UploadCloudFrontPublicKey",
    ),
    (
        "organizations",
        "DeleteResourcePolicy DescribeResourcePolicy ListTagsForResource PutResourcePolicy TagResource \
         UntagResource",
    ),
    (
        "route53",
        "ChangeTagsForResource ListTagsForResource ListTagsForResources",
    ),
];

/// What a log shows of the actions `service:pattern`, both in small letters; `recorded` says
/// whether the log has events of the service of a kind.
pub(super) fn shown(
    service: &str,
    pattern: &str,
    reads: &[&str],
    recorded: impl Fn(Effect) -> bool,
) -> Shown {
    let written = |c: char| c.is_ascii_alphanumeric() || c == '*';
    let Some((_, not_shown)) = NOT_SHOWN.iter().find(|(known, _)| *known == service) else {
        return Shown::InPart;
    };
    if !pattern.chars().all(written) {
        return Shown::InPart;
    }
    let allows = |name: &&str| ScopeMatch::GlobAnyCase.covers(pattern, name);
    let rest: Vec<String> = not_shown
        .split_ascii_whitespace()
        .filter(allows)
        .map(|name| format!("{service}:{name}"))
        .collect();
    let kinds = kinds(pattern, reads);
    if rest.len() > MOST || !kinds.iter().all(|kind| recorded(*kind)) {
        return Shown::InPart;
    }
    let effect = kinds.last().copied().unwrap_or(Effect::Write);
    Shown::Members { effect, rest }
}

/// What names may do that a pattern fits, by the words that names of reads begin with.
fn kinds(pattern: &str, reads: &[&str]) -> &'static [Effect] {
    let head = pattern.split('*').next().unwrap_or_default();
    let (mut read, mut either) = (false, head.is_empty());
    for word in reads.iter().map(|word| word.to_ascii_lowercase()) {
        // `BatchWrite…` writes.
        read |= head.starts_with(&word) && word != "batch";
        either |= word.starts_with(head) || word == "batch" && head.starts_with(&word);
    }
    match (read, either) {
        (true, _) => &[Effect::Read],
        (false, true) => &[Effect::Read, Effect::Write],
        (false, false) => &[Effect::Write],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: [&str; 4] = ["Get", "List", "Describe", "Batch"];

    fn rest(action: &str, kinds: &[Effect]) -> Option<(Effect, String)> {
        let (service, pattern) = action.split_once(':').unwrap();
        match shown(service, pattern, &READS, |kind| kinds.contains(&kind)) {
            Shown::Members { effect, rest } => Some((effect, rest.join(" "))),
            other => {
                assert_eq!(other, Shown::InPart);
                None
            }
        }
    }

    #[test]
    fn a_wildcard_is_judged_where_its_members_leave_events_but_for_those_that_are_named() {
        let both = [Effect::Read, Effect::Write];
        let of = |action: &str| rest(action, &both);
        assert_eq!(of("ec2:run*"), Some((Effect::Write, String::new())));
        assert_eq!(
            of("autoscaling:describe*"),
            Some((Effect::Read, "autoscaling:DescribeTags".to_owned()))
        );
        assert_eq!(
            of("iam:get*").map(|(_, rest)| rest),
            Some("iam:GetAccountEmailAddress iam:GetAccountName iam:GetCloudFrontPublicKey".into())
        );
        assert_eq!(
            of("iam:*passrole").map(|(_, rest)| rest),
            Some("iam:PassRole".into())
        );
        for kept in [
            "ec2:*",
            "iam:*",
            "s3:get*",
            "dynamodb:*",
            "ec2:run?nstances",
            "ec2:run${x}*",
            "*:*",
            "e*:run*",
        ] {
            assert_eq!(of(kept), None, "{kept}");
        }
    }

    #[test]
    fn each_kind_that_a_wildcard_allows_has_to_be_in_the_log() {
        let (reads, writes) = ([Effect::Read], [Effect::Write]);
        for (action, by_reads, by_writes) in [
            ("ec2:describeinst*", true, false),
            ("ec2:run*", false, true),
            ("ec2:*instances", false, false),
            ("ec2:d*fleets", false, false),
            ("ec2:batch*", false, false),
            ("ec2:describ*fleets", false, false),
        ] {
            assert_eq!(rest(action, &reads).is_some(), by_reads, "{action}");
            assert_eq!(rest(action, &writes).is_some(), by_writes, "{action}");
        }
        let both = [Effect::Read, Effect::Write];
        assert!(rest("ec2:*instances", &both).is_some());
        assert_eq!(rest("ec2:batch*", &both).unwrap().0, Effect::Write);
    }
}
