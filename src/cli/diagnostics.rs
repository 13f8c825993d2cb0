//! What is said on standard error: errors, notes, progress.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::format::Skip;
use crate::report::{escape, possible};
use crate::run::{Advised, AnalysisRun, Following, Progress, rejects};

/// Prints an error, its causes and its advice.
pub(super) fn error(error: &anyhow::Error) {
    let mut text = format!("error: {}", shown(&error.to_string()));
    for cause in error.chain().skip(1) {
        text.push_str("\n  because: ");
        text.push_str(&shown(&cause.to_string()));
    }
    if let Some(advice) = error.downcast_ref::<Advised>() {
        for line in advice.help().lines() {
            text.push_str("\n  help: ");
            text.push_str(&escape::terminal(line));
        }
    }
    say(&text);
}

/// A note that is not part of the result.
pub(super) fn note(quiet: bool, text: &str) {
    if !quiet {
        say(&format!("note: {}", shown(text)));
    }
}

/// Line by line, because a line break of our own must stay one.
fn shown(text: &str) -> String {
    text.lines()
        .map(escape::terminal)
        .collect::<Vec<_>>()
        .join("\n")
}

fn say(text: &str) {
    // Nobody left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A bar on a terminal.
pub(super) struct Bar;

impl Progress for Bar {
    fn follow(&self, total: u64, done: &Arc<AtomicU64>) -> Following {
        if !std::io::stderr().is_terminal() {
            return Following::default();
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) =
            ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        {
            bar.set_style(style);
        }
        let finished = Arc::new(AtomicBool::new(false));
        let (done, over) = (Arc::clone(done), Arc::clone(&finished));
        let drawing = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                bar.set_position(done.load(Ordering::Relaxed));
                std::thread::sleep(Duration::from_millis(80));
            }
            bar.finish_and_clear();
        });
        Following::until(move || {
            finished.store(true, Ordering::Relaxed);
            // A progress bar that broke off is no reason to fail.
            let _ = drawing.join();
        })
    }
}

/// What a result that shows no warnings leaves out: requests that are not certain.
pub(super) fn say_possible(run: &AnalysisRun) {
    for text in possible::sentences(&run.analysis) {
        note(run.settings.quiet, &text);
    }
}

/// Notes that belong on standard error before a result.
pub(super) fn say_incomplete(run: &AnalysisRun) {
    for text in &run.read.incomplete {
        note(run.settings.quiet, &format!("incomplete: {text}"));
    }
}

/// Says that the data ends elsewhere than at its last record, where warnings are not shown.
pub(super) fn say_ran_ahead(run: &AnalysisRun) {
    let warnings = run.warnings.iter();
    let of_clocks = ["clock-ran-ahead", "clock-ran-behind"];
    for warning in warnings.filter(|warning| of_clocks.contains(&warning.code)) {
        note(run.settings.quiet, &warning.message);
    }
}

/// Says how many lines gave no record, and why; whether a request may be lost with them.
pub(super) fn say_skips(skips: &[u64; Skip::ALL.len()], quiet: bool) -> bool {
    if let Some(text) = rejects::sentence(skips) {
        note(quiet, &text);
    }
    let mut counted = Skip::ALL.iter().zip(skips);
    counted.any(|(skip, count)| *count > 0 && skip.is_reject())
}
