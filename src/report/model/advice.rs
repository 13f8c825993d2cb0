//! What to do with a silent client as a whole.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::Evidence;
use crate::analysis::ClientAnalysis;
use crate::model::{Level, Reason, Term};
use crate::report::{View, suspend};

/// Advice about a silent client as a whole.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "advice")]
pub struct Advice<'a> {
    /// What to do.
    #[schemars(extend("const" = "suspend"))]
    pub action: &'static str,
    /// How safe that is: as safe as the least safe of its grants.
    #[schemars(extend("enum" = ["safe", "likely", "review"]))]
    pub level: Level,
    /// What holds it back, from all its grants.
    pub reasons: &'a BTreeSet<Reason>,
    /// Terms that it suspends.
    #[schemars(range(min = 1))]
    pub grants: usize,
    /// Of these, terms that go on their own, safe or likely: at a safer level than the whole.
    pub alone: usize,
    /// The term that decides: the likeliest to be used again.
    pub term: &'a Term,
    /// What the past says about that term; null when nothing can be compared.
    pub evidence: Option<Evidence>,
    /// The advice in one sentence.
    pub sentence: String,
}

impl<'a> Advice<'a> {
    pub(in crate::report) fn of(view: &View<'_>, client: &'a ClientAnalysis) -> Option<Self> {
        let (basis, advice) = (&view.analysis.basis, client.suspend.as_ref()?);
        let evidence = advice.evidence.as_ref();
        Some(Self {
            action: "suspend",
            level: advice.level,
            reasons: &advice.reasons,
            grants: advice.grants,
            alone: suspend::alone(client),
            term: &advice.term,
            evidence: evidence.map(|evidence| Evidence::of(basis, evidence)),
            sentence: suspend::sentence(basis, client)?,
        })
    }
}
