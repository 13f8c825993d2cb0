//! Where each grant stands, counted once.
//!
//! In: the terms of every client. Out: groups, and what the requests show of each.
//!
//! Invariants:
//! * a grant (one scope held by one client) is in exactly one group, so the groups add up to all
//!   grants;
//! * served, not served and not to be seen in requests add up to all grants too;
//! * "do this now" and "needs a human" list what is counted here, no grant more and none less.

use super::page::ClientView;
use super::rows::{Balance, Group};
use super::tiles::{is_unused, share};
use crate::model::words::{grouped, listed, percent};
use crate::model::{Level, Reason, Verdict};
use crate::report::model::TermView;

/// Where one grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can go now.
    Now,
    /// A person has to decide.
    Human,
    /// It can go, at a level less safe than the chosen one.
    Later,
    /// Something needed it in the window.
    Needed,
    /// A reviewed exception keeps it.
    Exception,
    /// No request can show its use.
    Hidden,
    /// The data allows no answer.
    Unknown,
}

impl Standing {
    /// In the order of the page.
    const ALL: [Self; 7] = [
        Self::Now,
        Self::Human,
        Self::Later,
        Self::Needed,
        Self::Exception,
        Self::Hidden,
        Self::Unknown,
    ];

    /// Of one term of one client.
    pub(super) fn of(term: &TermView<'_>) -> Self {
        match term.found.verdict {
            Verdict::Keep if term.found.reasons.contains(&Reason::Exception) => Self::Exception,
            Verdict::Keep => Self::Needed,
            Verdict::Unobservable => Self::Hidden,
            Verdict::Undetermined => Self::Unknown,
            Verdict::Remove if term.goes_now() => Self::Now,
            Verdict::Narrow => Self::Human,
            Verdict::Remove => match term.found.level {
                Some(Level::Safe | Level::Likely) if !term.is_protected() => Self::Later,
                _ => Self::Human,
            },
        }
    }

    /// The name of the group in the markup.
    fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Human => "human",
            Self::Later => "later",
            Self::Needed => "needed",
            Self::Exception => "exception",
            Self::Hidden => "hidden",
            Self::Unknown => "unknown",
        }
    }

    /// What a reader calls it, behind the number.
    fn label(self) -> &'static str {
        match self {
            Self::Now => "can go now",
            Self::Human => "for a person to decide",
            Self::Later => "can go, less safely than the chosen level",
            Self::Needed => "needed, and stay",
            Self::Exception => "kept by an exception",
            Self::Hidden => "of a kind that no request shows",
            Self::Unknown => "not to be judged with this data",
        }
    }
}

/// The counts of all clients.
pub(super) fn balance(clients: &[ClientView<'_>]) -> Balance {
    let mut groups = Standing::ALL.map(|own| Group {
        name: own.name(),
        label: own.label(),
        count: 0,
        idle: 0,
    });
    let mut unseen = 0;
    for term in clients.iter().flat_map(ClientView::terms) {
        let group = &mut groups[Standing::of(&term) as usize];
        let idle = is_unused(term.found);
        group.count += 1;
        group.idle += usize::from(idle);
        unseen += usize::from(!idle && term.found.serves.is_empty() && hides(&term));
    }
    let grants = groups.iter().map(|own| own.count).sum();
    let idle = groups.iter().map(|own| own.idle).sum();
    let mut balance = Balance {
        clients: clients.len(),
        grants,
        groups: groups.into_iter().filter(|own| own.count > 0).collect(),
        served: grants - idle - unseen,
        idle,
        unseen,
        sentence: String::new(),
    };
    balance.sentence = in_words(&balance);
    balance
}

/// `46 of the 82 grants (56 %) served no request in the window: ...`
fn in_words(own: &Balance) -> String {
    let part = |count: usize| percent(share(count, own.grants));
    let number = |count: usize| grouped(count as u64);
    let idle = own.groups.iter().filter(|group| group.idle > 0);
    let idle: Vec<String> = idle
        .map(|group| {
            let of = if group.idle == group.count {
                String::new()
            } else {
                format!(" of the {}", number(group.count))
            };
            format!("{}{of} {}", number(group.idle), group.label)
        })
        .collect();
    let which = if idle.is_empty() {
        String::new()
    } else {
        format!(": {}", listed(&idle, idle.len()))
    };
    let unseen = if own.unseen == 0 {
        String::new()
    } else {
        format!(
            " Of the other {} ({}) no request can tell.",
            number(own.unseen),
            part(own.unseen)
        )
    };
    format!(
        "{} of the {} grants ({}) served no request in the window{which}. {} ({}) served one or more.{unseen}",
        number(own.idle),
        number(own.grants),
        part(own.idle),
        number(own.served),
        part(own.served)
    )
}

fn hides(term: &TermView<'_>) -> bool {
    matches!(
        term.found.verdict,
        Verdict::Unobservable | Verdict::Undetermined
    )
}
