//! F29: grants for which the policy does not say who is responsible or since when they are held.

use crate::finding::rule::{iso, nist, soc2};
use crate::finding::shared::needs_grants;
use crate::finding::{Context, Doc, Finding, MissingField, Rule, RuleSettings, Severity};
use crate::model::words::{either, plural};
use crate::model::{Entry, Place, PolicyFile, Subject};

pub(super) struct UndocumentedGrant;

static DOC: Doc = Doc {
    number: "F29",
    id: "undocumented-grant",
    title: "Grants without an owner, a reason or a date",
    what: "A policy file states for some of its grants who answers for them (`owner`), since when they hold (`since`) or why they are kept (`reason` of a `keep`), and not for others.",
    why: "A grant without an owner has nobody to ask, one without a date cannot be judged by its age, and an exception without a reason is renewed for ever.",
    example: "grants.yaml: 3 of 40 grants state no owner, first in lines 12, 31, 58",
    guards: "Only what the team keeps is asked for: a field that no line of a file states is not a finding, and where no line of the policy states any of them, the rule is not evaluable. An owner or a date of a client holds for all its grants; the scopes of a role are not grants, only the lines that give it to a client are. A reason is asked for on lines with `keep` only: policy formats have no place for one on other grants. Dates from git, from `[[granted]]` or from a table do not count: they are not in the policy.",
    action: "Write the owner, date or reason to the named lines, or take the grant away.",
    fields: &["owner, date or reason in the policy file"],
    severity: Severity::Low,
    thresholds: &[],
    controls: &[nist("AC-2"), iso("A.5.18"), soc2("CC6.2")],
};

/// What an entry may state; nothing where its kind of line has no place for it.
type Field = (&'static str, fn(&Entry) -> Option<bool>);

const FIELDS: [Field; 3] = [
    ("owner", |entry| Some(entry.owner.is_some())),
    ("date", |entry| Some(entry.since.is_some())),
    ("reason", |entry| {
        entry.keep.as_ref().map(|keep| keep.reason.is_some())
    }),
];

impl Rule for UndocumentedGrant {
    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn evaluable(&self, context: &Context<'_>, _: &RuleSettings) -> Result<(), MissingField> {
        needs_grants(context)?;
        let mut entries = context.policy.files.iter().flat_map(|file| &file.entries);
        if entries.any(|entry| {
            is_of_client(entry) && FIELDS.iter().any(|(_, states)| states(entry) == Some(true))
        }) {
            return Ok(());
        }
        Err(MissingField::new(
            "owner, date or reason of grants (no line of the policy states any)",
        ))
    }

    fn check(&self, context: &Context<'_>, settings: &RuleSettings) -> Vec<Finding> {
        let files = context.policy.files.iter();
        let pairs = files.flat_map(|file| FIELDS.iter().map(move |field| (file, field)));
        pairs
            .filter_map(|(file, field)| missing(file, field, settings))
            .collect()
    }
}

/// What a role holds is given to nobody until a client has the role.
fn is_of_client(entry: &Entry) -> bool {
    matches!(entry.subject, Subject::Client(_))
}

fn missing(file: &PolicyFile, field: &Field, settings: &RuleSettings) -> Option<Finding> {
    const NAMED: usize = 5;
    let (name, states) = field;
    let asked: Vec<(&Entry, bool)> = file
        .entries
        .iter()
        .filter(|entry| is_of_client(entry))
        .filter_map(|entry| Some((entry, states(entry)?)))
        .collect();
    let silent: Vec<&Place> = asked
        .iter()
        .filter(|(_, states)| !states)
        .map(|(entry, _)| &entry.place)
        .collect();
    if silent.is_empty() || silent.len() == asked.len() {
        return None;
    }
    // Without its folder: the id must not depend on where the tool was started.
    let short = file.path.rsplit('/').next().unwrap_or_default();
    let lines: Vec<String> = silent
        .iter()
        .take(NAMED)
        .map(|place| place.line.to_string())
        .collect();
    let message = format!(
        "{short}: {} of {} {} no {name}, {} {}",
        silent.len(),
        plural(
            asked.len(),
            if *name == "reason" { "`keep`" } else { "grant" }
        ),
        either(silent.len(), "states", "state"),
        either(lines.len(), "in line", "first in lines"),
        lines.join(", ")
    );
    let subject = format!("{short} {name}");
    let count = silent.len();
    let places = silent.into_iter().take(NAMED).cloned();
    Some(
        Finding::new(&DOC, settings, "", subject, message)
            .extent(count)
            .at(places),
    )
}
