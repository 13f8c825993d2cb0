//! A description becomes a reader.
//!
//! In: the keys of a file. Out: the compiled description, or what is wrong with it.

use regex::bytes::{Regex, RegexBuilder};

use super::field::{Field, Item, Place, Unescape};
use super::file::{Source, Sources};
use super::times::{TimeForm, Times, stated_zone};
use super::{Inner, pointer};
use crate::format::declared::Meaning;
use crate::format::json::SLOTS;
use crate::format::json::list::Step;

/// Names the places of a description, and compiles its fields.
#[derive(Default)]
pub(in crate::format) struct Builder {
    pub(in crate::format) places: Vec<Box<str>>,
    pub(in crate::format) regexes: Vec<Regex>,
    /// Places are JSON pointers.
    pub(in crate::format) json: bool,
    /// The variables of a format string, each with its place.
    pub(in crate::format) variables: Option<Vec<(Box<str>, Place)>>,
    pub(super) missing: Option<Vec<Box<str>>>,
    pub(super) unescape: Unescape,
    pub(super) times: Times,
    pub(super) split: Vec<u8>,
}

/// A pattern over bytes.
pub(in crate::format) fn regex(text: &str) -> Result<Regex, String> {
    // Lines may hold bytes that are no UTF-8.
    let built = RegexBuilder::new(text).unicode(false).build();
    built.map_err(|error| {
        let error = error.to_string();
        let last = error.lines().last().unwrap_or_default().trim();
        format!(
            "`{text}` is not a regular expression: {}",
            last.trim_start_matches("error: ")
        )
    })
}

impl Builder {
    /// The number of a place.
    pub(in crate::format) fn slot(&mut self, name: &str) -> usize {
        let known = self.places.iter().position(|own| **own == *name);
        known.unwrap_or_else(|| {
            self.places.push(name.into());
            self.places.len() - 1
        })
    }

    /// A pattern of a field.
    pub(in crate::format) fn pattern(&mut self, text: &str) -> Result<(Regex, usize), String> {
        let regex = regex(text)?;
        self.regexes.push(regex.clone());
        Ok((regex, self.regexes.len() - 1))
    }

