//! Requests of a client that match no operation, as data.

use serde::Serialize;

use crate::analysis::ClientAnalysis;
use crate::usage::Cluster;

#[derive(Serialize)]
pub(super) struct UnmatchedJson<'a> {
    requests: u64,
    paths: Vec<PathJson<'a>>,
}

#[derive(Serialize)]
struct PathJson<'a> {
    method: &'static str,
    path: &'a str,
    requests: u64,
}

impl<'a> UnmatchedJson<'a> {
    pub(super) fn of(own: &'a ClientAnalysis) -> Self {
        Self {
            requests: own.unmatched_requests,
            paths: own.unmatched.iter().map(path).collect(),
        }
    }
}

fn path(cluster: &Cluster) -> PathJson<'_> {
    PathJson {
        method: cluster.method.name(),
        path: &cluster.path,
        requests: cluster.counts.possible() + cluster.counts.other,
    }
}
