//! One way in which a client holds a term.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Evidence, Instant, OperationName, PossibleNeed};
use crate::analysis::{ClientAnalysis, TermAnalysis};
use crate::grants::history::SinceFrom;
use crate::model::{ClientName, Day, Kind, Level, Place, Reason, Term, Verdict, Via};
use crate::report::View;

/// One way in which a client holds a term. A term held both directly and through a role has two
/// entries.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "term")]
pub struct TermEntry<'a> {
    /// Scope, wildcard or pattern, byte for byte as the policy file has it.
    pub term: &'a Term,
    /// Role through which it is held; null when held directly.
    pub via: Option<&'a str>,
    /// Line of the policy file that says so.
    pub source: Option<&'a Place>,
    /// What should happen to it. `undetermined` means that the data does not allow an answer.
    pub verdict: Verdict,
    /// Why it can go; null unless the verdict is remove or narrow.
    pub kind: Option<Kind>,
    /// How safe that is; null unless the verdict is remove or narrow.
    pub level: Option<Level>,
    /// What decided, the strongest first.
    #[schemars(with = "BTreeSet<Reason>", length(min = 1))]
    pub reasons: &'a [Reason],
    /// Day of the grant; null when nobody says.
    pub granted_since: Option<Day>,
    /// Who says since when: the policy file, the commit of its line, the commit at which a shallow
    /// clone ends (it is held since then or for longer; without a date where that is less than 90
    /// days ago), the ledger, the file of --granted-since, or `[[granted]]` of the configuration
    /// (granted before that day).
    #[schemars(extend("enum" = ["policy_file", "git_blame", "git_boundary", "ledger", "granted_since_file", "configuration", null]))]
    pub granted_since_from: Option<&'static str>,
    /// First request that needed it, in all data up to as-of.
    pub first_used: Option<Instant>,
    /// Last request that needed it, in all data up to as-of.
    pub last_used: Option<Instant>,
    /// Days with such a request.
    pub days_used: usize,
    /// Such requests in the last N days up to as-of.
    pub uses: Uses,
    /// Longest silence between two uses, in covered days; null with fewer than two days of use.
    pub longest_gap_days: Option<u32>,
    /// Covered days since the last use; null when never used.
    pub idle_days: Option<u32>,
    /// How often similar grants of the past were used again; null when nothing can be compared, or
    /// for what stays.
    pub evidence: Option<Evidence>,
    /// Needed operations for which the minimal set relies on it.
    pub witness: Vec<OperationName<'a>>,
    /// Narrower terms that would do; empty unless the verdict is narrow.
    pub replace_with: &'a [Term],
    /// Other members of a role for whose sake it stays in the role (`shared_role`,
    /// `role_member_unknown`) or leaves it less safely (`role_member_less_safe`), at most the first
    /// hundred by name; absent when there is none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(min = 1))]
    pub held_by: &'a BTreeSet<ClientName>,
    /// How many more of them there are; absent when `held_by` has all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by_more: Option<NonZeroUsize>,
    /// Other scopes of a role that the client loses with it, and less safely
    /// (`role_scope_less_safe`); absent when there is none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(min = 1))]
    pub goes_with: &'a BTreeSet<Term>,
    /// Requests whose client, operation or outcome is not certain and that may have needed it
    /// (`possible_need`), by cause; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub possible_needs: Vec<PossibleNeed<'a>>,
    /// Requests of callers that no policy file names, on operations that it opens; absent when
    /// there are none. They hold nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub strangers: Vec<PossibleNeed<'a>>,
    /// Some of the operations that the removal would close and that nobody was ever seen on: they
    /// may not be logged; absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub never_seen_operations: Vec<OperationName<'a>>,
}

impl<'a> TermEntry<'a> {
    /// Every way in which the client holds something.
    pub(super) fn all(view: &'a View<'a>, client: &'a ClientAnalysis) -> Vec<Self> {
        let covered = client.covered(view.coverage);
        let terms = client.terms.iter();
        terms
            .flat_map(|term| Self::ways(view, &covered, term))
            .collect()
    }

