//! The analysis of shorter windows, to compare with the main one.

use crate::analysis::{self, Analysis, Compared, Inputs, Prepared, compare};
use crate::model::Window;

/// The minimal sets of the shorter windows of a list, compared with those of the longest.
pub(crate) fn compared(
    prepared: &Prepared<'_>,
    inputs: &Inputs<'_>,
    options: &analysis::Options,
    (windows, longest): (&[u32], &Analysis),
) -> Vec<Compared> {
    let Some((_, shorter)) = windows.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        return Vec::new();
    };
    let shorter: Vec<Analysis> = shorter
        .iter()
        .map(|days| {
            let options = analysis::Options {
                window: Window::ending(options.window.to, *days),
                ..options.clone()
            };
            prepared.analyse(inputs, &options)
        })
        .collect();
    let all: Vec<&Analysis> = shorter.iter().chain([longest]).collect();
    compare(&all)
}
