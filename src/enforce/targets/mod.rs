//! The policy in the languages of gateways and policy engines.
//!
//! In: a [`Model`]. Out: the files of one target, and what its language cannot say.
//!
//! Invariants:
//! * a target allows no request that [`Model::allows`] refuses; where its language could not
//!   say something that exactly, it refuses more;
//! * names and paths come from policies and logs, so each target writes them in a form in which
//!   no character of theirs means anything;
//! * equal models give equal bytes.
//!
//! A new target is one file and its line in [`ALL`].

mod apisix;
mod casbin;
mod cedar;
mod document;
mod envoy;
mod haproxy;
mod istio;
mod kong;
mod lua;
mod nginx;
mod openfga;
mod rego;
mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::escape;
use super::policy::{Model, requests};
use crate::model::ContentDigest;

/// Every target, in the order of the help.
pub(crate) static ALL: &[&dyn Target] = &[
    &envoy::Envoy,
    &istio::Istio,
    &nginx::Nginx,
    &haproxy::HaProxy,
    &kong::Kong,
    &apisix::Apisix,
    &cedar::Cedar,
    &rego::Rego,
    &casbin::Casbin,
    &openfga::OpenFga,
    &table::Table,
];

/// Names of [`ALL`], for the command line.
pub(crate) const NAMES: [&str; 11] = [
    "envoy", "istio", "nginx", "haproxy", "kong", "apisix", "cedar", "rego", "casbin", "openfga",
    "table",
];

/// One file of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its name in the folder.
    pub name: &'static str,
    /// What it holds.
    pub text: String,
}

/// How the gateway knows who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wiring {
    /// The claim of the token that names the client.
    pub claim: String,
}

/// One language.
pub(crate) trait Target: Sync {
    /// The name used on the command line.
    fn name(&self) -> &'static str;

    /// What it cannot say, and what has to hold around it, one sentence each.
    fn limits(&self, model: &Model) -> Vec<String>;

    /// The files, the first one with the head.
    fn files(&self, model: &Model, wiring: &Wiring) -> Vec<File>;
}

/// The target with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|target| target.name() == name)
}

/// The requests of a model with their decisions, one to a line, for whoever asks a gateway.
pub(crate) fn requests(model: &Model) -> File {
    let mut text = String::new();
    for request in requests::sampled(model) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", serde_json::json!(request));
    }
    File {
        name: "scopetrim-requests.ndjson",
        text,
    }
}

/// The digest of what a model allows, whatever its head says.
pub(crate) fn digest(model: &Model) -> ContentDigest {
    ContentDigest::of(document::pretty(&document::document(model, &[])).as_bytes())
}

/// What every target holds to, and which requests that refuses.
const ALWAYS: &str = "a path is let through in the spelling of the catalogue only: not with another case, a slash more or less at the end, `//`, dots as steps, `;`, or an escape of `/` or of what needs none; HEAD as GET, OPTIONS only where the catalogue has it";

/// The head of a file: what it was made from, what is left out, and what the language cannot say.
fn head(target: &dyn Target, model: &Model) -> Vec<String> {
    let mut lines = vec![format!(
        "Written by scopetrim enforce --target {}; made again, not edited.",
        target.name()
    )];
    lines.extend(model.made_from.iter().cloned());
    lines.push(format!("Note: {ALWAYS}"));
    lines.extend(
        model
            .notes
            .iter()
            .chain(&target.limits(model))
            .map(|note| format!("Note: {note}")),
    );
    lines.iter().map(|line| escape::comment(line)).collect()
}

/// The head as comments.
fn comments(target: &dyn Target, model: &Model, sign: &str) -> String {
    let mut text = String::new();
    for line in head(target, model) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sign} {line}");
    }
    text
}

/// A text as it stands further in, in a file in which indentation means something.
fn indented(text: &str, depth: usize) -> String {
    let mut deep = String::new();
    for line in text.lines() {
        if !line.is_empty() {
            deep.push_str(&" ".repeat(depth));
        }
        deep.push_str(line);
        deep.push('\n');
    }
    deep
}
