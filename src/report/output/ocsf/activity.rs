//! Which events are new, which go on, and which end (`activity_id` 1 Create, 2 Update, 3 Close).
//!
//! In: the changes since the last report; without one everything is created. Out: for each
//! event its activity and status.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{found, of_former_client};
use crate::report::monthly::{Change, Page, id};

/// What happened to a finding, and where it stands.
pub(super) struct Activity {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) status_id: u32,
    pub(super) status: &'static str,
    /// Why nothing of it is open now; empty while something is.
    pub(super) why: &'static str,
}

const CREATE: Activity = Activity {
    id: 1,
    name: "Create",
    status_id: 1,
    status: "New",
    why: "",
};

const UPDATE: Activity = Activity {
    id: 2,
    name: "Update",
    status_id: 2,
    status: "In Progress",
    why: "",
};

const UNJUDGED: Activity = Activity {
    why: "what was found last month cannot be judged now",
    ..UPDATE
};

const SUPPRESSED: Activity = Activity {
    id: 3,
    name: "Close",
    status_id: 3,
    status: "Suppressed",
    why: "what was found last month is accepted by the configuration",
};

const CLOSE: Activity = Activity {
    id: 3,
    name: "Close",
    status_id: 4,
    status: "Resolved",
    why: "what was found last month is gone",
};

impl Activity {
    pub(super) fn is_create(&self) -> bool {
        self.id == CREATE.id
    }
}

/// The uid of what is said of a client of the policy.
pub(super) fn uid(client: &str) -> String {
    id(client, "", "least-privilege")
}

/// What the last report had open behind one event.
#[derive(Default)]
struct Known<'a> {
    /// The first item; every event has one.
    first: Option<&'a Change>,
    /// The event is that of a client of the policy.
    client: bool,
    unjudged: bool,
    /// Nothing but accepted items so far.
    accepted: bool,
}

/// The events of the last report, by uid.
pub(super) struct Before<'a>(BTreeMap<String, Known<'a>>);

impl<'a> Before<'a> {
    pub(super) fn of(page: &'a Page<'_>) -> Self {
        let mut all: BTreeMap<String, Known<'a>> = BTreeMap::new();
        let Some(changes) = &page.changes else {
            return Self(all);
        };
        let lists = [
            (&changes.ignored, false, false),
            (&changes.resolved, false, false),
            (&changes.void, false, false),
            (&changes.accepted, false, true),
            (&changes.unjudged, true, false),
        ];
        for (list, unjudged, accepted) in lists {
            for own in list {
                // Only clients of a policy have recommendations.
                let client = own.recommendation || changes.clients.contains(&own.client);
                let key = if client {
                    uid(&own.client)
                } else {
                    own.id.clone()
                };
                let known = all.entry(key).or_insert_with(|| Known {
                    first: Some(own),
                    client,
                    unjudged,
                    accepted,
                });
                known.unjudged |= unjudged;
                known.accepted &= accepted;
            }
        }
        Self(all)
    }

    /// The activity of the event with this uid, of which something is open now or not; `None`
    /// where there is nothing to tell. Each uid is asked for once.
    pub(super) fn take(&mut self, uid: &str, open: bool) -> Option<Activity> {
        match (open, self.0.remove(uid)) {
            (true, None) => Some(CREATE),
            (true, Some(_)) => Some(UPDATE),
            (false, None) => None,
            (false, Some(known)) => Some(known.end()),
        }
    }

    /// Events of what no event of this month is about.
    pub(super) fn gone(self, page: &'a Page<'_>) -> impl Iterator<Item = Value> {
        self.0.into_values().filter_map(move |known| {
            let first = known.first?;
            let activity = known.end();
            Some(if known.client {
                of_former_client(page, &first.client, &activity)
            } else {
                found::event(page, &found::Found::gone(first), &activity)
            })
        })
    }
}

impl Known<'_> {
    fn end(&self) -> Activity {
        if self.unjudged {
            UNJUDGED
        } else if self.accepted {
            SUPPRESSED
        } else {
            CLOSE
        }
    }
}
