//! What each longer window adds to the minimal sets of the clients.

use std::io;

use super::super::View;
use super::super::escape;
use super::super::screen::Screen;
use crate::analysis::{Added, ClientWindow, Compared};
use crate::model::words::{first, plural};
use crate::model::{Day, Operation, Term};

/// Clients listed before the rest is only counted.
const CLIENTS: usize = 12;

fn labels(view: &View<'_>, added: &Added) -> Vec<String> {
    let known = &view.catalog.operations;
    let operations = added.operations.iter();
    operations
        .filter_map(|op| known.get(*op).map(Operation::label))
        .collect()
}

/// The windows on the first screen; nothing with a single window.
pub(in crate::report) fn screen(view: &View<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    let pairs = view.compared.iter().zip(view.compared.iter().skip(1));
    for (shorter, longer) in pairs {
        screen.line("")?;
        screen.whole("  ", head(view, shorter, longer).trim_start())?;
        let changed: Vec<&ClientWindow> = longer
            .clients
            .iter()
            .filter(|client| !client.adds.is_empty() || !client.drops.is_empty())
            .collect();
        for client in changed.iter().take(CLIENTS) {
            let mut parts: Vec<String> =
                client.adds.iter().map(|added| text(view, added)).collect();
            if !client.drops.is_empty() {
                let names: Vec<String> = client.drops.iter().map(short).collect();
                parts.push(format!("- {} (another set is smaller)", names.join(", ")));
            }
            let name = format!("  {}", escape::terminal(client.id.as_str()));
            let wide = escape::columns(&name).min(26);
            screen.row(&name, wide, "  ", &parts.join("; "))?;
        }
        if changed.len() > CLIENTS {
            let more = plural(changed.len() - CLIENTS, "more client");
            screen.line(&format!("    and {more}"))?;
        }
        if changed.is_empty() {
            screen.line("    nothing")?;
        }
    }
    Ok(())
}

fn head(view: &View<'_>, shorter: &Compared, longer: &Compared) -> String {
    let total = |compared: &Compared| -> usize {
        let sizes = compared.clients.iter().map(|client| client.minimal.len());
        sizes.sum()
    };
    format!(
        "  {} ({} with records) against {}: {} needed, not {}; what it adds:",
        plural(longer.window.days(), "day"),
        view.coverage.covered(longer.window),
        shorter.window.days(),
        plural(total(longer), "scope"),
        total(shorter)
    )
}

fn text(view: &View<'_>, added: &Added) -> String {
    let labels = labels(view, added);
    let by = match labels.as_slice() {
        [] => String::new(),
        labels => format!(" by {}", first(labels, 1)),
    };
    let last = added
        .last
        .map(|last| format!(", last on {}", Day::of(last)))
        .unwrap_or_default();
    format!("+ {}{by}{last}", short(&added.term))
}

fn short(term: &Term) -> String {
    escape::cut(term.as_str(), 40)
}
