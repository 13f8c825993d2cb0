//! `report.json`: the contract itself; every other file is a rendering of it.

use super::{OutputFile, RenderError, Renderer};
use crate::report::monthly::Sealed;

/// The JSON renderer.
pub(super) struct Json;

impl Renderer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn purpose(&self) -> &'static str {
        "everything, as data; the next report reads it"
    }

    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError> {
        Ok(vec![OutputFile {
            name: "report.json",
            text: report.json.clone(),
        }])
    }
}
