//! The monthly report in each kind of file.
//!
//! In: a sealed report. Out: named files. A renderer decides nothing; what it
//! shows is in the page, escaped for its own kind of output. A new one is a
//! file and a line in [`ALL`].

mod charts;
mod contract;
mod csv;
mod html;
mod markdown;
mod ocsf;
mod page_inputs;
mod page_model;
mod sarif;
mod sections;

#[cfg(test)]
mod tests;

use super::monthly::Sealed;

/// One file of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFile {
    /// Its name in the folder.
    pub name: &'static str,
    /// Its content.
    pub text: String,
}

/// Why a report could not be rendered. None of it depends on the data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The template engine refused.
    #[error("the page could not be made: {0}")]
    Template(#[from] minijinja::Error),
    /// The JSON writer refused.
    #[error("the JSON could not be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// One kind of output.
pub(crate) trait Renderer: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;
    /// What it is for, in a few words.
    fn purpose(&self) -> &'static str;
    /// The files, always the same names in the same order.
    fn files(&self, report: &Sealed<'_>) -> Result<Vec<OutputFile>, RenderError>;
}

/// Every renderer.
pub(crate) static ALL: &[&dyn Renderer] = &[
    &html::Html,
    &markdown::Markdown,
    &contract::Json,
    &csv::Csv,
    &sarif::Sarif,
    &ocsf::Ocsf,
];

/// The renderer of this name.
pub(crate) fn by_name(name: &str) -> Option<&'static dyn Renderer> {
    ALL.iter().copied().find(|renderer| renderer.name() == name)
}
