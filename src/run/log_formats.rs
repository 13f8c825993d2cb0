//! The log formats that a configuration states: by name, by a file, or by a format string.
//!
//! In: what is stated, and for which inputs. Out: the format of each input, where one is stated.
//!
//! Invariant: what is stated is never replaced by what the content looks like.

use std::path::Path;

use super::Advised;
use super::config::is_description;
use super::settings::MAX_KEY;
use crate::format::mapping::format_string;
use crate::format::{self, Format};
use crate::input;
use crate::model::{SourcePattern, Warning};

/// Formats, and of which inputs each is.
#[derive(Clone, Default)]
pub struct LogFormats(Vec<(Option<SourcePattern>, Format)>);

impl LogFormats {
    /// Reads what is stated; `client` is the variable of a format string that names the caller.
    pub(crate) fn read(
        stated: &[(Option<SourcePattern>, String)],
        client: Option<&str>,
    ) -> anyhow::Result<Self> {
        let strings = stated.iter();
        let mut strings = strings.filter(|(_, text)| format_string::is_stated(text));
        if let Some(client) = client
            && strings.next().is_none()
        {
            return Err(Advised::new(
                format!("`{client}` is a variable of no format string"),
                "--log-client (`log_client`) belongs to --log-format-string; a file that describes a format names the caller under `field.client`",
            ));
        }
        let one = |(source, text): &(Option<SourcePattern>, String)| -> anyhow::Result<_> {
            Ok((source.clone(), read(text, client)?))
        };
        let all = stated.iter().map(one);
        Ok(Self(all.collect::<anyhow::Result<_>>()?))
    }

    /// The format that is stated for an input: the first that fits.
    pub(crate) fn of(&self, shown: &str) -> Option<&Format> {
        let fits = |source: &Option<SourcePattern>| {
            source.as_ref().is_none_or(|source| source.fits(shown))
        };
        let mut all = self.0.iter();
        all.find(|(source, _)| fits(source))
            .map(|(_, format)| format)
    }

    /// The stated secrets in paths, and those that descriptions of formats state.
    pub(crate) fn with_redacted(&self, mut stated: Vec<String>) -> Vec<String> {
        for (_, format) in &self.0 {
            if let Format::Described(mapping, _) = format {
                stated.extend_from_slice(mapping.redacted());
            }
        }
        stated
    }

    /// Patterns that name none of the inputs: after a typing error the content would decide.
    pub(crate) fn warnings(&self, inputs: &[&str]) -> Vec<Warning> {
        let unmet = self.0.iter().filter_map(|(source, _)| source.as_ref());
        let unmet = unmet.filter(|source| !inputs.iter().any(|shown| source.fits(shown)));
        unmet
            .map(|source| {
                let text = format!("`{}` under `format` names no input", source.as_str());
                Warning::new("unmet-format", text)
            })
            .collect()
    }
}

fn read(text: &str, client: Option<&str>) -> anyhow::Result<Format> {
    if format_string::is_stated(text) {
        let (server, string) = format_string::stated(text)
            .map_err(|why| Advised::new("the format string cannot be used", why))?;
        return Format::of_string(server, string, client).map_err(|why| {
            Advised::new(
                format!("the format string of {} cannot be used: {why}", server.name()),
                "docs/mapping-files.md says what a format string needs; a log whose lines are not clear can be described in a file",
            )
        });
    }
    if is_description(text) {
        return described(text);
    }
    format::by_name(text).ok_or_else(|| unknown(text))
}

/// The log format that a file describes.
fn described(file: &str) -> anyhow::Result<Format> {
    let help = "docs/mapping-files.md says how a log format is described; `scopetrim formats check FILE` reads its samples";
    let bytes = input::read_whole(Path::new(file), MAX_KEY).map_err(|error| {
        Advised::new(
            format!("cannot read the log format `{file}`: {error}"),
            help,
        )
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Format::described(&text).map_err(|why| {
        Advised::new(
            format!("the log format `{file}` cannot be used: {why}"),
            help,
        )
    })
}

fn unknown(name: &str) -> anyhow::Error {
    let known: Vec<&str> = format::ALL.iter().map(|format| format.name()).collect();
    let close = crate::model::words::closest(name, known.iter().copied());
    let hint = close
        .map(|close| format!("did you mean `{close}`? "))
        .unwrap_or_default();
    Advised::new(
        format!("`{name}` is not a log format"),
        format!("{hint}supported: {}", known.join(", ")),
    )
}
