//! What was recommended, kept with a hash, and what became of it.
//!
//! Invariants:
//! * each publication names the hash of the one before it, so that none can be
//!   changed or left out unseen;
//! * the hash covers everything but itself, in the order of the fields here;
//! * a term that was taken away and is held again came back, and is never
//!   mistaken for one that is still open.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Grant;
use super::suspended::{self, Advice};
use crate::analysis::minimum::Universe;
use crate::analysis::{Analysis, Exceptions, Inputs};
use crate::model::{ClientName, ContentDigest, Day, Level, Term, Verdict};
use crate::usage::UNMATCHED;

/// Name and version of the file.
pub(crate) const SCHEMA: &str = "scopetrim.recommendations/1";

/// The removals that one run recommended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    /// [`SCHEMA`].
    pub schema: String,
    /// Last day the run knew.
    pub as_of: String,
    /// Hash of the publication before it.
    pub previous: Option<String>,
    /// Sorted by client and term.
    pub recommendations: Vec<Recommendation>,
    /// Earlier recommendations that were found to be carried out.
    pub applied: Vec<Applied>,
    /// Clients that were safe or likely to be suspended as a whole, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspensions: Vec<Advice>,
    /// BLAKE3 over the compact JSON of this object with an empty `hash`.
    pub hash: String,
}

/// One removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recommendation {
    /// The client.
    pub client: ClientName,
    /// What it should lose.
    pub term: Term,
    /// How safe it was called.
    pub level: Level,
}

/// A recommendation that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Applied {
    /// The client.
    pub client: ClientName,
    /// What it lost.
    pub term: Term,
    /// First day it was recommended.
    pub since: String,
    /// How safe it was called last.
    pub level: Level,
}

impl Published {
    /// What an analysis recommends, after an earlier publication.
    pub(crate) fn new(analysis: &Analysis, previous: Option<&Self>) -> Self {
        let held: BTreeSet<Grant> = analysis
            .clients
            .iter()
            .flat_map(|client| {
                client
                    .granted
                    .iter()
                    .map(|term| (client.id.clone(), term.clone()))
            })
            .collect();
        let recommended = |term: &crate::analysis::TermAnalysis| {
            matches!(term.verdict, Verdict::Remove | Verdict::Narrow)
        };
        let recommendations = analysis.clients.iter().flat_map(|client| {
            let terms = client.terms.iter().filter(|term| recommended(term));
            terms.filter_map(|term| {
                Some(Recommendation {
                    client: client.id.clone(),
                    term: term.term.clone(),
                    level: term.level?,
                })
            })
        });
        let mut applied: BTreeMap<Grant, Applied> = BTreeMap::new();
        for earlier in previous.into_iter().flat_map(Self::all) {
            let key = (earlier.client.clone(), earlier.term.clone());
            if !held.contains(&key) {
                applied.entry(key).or_insert(earlier);
            }
        }
        let mut published = Self {
            schema: SCHEMA.to_owned(),
            as_of: analysis.window.to.to_string(),
            previous: previous.map(|published| published.hash.clone()),
            recommendations: recommendations.collect(),
            applied: applied.into_values().collect(),
            suspensions: suspended::advised(
                analysis,
                previous.map_or(&[][..], |published| &published.suspensions),
            ),
            hash: String::new(),
        };
        published.hash = published.computed();
        published
    }

    /// Everything it knows of: applied ones first, for they are older.
    fn all(&self) -> impl Iterator<Item = Applied> + '_ {
        let open = self.recommendations.iter().map(|recommendation| Applied {
            client: recommendation.client.clone(),
            term: recommendation.term.clone(),
            since: self.as_of.clone(),
            level: recommendation.level,
        });
        self.applied.iter().cloned().chain(open)
    }

    /// Whether its content is what the hash says.
    pub(crate) fn is_whole(&self) -> bool {
        self.schema == SCHEMA && self.hash == self.computed()
    }

    /// Whether both recommend the same on the same day.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let all = |published: &Self| {
            let whole = published.suspensions.iter();
            let whole: Vec<(ClientName, Level)> = whole
                .map(|advice| (advice.client.clone(), advice.level))
                .collect();
            (
                published.as_of.clone(),
                published.recommendations.clone(),
                whole,
            )
        };
        all(self) == all(other)
    }

    fn computed(&self) -> String {
        let bare = Self {
            hash: String::new(),
            ..self.clone()
        };
        // A struct of texts always has a JSON form.
        let text = serde_json::to_string(&bare).unwrap_or_default();
        ContentDigest::of(text.as_bytes()).to_string()
    }
}

/// What became of one recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Became {
    /// It was carried out, and the term is held again.
    CameBack,
    /// The client does not hold the term any more.
    Applied,
    /// A reviewed exception says keep.
    Rejected,
    /// Nothing has happened.
    Open,
}

