//! What the configuration states about the logs: things that no log can tell itself.
//!
//! Invariants:
//! * a source that several rates fit has the lowest of them;
//! * a rate is above 0 and at most 1; what is not stated is not guessed.

use glob::Pattern;

use super::{Noise, Warning};

/// What is stated about the logs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logged {
    /// Requests that are not a possible need.
    pub noise: Vec<Noise>,
    /// Sources that hold a part of the requests only.
    pub sampled: Sampled,
    /// Whether every operation of the catalogue is logged at all; `None` when nobody said.
    pub all_operations: Option<bool>,
}

/// A pattern over the names of inputs, as they are shown.
///
/// A glob (`gw-eu*`) fits the whole name or one part of its path. A plain word must
/// be whole, so that `gw-1` does not name `gw-10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourcePattern {
    /// Without `*`, `?` and `[`.
    Word(String),
    /// With one of them.
    Glob(Pattern),
}

impl SourcePattern {
    /// Reads a pattern; the error says what would be accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("name an input, or write `*` for all of them".to_owned());
        }
        if !text.contains(['*', '?', '[']) {
            return Ok(Self::Word(text.to_owned()));
        }
        Pattern::new(text)
            .map(Self::Glob)
            .map_err(|error| format!("not a pattern over names: {}", error.msg))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Word(text) => text,
            Self::Glob(glob) => glob.as_str(),
        }
    }

    /// Whether it names an input.
    pub fn fits(&self, shown: &str) -> bool {
        match self {
            Self::Glob(glob) => {
                glob.matches(shown) || shown.split('/').any(|part| glob.matches(part))
            }
            Self::Word(text) => {
                let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
                shown.match_indices(text.as_str()).any(|(at, found)| {
                    !letter(shown[..at].chars().next_back())
                        && !letter(shown[at + found.len()..].chars().next())
                })
            }
        }
    }
}

/// Rates at which sources were sampled: which share of the requests they hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampled {
    rates: Vec<(SourcePattern, f64)>,
}

impl Sampled {
    /// Adds a rate, which has to be above 0 and at most 1.
    pub fn add(&mut self, source: SourcePattern, rate: f64) -> Result<(), String> {
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(
                "a rate is a number above 0 and at most 1; 0.01 is one request in a hundred"
                    .to_owned(),
            );
        }
        self.rates.push((source, rate));
        Ok(())
    }

    /// Adds the rates of another table.
    pub fn extend(&mut self, other: Self) {
        self.rates.extend(other.rates);
    }

    /// The rate of an input: the lowest that fits, `None` when none is stated.
    pub fn rate_of(&self, shown: &str) -> Option<f64> {
        let rates = self.rates.iter().filter(|(source, _)| source.fits(shown));
        rates.map(|(_, rate)| *rate).reduce(f64::min)
    }

    /// Patterns that name none of the inputs: after a typing error the sample would count
    /// as a whole log.
    pub fn warnings(&self, inputs: &[&str]) -> Vec<Warning> {
        let unmet = self
            .rates
            .iter()
            .filter(|(source, _)| !inputs.iter().any(|shown| source.fits(shown)));
        unmet
            .map(|(source, _)| {
                let text = format!("`{}` under `sampled` names no input", source.as_str());
                Warning::new("unmet-sampled", text)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(rates: &[(&str, f64)]) -> Sampled {
        let mut sampled = Sampled::default();
        for (source, rate) in rates {
            sampled
                .add(SourcePattern::parse(source).unwrap(), *rate)
                .unwrap();
        }
        sampled
    }

    #[test]
    fn a_plain_word_is_a_whole_name_and_a_glob_fits_the_name_or_one_part_of_it() {
        let fits = |pattern, shown| SourcePattern::parse(pattern).unwrap().fits(shown);
        assert!(fits("gw-1", "logs/gw-1/a.gz") && fits("gw-1", "gw-1.log"));
        assert!(!fits("gw-1", "logs/gw-10/a.gz"));
        assert!(fits("gw-eu*", "logs/gw-eu-1.log") && fits("logs/*.log", "logs/a/b.log"));
        assert!(!fits("gw-eu*", "logs/old-gw-eu-1.log"));
        assert!(fits("*", "-") && fits("gw-[12]", "gw-2/a"));
        for bad in ["", "  ", "gw-[", "a/***"] {
            assert!(SourcePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_lowest_rate_that_fits_is_the_rate_of_a_source_in_any_order() {
        let some = [("*", 0.5), ("gw-eu*", 0.01), ("gw-eu-2", 0.1)];
        let mut back = some;
        back.reverse();
        for rates in [sampled(&some), sampled(&back)] {
            assert_eq!(rates.rate_of("logs/gw-eu-2.log"), Some(0.01));
            assert_eq!(rates.rate_of("logs/gw-us-1.log"), Some(0.5));
        }
        assert_eq!(sampled(&some[1..]).rate_of("logs/gw-us-1.log"), None);
    }

    #[test]
    fn a_rate_is_above_nothing_and_at_most_all() {
        let source = SourcePattern::parse("*").unwrap();
        for bad in [0.0, -0.1, 1.000_1, f64::NAN, f64::INFINITY] {
            assert!(Sampled::default().add(source.clone(), bad).is_err());
        }
        assert_eq!(sampled(&[("*", 1.0)]).rate_of("a"), Some(1.0));
    }

    #[test]
    fn a_rate_for_an_input_that_is_not_there_is_said() {
        let rates = sampled(&[("gw-eu*", 0.01), ("gw-ue*", 0.01)]);
        let said = rates.warnings(&["logs/gw-eu-1.log", "logs/gw-us-1.log"]);
        let said: Vec<&str> = said
            .iter()
            .map(|warning| warning.message.as_str())
            .collect();
        assert_eq!(said, ["`gw-ue*` under `sampled` names no input"]);
    }
}
