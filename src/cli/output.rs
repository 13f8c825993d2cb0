//! In which form a subcommand writes its rows, and where to.

use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::model::words::plural;
use crate::report::escape;
use crate::report::table::Format;
use crate::run::Advised;
use crate::run::atomic_file::{Whole, cannot_write};

/// Form and target of the output.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct OutputArgs {
    /// Format: table, csv, json, ndjson or parquet; default: table (`usage`: csv)
    #[arg(
        long, value_name = "FORMAT", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)).try_map(|name| Format::parse(&name).ok_or("no format")),
        conflicts_with_all = ["csv", "json", "ndjson", "parquet"]
    )]
    output: Option<Format>,
    /// Write to this file instead of standard output
    ///
    /// A run that fails leaves it as it was. Parquet is only written to a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The same as --output csv
    #[arg(long, conflicts_with_all = ["json", "ndjson", "parquet"])]
    csv: bool,
    /// The same as --output json
    #[arg(long, conflicts_with_all = ["ndjson", "parquet"])]
    json: bool,
    /// The same as --output ndjson: one row per line
    #[arg(long, conflicts_with = "parquet")]
    ndjson: bool,
    /// The same as --output parquet --out FILE
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    parquet: Option<PathBuf>,
}

impl OutputArgs {
    /// For a subcommand whose --json has always been one row per line.
    pub(super) fn json_as_ndjson(mut self) -> Self {
        self.ndjson |= std::mem::take(&mut self.json);
        self
    }

    /// The form asked for.
    pub(super) fn format(&self, default: Format) -> Format {
        let flags = [
            (self.csv, Format::Csv),
            (self.json, Format::Json),
            (self.ndjson, Format::Ndjson),
            (self.parquet.is_some(), Format::Parquet),
        ];
        let short = flags.into_iter().find(|(given, _)| *given);
        let format = self.output.or(short.map(|(_, format)| format));
        format.unwrap_or(default)
    }

    /// Whether a file is named.
    pub(super) fn is_file(&self) -> bool {
        self.out.is_some() || self.parquet.is_some()
    }

    /// Begins the file, if one is named: a bad path fails before the long work.
    pub(super) fn open(&self, default: Format) -> anyhow::Result<Destination> {
        let format = self.format(default);
        let path = self.out.as_ref().or(self.parquet.as_ref());
        let file = path.map(|path| Whole::create(path).map(|whole| (path.clone(), whole)));
        let file = file.transpose()?;
        let named = match &file {
            Some((_, whole)) => !whole.file()?.is_terminal(),
            // Nor into a pipe unasked: what else is said there would break it.
            None => false,
        };
        if format == Format::Parquet && !named {
            return Err(Advised::new(
                "Parquet is binary: it is not written to a terminal, nor to standard output unless asked",
                "name a file with --out FILE; --out /dev/stdout writes into a pipe",
            ));
        }
        Ok(Destination { format, file })
    }
}

/// Where the output goes.
pub(super) struct Destination {
    format: Format,
    file: Option<(PathBuf, Whole)>,
}

impl Destination {
    /// The form asked for.
    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// Has the output written, whole or not at all where it is a file. `render` returns the
    /// number of rows, which are called `noun`.
    pub(super) fn write(
        self,
        out: &mut dyn Write,
        noun: &str,
        render: impl FnOnce(Format, &mut dyn Write) -> anyhow::Result<u64>,
    ) -> anyhow::Result<()> {
        let Some((path, whole)) = self.file else {
            return render(self.format, out).map(drop);
        };
        let mut file = BufWriter::with_capacity(1 << 20, whole.file()?);
        let is_pipe = !file
            .get_ref()
            .metadata()
            .is_ok_and(|metadata| metadata.is_file());
        let written =
            render(self.format, &mut file).and_then(|rows| Ok(file.flush().map(|()| rows)?));
        let rows = written.map_err(|error| match error.downcast() {
            Ok(error) => cannot_write(&path, &error),
            Err(error) => error,
        })?;
        whole.finish()?;
        if self.format == Format::Parquet && !is_pipe {
            let name = path.display().to_string();
            writeln!(out, "{} in {}", plural(rows, noun), escape::terminal(&name))?;
        }
        Ok(())
    }
}
