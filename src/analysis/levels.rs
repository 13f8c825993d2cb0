//! How safe a removal is: guards, ceilings, exceptions.
//!
//! Invariants:
//! * every rule here can only make an answer more careful;
//! * each rule that fires leaves its name.

use super::client::{Context, Needs};
use super::{ClientAnalysis, Status, TermAnalysis};
use crate::catalog::matcher::Route;
use crate::model::{ClientName, Kind, Level, Method, Reason, ScopeMatch, Verdict, Via, Window};
use crate::usage::Cluster;

/// Days a grant must be old and the log must cover (guards G1 and G2).
const DAYS: u32 = 90;
/// Missing days, in percent of the last [`DAYS`], that are tolerated (guard G1).
const MISSING_PERCENT: usize = 10;
/// Days of log below which a single burst of use may be a yearly job (guard G4).
const YEAR: u32 = 400;
/// A client is silent when idle for longer than this, and twice its own longest silence.
const SILENT: u32 = 30;
/// Unmatched requests, in percent, above which the mapping is not trusted.
const UNMATCHED_PERCENT: u64 = 1;

/// Whether the client is alive at the end of the window.
pub(super) fn status(context: &Context<'_>, id: &ClientName, needs: &Needs) -> Status {
    let (coverage, window) = (context.inputs.coverage, context.options.window);
    if coverage.days.is_empty() {
        return Status::Unknown;
    }
    if needs.alive.total == 0 {
        // Absence means something only when somebody of the same file is present.
        let files = context.inputs.policy.files.iter().zip(&context.joined);
        let known = files
            .into_iter()
            .any(|(file, joined)| *joined && file.clients.contains(id));
        return match known {
            true if needs.unmatched > 0 => Status::Active,
            true => Status::Dormant,
            false => Status::Unknown,
        };
    }
    let idle = needs.alive.silent_for(window.to).unwrap_or(0);
    // Each side in the way that calls a client silent sooner: that only makes the answer more careful.
    let gap = needs.alive.covered_gap(&coverage.days).unwrap_or(0);
    if idle > SILENT && idle > 2 * gap {
        Status::Silent
    } else if needs.any_need {
        Status::Active
    } else {
        Status::DeniedOnly
    }
}

/// Settles the verdict and gives the level.
pub(super) fn decide(
    context: &Context<'_>,
    client: &ClientAnalysis,
    needs: &Needs,
    found: &mut TermAnalysis,
) {
    if !matches!(found.verdict, Verdict::Remove | Verdict::Narrow) {
        return;
    }
    if kept_by_reviewer(context, client, found) {
        found.verdict = Verdict::Keep;
        found.kind = None;
        found.replace_with.clear();
        found.reasons = vec![Reason::Exception];
        return;
    }
    let window = context.options.window;
    if let Some(reason) = cannot_tell(context, client, window) {
        found.verdict = Verdict::Undetermined;
        found.kind = None;
        found.replace_with.clear();
        found.reasons.insert(0, reason);
        return;
    }
    let caps = caps(context, client, needs, found);
    let unused = found.kind == Some(Kind::Unused);
    found.level = Some(if unused && caps.is_empty() {
        Level::Likely
    } else {
        Level::Review
    });
    found.reasons.extend(caps);
}

fn kept_by_reviewer(context: &Context<'_>, client: &ClientAnalysis, found: &TermAnalysis) -> bool {
    let entry = |via: &Via, index: usize| {
        context
            .inputs
            .policy
            .files
            .get(via.file)?
            .entries
            .get(index)
    };
    let pragma = |via: &Via| {
        let membership = via
            .role
            .as_ref()
            .and_then(|(_, membership)| entry(via, *membership));
        [entry(via, via.entry), membership]
            .into_iter()
            .flatten()
            .any(|entry| context.exceptions.pragma(entry))
    };
    context.exceptions.find(&client.id, &found.term).is_some() || found.vias.iter().any(pragma)
}

/// Why the data allows no answer at all, if so.
pub(super) fn cannot_tell(
    context: &Context<'_>,
    client: &ClientAnalysis,
    window: Window,
) -> Option<Reason> {
    let coverage = context.inputs.coverage;
    if coverage.covered(window) == 0 || client.status == Status::Unknown {
        return Some(Reason::NoData);
    }
    // Any client may have been in what could not be read.
    coverage
        .gaps_in(window)
        .next()
        .map(|_| Reason::PartialInput)
}