    /// Every way in which the client holds one term, of the days that are `covered`.
    pub(in crate::report) fn ways(
        view: &'a View<'a>,
        covered: &BTreeMap<Day, u64>,
        term: &'a TermAnalysis,
    ) -> impl Iterator<Item = Self> {
        let vias = term.vias.iter();
        vias.map(move |via| Self::of(view, covered, term, via))
    }

    fn of(
        view: &'a View<'a>,
        covered: &BTreeMap<Day, u64>,
        term: &'a TermAnalysis,
        via: &'a Via,
    ) -> Self {
        let file = view.policy.files.get(via.file);
        let entry = file.and_then(|file| file.entries.get(via.entry));
        let evidence = term.evidence.as_ref();
        let names = |numbers: &[usize]| OperationName::all(view.catalog, numbers);
        Self {
            term: &term.term,
            via: via.role.as_ref().map(|held| held.role.as_str()),
            source: entry.map(|entry| &entry.place),
            verdict: term.verdict,
            kind: term.kind,
            level: level(view, term, via),
            reasons: &term.reasons,
            granted_since: term.since,
            granted_since_from: term.since_from.map(SinceFrom::name),
            first_used: term.rhythm.first.map(Instant),
            last_used: term.rhythm.last.map(Instant),
            days_used: term.rhythm.days.len(),
            uses: Uses::of(term.rhythm.uses),
            longest_gap_days: term.rhythm.longest_gap(),
            idle_days: term.rhythm.idle(covered, view.analysis.window.to),
            evidence: evidence.map(|evidence| Evidence::of(&view.analysis.basis, evidence)),
            witness: names(&term.witness),
            replace_with: &term.replace_with,
            held_by: &term.held_by,
            held_by_more: NonZeroUsize::new(term.held_by_more),
            goes_with: &term.goes_with,
            possible_needs: term.possible.iter().map(PossibleNeed::of).collect(),
            strangers: term.strangers.iter().map(PossibleNeed::of).collect(),
            never_seen_operations: names(&term.unseen.1),
        }
    }
}

/// The level of the term, but for a way that no edit ends where one ends another: that
/// is for a person to do.
pub(in crate::report) fn level(view: &View<'_>, term: &TermAnalysis, via: &Via) -> Option<Level> {
    let edited = |via: &Via| {
        let at = |place: (usize, usize)| {
            let actions = view.actions;
            let found = actions.binary_search_by_key(&place, |action| (action.file, action.entry));
            found.is_ok()
        };
        let whole = via.role.as_ref().is_some_and(|held| at(held.place()));
        whole || at((via.file, via.entry))
    };
    let several = term.verdict == Verdict::Remove && term.vias.len() > 1;
    let stays = several && !edited(via) && term.vias.iter().any(edited);
    term.level
        .map(|level| if stays { Level::Manual } else { level })
}

/// Requests that needed the term, in windows that end with as-of.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "uses")]
pub struct Uses {
    /// In the last 30 days.
    #[serde(rename = "30")]
    pub of_30_days: u64,
    /// In the last 60 days.
    #[serde(rename = "60")]
    pub of_60_days: u64,
    /// In the last 90 days.
    #[serde(rename = "90")]
    pub of_90_days: u64,
    /// In the last 180 days.
    #[serde(rename = "180")]
    pub of_180_days: u64,
    /// In the last 365 days.
    #[serde(rename = "365")]
    pub of_365_days: u64,
}

impl Uses {
    /// As the analysis counts them, over [`crate::analysis::WINDOWS`].
    fn of(uses: [u64; 5]) -> Self {
        let [of_30_days, of_60_days, of_90_days, of_180_days, of_365_days] = uses;
        Self {
            of_30_days,
            of_60_days,
            of_90_days,
            of_180_days,
            of_365_days,
        }
    }
}
