//! Numbers and facts in words, the same in every renderer.

use crate::model::Reason;

/// `0.41`; a share below half a hundredth that is not zero reads `<0.01`.
pub fn share(value: f64) -> String {
    if value > 0.0 && value < 0.005 {
        "<0.01".to_owned()
    } else {
        format!("{value:.2}")
    }
}

/// `32 %`.
pub fn percent(value: f64) -> String {
    let percent = value * 100.0;
    if percent > 0.0 && percent < 0.5 {
        "<1 %".to_owned()
    } else {
        format!("{percent:.0} %")
    }
}

/// `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 client`, `3 clients`.
pub fn plural(value: u64, noun: &str) -> String {
    if value == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", count(value))
    }
}

/// The name of a reason as the contract writes it.
pub(super) fn code(reason: Reason) -> String {
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
            "Why are its requests refused although the policy grants them? Repair it, or take the grant away."
        }
        "grant_too_young" => "Is the work that this grant was made for still to begin?",
        "grant_age_unknown" => "Since when is it held, and for which task?",
        "still_in_rhythm" => "Does a task with long pauses use it?",
        "season_of_the_fleet" => "Is this a seasonal task that is due again?",
        "shared_role" | "role_member_unknown" | "role_member_less_safe" => {
            "Should the role be split, so that this member can lose it?"
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
        "comment_affected" => "Does the comment beside the line still hold?",
        "others_suffice" => "Is there a reason to hold two scopes that permit the same?",
        "narrower_suffices" => "May the narrower scope take its place?",
        "counted_as_another" => {
            "Did the client use the operation that the catalogue did not have then?"
        }
        "possible_need" => "Whose were the requests that may have needed it, and what were they?",
        "source_missing" => "Where are the logs of the source that carries the client?",
        "history_too_short" | "days_missing" | "partial_input" | "no_data" => {
            "Where are the missing days of the log?"
        }
        "not_proven_minimal" => "Is the minimal set that was found right for this client?",
        "pattern_not_understood" => "What does this pattern mean to the enforcer?",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_are_not_shown_as_nothing_and_large_counts_are_grouped() {
        assert_eq!(share(0.0), "0.00");
        assert_eq!(share(0.004), "<0.01");
        assert_eq!(share(0.405), "0.41");
        assert_eq!(percent(0.002), "<1 %");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(plural(1, "client"), "1 client");
    }
}