/// Every reason why the removal is not above `review`.
fn caps(
    context: &Context<'_>,
    client: &ClientAnalysis,
    needs: &Needs,
    found: &TermAnalysis,
) -> Vec<Reason> {
    let (options, coverage) = (context.options, context.inputs.coverage);
    let window = options.window;
    let mut caps = Vec::new();
    let mut cap = |fires: bool, reason: Reason| {
        if fires {
            caps.push(reason);
        }
    };
    let days = coverage.covered(window);
    cap(days < DAYS, Reason::HistoryTooShort);
    let last = Window::ending(window.to, DAYS.min(window.days()));
    cap(
        coverage.missing(last).len() * 100 > last.days() as usize * MISSING_PERCENT,
        Reason::DaysMissing,
    );
    match found.since {
        None => cap(true, Reason::GrantAgeUnknown),
        Some(since) => cap(
            window.to.0 - since.0 < i32::try_from(DAYS).unwrap_or(90),
            Reason::GrantTooYoung,
        ),
    }
    let idle = found.rhythm.idle(&coverage.days, window.to);
    let gap = found.rhythm.longest_gap();
    if let Some(idle) = idle {
        cap(gap.is_some_and(|gap| idle < 2 * gap), Reason::StillInRhythm);
        let short = u32::try_from(coverage.days.len()).unwrap_or(u32::MAX) < YEAR;
        cap(found.rhythm.once() && short, Reason::SeenOnce);
    }
    let protected = |pattern: &String| ScopeMatch::Glob.covers(pattern, found.term.as_str());
    cap(options.protected.iter().any(protected), Reason::Protected);
    cap(
        matches!(client.status, Status::Silent | Status::Dormant),
        Reason::ClientSilent,
    );
    cap(
        denied_though_granted(context, client, found),
        Reason::DeniedThoughGranted,
    );
    cap(!client.without_grant.is_empty(), Reason::UsedWithoutGrant);
    cap(
        client.unmatched_requests * 100 > client.requests * UNMATCHED_PERCENT,
        Reason::TooMuchUnmatched,
    );
    cap(
        hit_by_unmatched(context, client, found),
        Reason::UnmatchedTraffic,
    );
    cap(needs.unspecified, Reason::RequirementUnknown);
    cap(
        found
            .serves
            .iter()
            .any(|op| needs.optional_auth.contains(op)),
        Reason::OptionalAuthentication,
    );
    cap(!client.minimal_proven, Reason::NotProvenMinimal);
    let commented = |via: &Via| {
        context
            .comments
            .get(via.file)
            .is_some_and(|own| own.contains_key(&via.entry))
    };
    cap(found.vias.iter().any(commented), Reason::CommentAffected);
    caps
}

/// Requests that the term would permit were refused in the window.
fn denied_though_granted(
    context: &Context<'_>,
    client: &ClientAnalysis,
    found: &TermAnalysis,
) -> bool {
    client
        .denied
        .iter()
        .filter(|(_, _, permitted)| *permitted)
        .any(|(route, ..)| {
            let operations = context
                .inputs
                .routes
                .get(*route as usize)
                .map_or(&[][..], |route| &route.operations);
            operations
                .iter()
                .any(|op| context.universe.serves(&found.term, &client.granted, *op))
        })
}

/// A request that matched nothing may have been one of the term's operations.
fn hit_by_unmatched(context: &Context<'_>, client: &ClientAnalysis, found: &TermAnalysis) -> bool {
    let paths: Vec<&Cluster> = client
        .unmatched
        .iter()
        .filter(|cluster| cluster.need > 0)
        .collect();
    if paths.is_empty() {
        return false;
    }
    context.inputs.routes.iter().any(|route| {
        paths.iter().any(|cluster| may_be(route, cluster))
            && route
                .operations
                .iter()
                .any(|op| context.universe.serves(&found.term, &client.granted, *op))
    })
}

/// The path ends like the template: the prefix, or the version in it, may be what
/// the catalogue does not know.
fn may_be(route: &Route, cluster: &Cluster) -> bool {
    let same_method = route.method == cluster.method
        || route.method == Method::Any
        || cluster.method == Method::Other
        || (route.method == Method::Get && cluster.method == Method::Head);
    if !same_method {
        return false;
    }
    // Under the same collection anything may be what the catalogue lacks.
    let collection = |path: &str| {
        path.trim_matches('/')
            .split('/')
            .find(|word| !version(word))
            .map(str::to_ascii_lowercase)
    };
    let (own, other) = (collection(&route.template), collection(&cluster.path));
    if own.is_some_and(|own| !own.contains('{') && Some(own) == other) {
        return true;
    }
    let path: Vec<&str> = cluster.path.trim_matches('/').split('/').rev().collect();
    let template: Vec<&str> = route.template.trim_matches('/').split('/').rev().collect();
    let version = |text: &str| {
        text.strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut words = 0;
    for (own, other) in template.iter().zip(&path) {
        if own.contains('{') || (version(own) && version(other)) {
            continue;
        }
        if *other == "**" {
            return true;
        }
        if !own.eq_ignore_ascii_case(other) {
            return false;
        }
        words += 1;
    }
    words > 0
}

/// `v1`, `v2.1`.
fn version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(template: &str, path: &str) -> bool {
        let route = Route {
            method: Method::Get,
            template: template.to_owned(),
            operations: vec![0],
        };
        may_be(
            &route,
            &Cluster {
                method: Method::Get,
                path: path.to_owned(),
                need: 1,
                other: 0,
            },
        )
    }

    #[test]
    fn another_prefix_or_version_may_be_the_same_operation() {
        assert!(fits("/v1/orders/{id}", "/v2/orders/{}"));
        assert!(fits("/v1/orders/{id}", "/gateway/v1/orders/{}"));
        assert!(fits("/v1/orders", "/orders"));
        assert!(
            fits("/v1/orders/{id}", "/v1/orders/{}/cancel"),
            "the same collection"
        );
        assert!(!fits("/v1/orders/{id}", "/v1/invoices/{}"));
        assert!(
            !fits("/{id}", "/favicon.ico"),
            "a template without a word says nothing"
        );
    }
}
