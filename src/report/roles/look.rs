//! What a role that there is looks like, for a page.

use serde::Serialize;

use crate::analysis::role_mining::{JudgedRole, RoleVerdict};
use crate::model::words::{either, plural_grouped};

/// A verdict in a word and in a sentence.
#[derive(Clone, Debug, Serialize)]
pub struct Look {
    /// `Too broad`.
    pub word: &'static str,
    /// The class of its badge, one of those of the levels.
    pub badge: &'static str,
    /// `3 of 4 members do not need all of it.`
    pub sentence: String,
}

impl Look {
    pub(crate) fn of(judged: &JudgedRole) -> Self {
        let all = judged.role.members.len();
        let (word, badge, sentence) = match &judged.verdict {
            RoleVerdict::Fits => ("Fits", "safe", "Every member needs all of it.".to_owned()),
            RoleVerdict::TooBroad => {
                let some = judged.too_broad_for.len();
                let members = plural_grouped(all as u64, "member");
                let does = either(some as u64, "does", "do");
                let sentence = format!("{some} of {members} {does} not need all of it.");
                ("Too broad", "review", sentence)
            }
            RoleVerdict::Splits(parts) => {
                let count = parts.len();
                let sentence =
                    format!("It is {count} roles: nobody needs scopes of two of its parts.");
                ("Falls apart", "review", sentence)
            }
            RoleVerdict::Unused if all == 0 => ("Unused", "likely", "Nobody has it.".to_owned()),
            RoleVerdict::Unused => ("Unused", "likely", "No member needs any of it.".to_owned()),
            RoleVerdict::SameAs(other) => {
                let sentence = format!("It has the same scopes as {other}.");
                ("A double", "likely", sentence)
            }
            RoleVerdict::CannotTell => {
                let sentence = "Groups have it, and no log shows what they need.".to_owned();
                ("Cannot tell", "manual", sentence)
            }
        };
        Self {
            word,
            badge,
            sentence,
        }
    }
}
