//! Files of sections, settings, and settings below settings, as AWS's tools write them.
//!
//! In: the text of a file. Out: its sections, with names and settings as they are written.
//!
//! No error holds anything of a line: it may be a secret.

use std::collections::BTreeMap;

/// Settings by name; one below another has the name `s3.endpoint_url`.
pub(super) type Settings = BTreeMap<String, String>;

/// The sections of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    sections: BTreeMap<String, Settings>,
}

/// Number of the line, and what is wrong with it.
type Wrong = (usize, &'static str);

impl File {
    /// Reads a file.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let mut file = Self::default();
        let mut section: Option<&mut Settings> = None;
        // The last setting, and how far it is indented.
        let mut last: Option<(String, usize)> = None;
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let number = number + 1;
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let (name, _) = rest
                    .split_once(']')
                    .ok_or((number, "the name of a section does not end"))?;
                section = Some(file.sections.entry(plain(name)).or_default());
                last = None;
                continue;
            }
            let settings = section
                .as_deref_mut()
                .ok_or((number, "a setting stands before the first section"))?;
            let indent = line.len() - line.trim_start().len();
            let below = last.as_ref().filter(|last| indent > last.1);
            let Some((name, value)) = trimmed.split_once('=') else {
                // The value before goes on: no setting that is used here has several lines.
                if below.is_some() {
                    continue;
                }
                return Err((number, "a setting has no `=`"));
            };
            let (name, value) = (name.trim().to_lowercase(), without_comment(value.trim()));
            if let Some((above, _)) = below {
                settings.insert(format!("{above}.{name}"), value.to_owned());
            } else {
                settings.insert(name.clone(), value.to_owned());
                last = Some((name, indent));
            }
        }
        Ok(file)
    }

    /// The settings of a profile. In the file for the configuration its section is called
    /// `profile NAME`, but for the one of the name `default`, which may be called so.
    pub(super) fn profile(&self, name: &str, called: bool) -> Option<Settings> {
        let long = self.sections.get(&format!("profile {name}"));
        let found = match (called, name) {
            (true, "default") => long.or_else(|| self.sections.get(name)),
            (true, _) => long,
            (false, _) => self.sections.get(name),
        };
        found.cloned()
    }

    /// The settings of a section for services.
    pub(super) fn services(&self, name: &str) -> Settings {
        let found = self.sections.get(&format!("services {name}"));
        found.cloned().unwrap_or_default()
    }
}

/// The name of a section with single blanks and without quotes.
fn plain(name: &str) -> String {
    let name = name.trim();
    match name.split_once(char::is_whitespace) {
        Some((kind, rest)) => format!("{kind} {}", rest.trim().trim_matches(['"', '\''])),
        None => name.trim_matches(['"', '\'']).to_owned(),
    }
}

/// A value ends where a blank and `#` or `;` begin a comment.
fn without_comment(value: &str) -> &str {
    let mut before = ' ';
    for (at, char) in value.char_indices() {
        if before.is_whitespace() && matches!(char, '#' | ';') {
            return value[..at].trim_end();
        }
        before = char;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, profile: &str) -> Vec<(String, String)> {
        let file = File::parse(text).unwrap();
        file.profile(profile, true).unwrap().into_iter().collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    #[test]
    fn sections_comments_and_what_is_indented_are_read_as_the_providers_tools_do() {
        let text = "\u{feff}# first\r\n[default]\r\nregion = eu-west-1 ; near\r\n; x\n[ profile \"my own\" ]  # mine\n  aws_access_key_id = A\n  AWS_Secret_Access_Key=a#b;c==\ns3 =\n  max_queue = 1\n    addressing_style = path\ncli_pager =\n[profile odd]\nca = one\n  two\nregion=x\n";
        assert_eq!(settings(text, "default"), pairs(&[("region", "eu-west-1")]));
        assert_eq!(
            settings(text, "my own"),
            pairs(&[
                ("aws_access_key_id", "A"),
                ("aws_secret_access_key", "a#b;c=="),
                ("cli_pager", ""),
                ("s3", ""),
                ("s3.addressing_style", "path"),
                ("s3.max_queue", "1"),
            ])
        );
        assert_eq!(
            settings(text, "odd"),
            pairs(&[("ca", "one"), ("region", "x")])
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_line_alone() {
        for (text, line) in [
            ("region = x\n", 1),
            ("[default]\n\nhunter2\n", 3),
            ("[default\nregion = x\n", 1),
        ] {
            let (found, error) = File::parse(text).unwrap_err();
            assert_eq!(found, line, "{text}");
            assert!(!error.contains("hunter2"));
        }
    }
}