impl Became {
    /// The name used in every output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CameBack => "came_back",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Open => "open",
        }
    }
}

/// One recommendation and its fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Followed {
    /// What became of it.
    pub became: Became,
    /// The client.
    pub client: ClientName,
    /// The term.
    pub term: Term,
    /// How safe it was called last.
    pub level: Level,
    /// First day it was recommended.
    pub since: String,
    /// Requests that were refused since, which the term would have permitted and what is held does not.
    pub denied: u64,
    /// Such requests that were served all the same: the removal is not enforced.
    pub served: u64,
}

/// What became of the clients that were to be suspended.
pub(crate) fn follow_suspended(
    inputs: &Inputs<'_>,
    published: &[Published],
    today: Day,
) -> Vec<suspended::Followed> {
    let mut files: Vec<&Published> = published.iter().collect();
    files.sort_by(|a, b| (&a.as_of, &a.hash).cmp(&(&b.as_of, &b.hash)));
    let advice = files
        .into_iter()
        .flat_map(|published| &published.suspensions);
    suspended::followed(inputs, advice, today)
}

/// Compares publications with what is held and what happened.
pub(crate) fn follow(inputs: &Inputs<'_>, published: &[Published], today: Day) -> Vec<Followed> {
    let universe = Universe::new(inputs.catalog, inputs.semantics, inputs.weights);
    let mut files: Vec<&Published> = published.iter().collect();
    files.sort_by(|a, b| (&a.as_of, &a.hash).cmp(&(&b.as_of, &b.hash)));
    let mut all: BTreeMap<Grant, Applied> = BTreeMap::new();
    let mut gone: BTreeSet<Grant> = BTreeSet::new();
    for file in files {
        let carried = file
            .applied
            .iter()
            .map(|applied| (applied.client.clone(), applied.term.clone()));
        gone.extend(carried);
        for applied in file.all() {
            all.entry((applied.client.clone(), applied.term.clone()))
                .and_modify(|known| known.level = applied.level)
                .or_insert(applied);
        }
    }
    let holdings = inputs.policy.holdings();
    let exceptions = Exceptions::on(inputs.exceptions, today);
    let entry = |file: usize, entry: usize| inputs.policy.files.get(file)?.entries.get(entry);
    all.into_iter()
        .map(|((client, term), applied)| {
            let vias = holdings.get(&client).and_then(|held| held.get(&term));
            let since = Day::parse(&applied.since).unwrap_or(Day(0));
            let became = match vias {
                None => Became::Applied,
                Some(vias) => {
                    let entries = || vias.iter().filter_map(|via| entry(via.file, via.entry));
                    let later =
                        |entry: &crate::model::Entry| entry.since.is_some_and(|day| day > since);
                    if gone.contains(&(client.clone(), term.clone())) || entries().all(later) {
                        Became::CameBack
                    } else if exceptions.find(&client, &term).is_some()
                        || entries().any(|entry| exceptions.pragma(entry))
                    {
                        Became::Rejected
                    } else {
                        Became::Open
                    }
                }
            };
            let (denied, served) = if became == Became::Applied {
                missed(inputs, &universe, &holdings, (&client, &term), since)
            } else {
                (0, 0)
            };
            Followed {
                became,
                client,
                term,
                level: applied.level,
                since: applied.since,
                denied,
                served,
            }
        })
        .collect()
}

/// Requests after a day that only the removed term would have permitted: refused, and served.
fn missed(
    inputs: &Inputs<'_>,
    universe: &Universe,
    holdings: &BTreeMap<ClientName, BTreeMap<Term, Vec<crate::model::Via>>>,
    (client, term): (&ClientName, &Term),
    since: Day,
) -> (u64, u64) {
    let held: BTreeSet<Term> = holdings
        .get(client)
        .map(|holding| holding.keys().cloned().collect())
        .unwrap_or_default();
    let mut with = held.clone();
    with.insert(term.clone());
    let lost: BTreeSet<usize> = universe
        .opens(&with)
        .difference(&universe.opens(&held))
        .copied()
        .collect();
    let routes = inputs
        .usage
        .get(client)
        .into_iter()
        .flat_map(|client_use| &client_use.routes);
    let hit = routes
        .filter(|route_use| route_use.route != UNMATCHED)
        .filter(|route_use| {
            let route = inputs.routes.get(route_use.route as usize);
            route.is_some_and(|route| route.operations.iter().any(|op| lost.contains(op)))
        });
    let days = hit
        .flat_map(|route_use| &route_use.days)
        .filter(|day| Day(day.day) > since);
    days.fold((0, 0), |(denied, served), day| {
        (denied + day.denied(), served + day.need())
    })
}

#[cfg(test)]
#[path = "recommendation_log_tests.rs"]
mod tests;
