//! What one place of a policy file gives, as its format says it.

use std::sync::Arc;

use super::site::EmptyMeans;
use crate::model::{Granted, RoleName, Subject, Term};

/// What holds for all grants of one place.
pub(super) struct Given {
    pub(super) optional: bool,
    pub(super) audience: Option<Arc<str>>,
    pub(super) empty: EmptyMeans,
    /// Why nothing comes in place of a grant, if so.
    pub(super) fixed: Option<&'static str>,
}

/// What one item gives.
pub(super) struct ItemGrant {
    pub(super) subject: Subject,
    pub(super) granted: Granted,
    /// The API that it is for, where that is not the one of the whole place.
    pub(super) audience: Option<Arc<str>>,
    /// Why it is not edited.
    pub(super) frozen: Option<String>,
}

/// A term of a subject.
pub(super) fn term_of(subject: &Subject, name: &str, frozen: Option<String>) -> ItemGrant {
    ItemGrant {
        subject: subject.clone(),
        granted: Granted::Term(Term::new(name)),
        audience: None,
        frozen,
    }
}

/// A role of a subject.
pub(super) fn role_of(subject: &Subject, name: &str, frozen: Option<String>) -> ItemGrant {
    ItemGrant {
        granted: Granted::Role(RoleName::new(name)),
        ..term_of(subject, name, frozen)
    }
}
