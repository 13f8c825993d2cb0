//! The rules in the order of their numbers.

mod f01_enforcement_hole;
mod f02_layer_disagreement;
mod f03_long_lived_token;
mod f04_old_credential;
mod f05_rotation;
mod f06_unused;
mod f07_shared_credential;
mod f08_god_token;
mod f09_wildcard;
mod f10_stale_endpoint;
mod f11_shadow_endpoint;
mod f12_zombie_scope;
mod f13_probing;
mod f14_no_split;
mod f15_privileged_use;
mod f16_privileged_after_idle;
mod f17_expired_exception;
mod f18_denied_though_granted;
mod f19_unobservable_scope;
mod f20_duplicate_grant;
mod f21_meaningless_grants;
mod f22_issued_not_granted;
mod f23_never_issued;
mod f24_ungoverned_caller;
mod f25_public_write;
mod f26_full_token;
mod f27_usage_spike;
mod f28_enforcement_never_seen;
mod f29_undocumented_grant;
mod f30_toxic_combination;

use super::Rule;

/// Every rule.
pub static ALL: &[&dyn Rule] = &[
    &f01_enforcement_hole::EnforcementHole,
    &f02_layer_disagreement::LayerDisagreement,
    &f03_long_lived_token::LongLivedToken,
    &f04_old_credential::OldCredential,
    &f05_rotation::Rotation,
    &f06_unused::Unused,
    &f07_shared_credential::SharedCredential,
    &f08_god_token::GodToken,
    &f09_wildcard::Wildcard,
    &f10_stale_endpoint::StaleEndpoint,
    &f11_shadow_endpoint::ShadowEndpoint,
    &f12_zombie_scope::ZombieScope,
    &f13_probing::Probing,
    &f14_no_split::NoSplit,
    &f15_privileged_use::PrivilegedUse,
    &f16_privileged_after_idle::PrivilegedAfterIdle,
    &f17_expired_exception::ExpiredException,
    &f18_denied_though_granted::DeniedThoughGranted,
    &f19_unobservable_scope::UnobservableScope,
    &f20_duplicate_grant::DuplicateGrant,
    &f21_meaningless_grants::MeaninglessGrants,
    &f22_issued_not_granted::IssuedNotGranted,
    &f23_never_issued::NeverIssued,
    &f24_ungoverned_caller::UngovernedCaller,
    &f25_public_write::PublicWrite,
    &f26_full_token::FullToken,
    &f27_usage_spike::UsageSpike,
    &f28_enforcement_never_seen::EnforcementNeverSeen,
    &f29_undocumented_grant::UndocumentedGrant,
    &f30_toxic_combination::ToxicCombination,
];
