//! The roles that are proposed, and what the roles that there are look like.
//!
//! In: a proposal. Out: a list for a terminal, JSON (`scopetrim.roles/1`), Markdown, a page, rows, and
//! what stands above a diff.
//!
//! Invariants: roles for administration whose members do nothing of the kind come first; no line is
//! wider than asked for; every role is shown, and of long lists the rest is counted.

mod data;
mod diff;
mod html;
mod look;
mod markdown;

use std::io::{self, Write};

pub(crate) use data::{json, rows};
pub(crate) use diff::{head as diff_head, larger};
pub(crate) use html::html;
pub(crate) use look::Look;
pub(crate) use markdown::markdown;

use super::escape;
use super::screen::Screen;
use crate::analysis::role_mining::{JudgedRole, OverTime, RoleProposal, RoleVerdict};
use crate::model::words::plural;

/// Names of a list that are shown.
const SHOWN: usize = 8;

/// The list for a terminal, `width` columns wide (kept within 60 to 200).
pub(crate) fn table(found: &RoleProposal, out: &mut dyn Write, width: usize) -> io::Result<()> {
    let mut screen = Screen::new(out, width);
    for text in &found.incomplete {
        screen.whole("incomplete: ", text)?;
    }
    screen.whole("", &format!("roles  {}", basis(found)))?;
    screen.whole("", &result(found))?;
    if found.proposal.complexity > found.proposal.complexity_now {
        screen.whole("", LARGER)?;
    }
    screen.line("")?;
    for judged in &found.proposal.existing {
        screen.whole(
            &format!("  {}  ", escape::terminal(judged.role.name.as_str())),
            &verdict(judged),
        )?;
    }
    if !found.proposal.existing.is_empty() {
        screen.line("")?;
    }
    for role in &found.proposal.roles {
        let note = match (role.exists, role.narrows) {
            (true, _) => "  (there is one)",
            (_, true) => "  (there is one, which has more terms)",
            _ => "",
        };
        screen.whole("", &format!("{}{note}", role.name))?;
        screen.whole("  members  ", &some(role.members.iter()))?;
        screen.whole("  terms    ", &some(role.terms.iter()))?;
    }
    for (client, terms) in &found.proposal.direct {
        let text = format!("{}  directly: {}", client, some(terms.iter()));
        screen.whole("", &text)?;
    }
    if let Some(past) = &found.over_time {
        screen.line("")?;
        screen.whole("", &past_sentence(past))?;
        let head = ["role", "members", "uses permitted", "grants not used"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(past.roles.iter().map(|role| {
            let name = escape::terminal(role.name.as_str()).into_owned();
            let name = if role.exists {
                format!("{name} (as it is)")
            } else {
                name
            };
            let unused = share(role.grants - role.used, role.grants);
            vec![
                name,
                role.members.to_string(),
                share(role.covered, role.uses),
                unused,
            ]
        }));
        screen.table("  ", 1, &rows)?;
    }
    Ok(())
}

/// What is said of roles that save nothing.
const LARGER: &str = "the policy is smaller as it is: roles of one client, and roles that few have, are no gain over direct grants";

/// From what the roles are made.
fn basis(found: &RoleProposal) -> String {
    let counts = format!(
        "{}, {}",
        plural(found.clients as u64, "client"),
        plural(found.grants as u64, "grant")
    );
    match found.seen {
        None => format!("from what is held: {counts}"),
        Some((window, level)) => format!(
            "from what is left after removals up to level {} ({}..{}): {counts}",
            level.name(),
            window.from,
            window.to
        ),
    }
}

/// How many roles, and what they save.
fn result(found: &RoleProposal) -> String {
    let proposal = &found.proposal;
    let count = proposal.roles.len();
    let fewest = if proposal.is_fewest() {
        "no exact set has fewer".to_owned()
    } else {
        format!("every exact set has at least {}", proposal.at_least)
    };
    format!(
        "{} ({fewest}); roles, memberships, terms of roles and direct grants: {}, with the roles that there are {}",
        plural(count as u64, "role"),
        proposal.complexity,
        proposal.complexity_now
    )
}

/// What is to be said about a role that there is.
fn verdict(judged: &JudgedRole) -> String {
    let members = |count: usize| plural(count as u64, "member");
    let mut text = match &judged.verdict {
        RoleVerdict::Fits => "fits: every member needs all of it".to_owned(),
        RoleVerdict::TooBroad => format!(
            "too broad for {} of {}",
            judged.too_broad_for.len(),
            members(judged.role.members.len())
        ),
        RoleVerdict::Splits(parts) => format!(
            "is {} roles: nobody needs terms of two of its parts",
            parts.len()
        ),
        RoleVerdict::Unused if judged.role.members.is_empty() => "nobody has it".to_owned(),
        RoleVerdict::Unused => "no member needs any of it".to_owned(),
        RoleVerdict::SameAs(other) => format!("has the same terms as {other}"),
        RoleVerdict::CannotTell => {
            "cannot tell: groups have it, and no log shows what they need".to_owned()
        }
    };
    if !judged.admin_without_need.is_empty() {
        let names = some(judged.admin_without_need.iter());
        text.push_str("; made for administration, and its members need nothing of the kind: ");
        text.push_str(&names);
    }
    text
}

fn past_sentence(past: &OverTime) -> String {
    format!(
        "made from what was known on {}, the roles would have permitted {} of {} that the same clients needed in {}..{}",
        past.until,
        past.covered,
        plural(past.uses as u64, "operation"),
        past.after.from,
        past.after.to
    )
}

/// A share in per cent, rounded down for what is good and bad alike.
fn share(part: usize, whole: usize) -> String {
    match (100 * part).checked_div(whole) {
        Some(share) => format!("{share} %"),
        None => "-".to_owned(),
    }
}

/// The first names of a list, and how many more there are.
fn some<'n, N: AsRef<str> + 'n>(names: impl ExactSizeIterator<Item = &'n N>) -> String {
    let count = names.len();
    let shown: Vec<&str> = names.take(SHOWN).map(AsRef::as_ref).collect();
    let rest = count - shown.len();
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
