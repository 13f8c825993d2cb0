//! The report as text, some clients at a time and side by side: they are nearly all of it.

use std::io::{self, Write};

use rayon::prelude::*;
use serde::Serialize;

use super::client;
use crate::report::{View, json_text};

/// Clients whose text is in memory at a time, for each thread.
const GROUP: usize = 16;

/// Where the clients go; line ends stand in no text, so that it is found once.
const EMPTY: &str = "\n  \"clients\": []";

/// Writes a report whose field `clients` is an empty list, with the clients in it.
pub(super) fn write(
    whole: &impl Serialize,
    view: &View<'_>,
    mut out: impl Write,
) -> io::Result<()> {
    let text = json_text::pretty(whole)?;
    let clients = &view.analysis.clients;
    let Some((above, below)) = text.split_once(EMPTY).filter(|_| !clients.is_empty()) else {
        return out.write_all(text.as_bytes());
    };
    out.write_all(above.as_bytes())?;
    let mut before = "\n  \"clients\": [\n    ";
    for group in clients.chunks(GROUP * rayon::current_num_threads().max(1)) {
        let items: Vec<String> = group
            .par_iter()
            .map(|own| json_text::pretty_item(&client(view, own)))
            .collect::<Result<_, _>>()?;
        for item in items {
            out.write_all(before.as_bytes())?;
            out.write_all(item.as_bytes())?;
            before = ",\n    ";
        }
    }
    out.write_all(b"\n  ]")?;
    out.write_all(below.as_bytes())
}