    /// The place that a name stands for.
    pub(super) fn place(&mut self, name: &str) -> Result<Place, String> {
        if let Some(variables) = &self.variables {
            let found = variables.iter().find(|(own, _)| **own == *name);
            let names = variables.iter().map(|(own, _)| &**own);
            return found.map(|(_, place)| place.clone()).ok_or_else(|| {
                let close = crate::model::words::closest(name, names.clone());
                match close {
                    Some(close) => {
                        format!("`{name}` is not in the format string: did you mean `{close}`?")
                    }
                    None => format!(
                        "`{name}` is not in the format string, which has {}",
                        names.clone().collect::<Vec<_>>().join(" ")
                    ),
                }
            });
        }
        if !self.json {
            if name.is_empty() || name.starts_with('/') {
                return Err(format!(
                    "`{name}` is not the name of a column, a key or a group"
                ));
            }
            let slot = self.slot(name);
            return Ok(Place {
                slot,
                ..Place::default()
            });
        }
        if !name.starts_with('/') {
            return Err(format!(
                "`{name}` is not a JSON pointer: it begins with `/`"
            ));
        }
        let steps = pointer(name);
        let inside = |step: &Step| match step {
            Step::Each => true,
            Step::Key(key) => !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()),
        };
        let end = steps.iter().position(inside).unwrap_or(steps.len());
        if end == 0 {
            return Err(format!(
                "`{name}`: a record is an object, so a place begins with a key"
            ));
        }
        let keys: Vec<&str> = name.split('/').skip(1).collect();
        let slot = self.slot(&format!("/{}", keys[..end].join("/")));
        Ok(Place {
            slot,
            steps: steps[end..].to_vec(),
            ..Place::default()
        })
    }

    /// A field with all of its places.
    pub(super) fn field(
        &mut self,
        key: &str,
        meaning: Meaning,
        sources: Sources,
    ) -> Result<Field, String> {
        let mut all = Vec::new();
        flat(sources, &mut all);
        let joins = all.iter().filter(|source| source.join.is_some()).count();
        if joins > 0 && all.len() > 1 {
            return Err(
                "`join` makes one value of all places, so it cannot stand next to others"
                    .to_owned(),
            );
        }
        let mut places = Vec::new();
        for source in all {
            self.source(key, meaning, &source, &mut places)?;
        }
        Ok(Field { meaning, places })
    }

    fn source(
        &mut self,
        key: &str,
        meaning: Meaning,
        source: &Source,
        places: &mut Vec<Place>,
    ) -> Result<(), String> {
        self.stated(key, meaning, source)?;
        let pattern = match &source.regex {
            Some(text) => {
                let (regex, number) = self.pattern(text)?;
                let mut names = regex.capture_names().skip(1).flatten();
                if regex.captures_len() > 2 || names.any(|name| name != "v") {
                    return Err(format!(
                        "`{text}`: the part that counts is one group, `(?<v>...)`"
                    ));
                }
                Some((regex, number))
            }
            None => None,
        };
        let sign = |text: &String| match text.as_bytes() {
            [sign] => Ok(*sign),
            _ => Err(format!("`{text}` is not one ASCII character")),
        };
        let item = match (&source.first_of, &source.last_of) {
            (Some(_), Some(_)) => {
                return Err("`first_of` and `last_of` exclude each other".to_owned());
            }
            (Some(text), None) => Some(Item::First(sign(text)?)),
            (None, Some(text)) => Some(Item::Last(sign(text)?)),
            (None, None) => None,
        };
        let unescape = match &source.unescape {
            Some(name) => named(name, "unescape", &Unescape::NAMES)?,
            None => self.unescape,
        };
        let boxed = |texts: &Vec<String>| texts.iter().map(|text| text.as_str().into()).collect();
        for name in source.at.clone().all() {
            let place = self.place(&name)?;
            places.push(Place {
                embedded: source.json.as_deref().map(inner).transpose()?,
                unescape: if unescape == Unescape::None {
                    place.unescape
                } else {
                    unescape
                },
                regex: pattern.clone().or_else(|| place.regex.clone()),
                item,
                missing: source
                    .missing
                    .as_ref()
                    .map(boxed)
                    .or_else(|| self.missing.clone()),
                anything: matches!(meaning, Meaning::Scopes | Meaning::KeyShown),
                basic: source.basic.unwrap_or(place.basic),
                joined: source.join.as_deref().map(Into::into),
                ..place
            });
        }
        Ok(())
    }

    /// What is said about one field alone.
    fn stated(&mut self, key: &str, meaning: Meaning, source: &Source) -> Result<(), String> {
        let only = |stated: bool, name: &str, of: &str| {
            if stated && key != of {
                Err(format!("`{name}` is said of `{of}` alone"))
            } else {
                Ok(())
            }
        };
        let token = matches!(meaning, Meaning::Issued | Meaning::Expires);
        only(source.parse.is_some() && !token, "parse", "time")?;
        only(source.tz.is_some(), "tz", "time")?;
        only(source.basis.is_some(), "basis", "time")?;
        only(source.split.is_some(), "split", "scopes")?;
        only(source.unit.is_some(), "unit", "duration")?;
        only(source.basic.is_some(), "basic", "client")?;
        one_of(
            source.basis.as_deref(),
            "basis",
            &["start", "end", "received"],
        )?;
        one_of(source.unit.as_deref(), "unit", &["s", "ms", "us", "ns"])?;
        one_of(source.kind.as_deref(), "type", &["u16", "text"])?;
        if meaning == Meaning::Time {
            let forms = source
                .parse
                .clone()
                .map_or(Vec::new(), super::file::Texts::all);
            let forms = forms.iter().map(|form| TimeForm::parse(form));
            let forms = forms.collect::<Result<Vec<_>, _>>()?;
            let zone = source.tz.as_deref().map(stated_zone).transpose()?;
            if !forms.is_empty() || zone.is_some() {
                self.times = Times::new(forms, zone);
            }
        }
        for text in source
            .split
            .clone()
            .map_or(Vec::new(), super::file::Texts::all)
        {
            match text.as_bytes() {
                [sign] => self.split.push(*sign),
                _ => return Err(format!("`split`: `{text}` is not one ASCII character")),
            }
        }
        Ok(())
    }

    /// Whether every JSON pointer of the description can be read.
    pub(super) fn readable(&self) -> Result<(), String> {
        if !self.json {
            return Ok(());
        }
        if self.places.len() > SLOTS {
            return Err(format!(
                "`field` names {} places; there can be {SLOTS}",
                self.places.len()
            ));
        }
        let places: Vec<&str> = self.places.iter().map(|place| &**place).collect();
        crate::format::declared::entangled(&places).map_or(Ok(()), |(outer, inner)| {
            Err(format!(
                "`field`: `{inner}` is in `{outer}`, and only one of them can be read: name what is in it alone"
            ))
        })
    }
}

/// The steps of a pointer into JSON that is a text.
pub(super) fn inner(text: &str) -> Result<Vec<Step>, String> {
    if text.is_empty() || text.starts_with('/') {
        Ok(pointer(text))
    } else {
        Err(format!(
            "`json`: `{text}` is not a JSON pointer: it begins with `/`"
        ))
    }
}

fn flat(sources: Sources, all: &mut Vec<Source>) {
    match sources {
        Sources::Place(place) => all.push(Source::of(place)),
        Sources::Table(source) => all.push(*source),
        Sources::Several(several) => several.into_iter().for_each(|own| flat(own, all)),
    }
}

fn one_of(text: Option<&str>, key: &str, known: &[&str]) -> Result<(), String> {
    match text {
        Some(text) if !known.contains(&text) => Err(format!(
            "`{key}` cannot be `{text}`; there are {}",
            known.join(", ")
        )),
        _ => Ok(()),
    }
}

/// What a name stands for.
pub(super) fn named<T: Copy>(text: &str, key: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        match crate::model::words::closest(text, names.iter().copied()) {
            Some(close) => format!("`{key}` cannot be `{text}`: did you mean `{close}`?"),
            None => format!("`{key}` cannot be `{text}`; there are {}", names.join(", ")),
        }
    })
}

/// A way inwards, as the file states it.
pub(super) fn outer(of: &super::file::Outer) -> Result<Inner, String> {
    use super::file::Outer;

    let (text, string) = match of {
        Outer::Values(text)
        | Outer::Named {
            values: Some(text),
            string: None,
        } => (text, false),
        Outer::Named {
            string: Some(text),
            values: None,
        } => (text, true),
        Outer::Named { .. } => {
            return Err("`unwrap`: a step is a pointer, or `{ string = \"/pointer\" }`".to_owned());
        }
    };
    if !text.starts_with('/') {
        return Err(format!(
            "`unwrap`: `{text}` is not a JSON pointer: it begins with `/`"
        ));
    }
    let steps = pointer(text);
    Ok(if string {
        Inner::Text(steps)
    } else {
        Inner::Values(steps)
    })
}
