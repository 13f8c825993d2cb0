//! What to ask the owner of a grant that stays.

use crate::model::Reason;

/// The name of a reason as the contract writes it.
pub(in crate::report) fn code(reason: Reason) -> String {
    serde_json::to_value(reason)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// What to ask the owner when this guard does not hold.
pub(super) fn question(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "protected" => "Could a just-in-time grant replace this standing one?",
        "client_silent" => {
            "Is this client still in service, under which name? If not, suspend it as a whole."
        }
        "denied_though_granted" => {
            "Why are its requests refused although the policy grants them? Fix it, or remove the grant."
        }
        "grant_too_young" => "Has the work that this grant was made for not begun yet?",
        "grant_age_unknown" => "Since when is it held, and for which task?",
        "still_in_rhythm" => "Does a task with long pauses use it?",
        "season_of_the_fleet" => "Is this a seasonal task that is due again?",
        "shared_role" | "role_member_unknown" | "role_member_less_safe" => {
            "Should the role be split, so that this member can lose it?"
        }
        "rule_grants_together" => {
            "Should the rule be split, so that this grant can go without the others?"
        }
        "role_scope_less_safe" => {
            "Should the role be split, so that this scope can go without the others?"
        }
        "unmatched_traffic" => {
            "Which scope do the requests need that match no operation of the catalogue?"
        }
        "used_without_grant" => "Is the catalogue wrong, or does the gateway not enforce it?",
        "optional_authentication" => "Does the answer differ for callers that hold it?",
        "requirement_unknown" => {
            "Which scope does the operation without a stated requirement ask for?"
        }
        "not_editable" => "Who edits this place of the policy file by hand?",
        "comment_affected" => "Does the comment next to the line still hold?",
        "others_suffice" => "Is there a reason to hold two scopes that permit the same?",
        "narrower_suffices" => "May the narrower scope take its place?",
        "pattern_given_up" | "narrower_is_pattern" => {
            "Should the client get what is added to the API later?"
        }
        "counted_as_another" => {
            "Did the client use the operation that the catalogue did not have then?"
        }
        "possible_need" => "Whose were the requests that may have needed it, and what were they?",
        "source_missing" => "Where are the logs of the source that carries the client?",
        "history_too_short" | "days_missing" | "partial_input" | "no_data" => {
            "Where are the missing days of the log?"
        }
        "not_proven_minimal" => "Is the minimal set that was found right for this client?",
        _ => return None,
    })
}
