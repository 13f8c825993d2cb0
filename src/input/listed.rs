//! A list of inputs in a file: who splits the work looks at the folders once, and all
//! others see the same logs, whatever is written meanwhile.
//!
//! In and out: JSON lines with the path, the name as shown and the size of each log.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Input;
use crate::storage::is_remote;

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    path: std::borrow::Cow<'a, Path>,
    shown: std::borrow::Cow<'a, str>,
    size: u64,
}

/// Writes the list. Standard input cannot be on it.
pub(crate) fn write_list(inputs: &[Input], to: &mut dyn Write) -> io::Result<()> {
    for input in inputs {
        let Some(path) = &input.path else {
            continue;
        };
        let line = Line {
            // The reader may be in another folder.
            path: if is_remote(path) {
                path.into()
            } else {
                std::path::absolute(path)?.into()
            },
            shown: (&*input.shown).into(),
            size: input.size,
        };
        // A path that is no text has no place in JSON, and is an error here.
        serde_json::to_writer(&mut *to, &line)?;
        to.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads such a list.
pub(crate) fn read_list(path: &Path) -> io::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let line: Line<'_> = serde_json::from_str(&line)?;
        inputs.push(Input {
            path: Some(line.path.into_owned()),
            shown: Arc::from(&*line.shown),
            size: line.size,
        });
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(path: &str, shown: &str) -> Input {
        Input {
            path: Some(path.into()),
            shown: Arc::from(shown),
            size: 7,
        }
    }

    #[test]
    fn a_list_is_read_as_it_was_written_with_paths_that_hold_from_everywhere() {
        let inputs = [
            input("/logs/a.gz", "logs/a.gz"),
            input("b \"\n.log", "b \"\n.log"),
        ];
        let mut text = Vec::new();
        write_list(&inputs, &mut text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list");
        std::fs::write(&file, &text).unwrap();
        let read = read_list(&file).unwrap();
        assert_eq!(read[0], inputs[0]);
        assert_eq!(read[1].shown, inputs[1].shown);
        let here = std::env::current_dir().unwrap();
        assert_eq!(read[1].path, Some(here.join("b \"\n.log")));
        std::fs::write(&file, "logs/a.gz\n").unwrap();
        assert!(read_list(&file).is_err());
    }
}
