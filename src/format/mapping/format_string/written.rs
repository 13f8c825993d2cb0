//! A format string that was read: the layout of its lines, and the fields in them.

use regex::bytes::Regex;

use super::known::{Known, MEANING_OF_KEYS};
use super::skeleton::{self, Member};
use super::{Server, Token, Tokens, wrong};
use crate::format::declared::Meaning;
use crate::format::json::SLOTS;
use crate::format::mapping::field::{Field, Place, Unescape};
use crate::format::mapping::layout::{Layout, Part};
use crate::format::mapping::times::{TimeForm, Times};
use crate::format::mapping::values::Shape;
use crate::format::mapping::{Answered, Builder, Compiled, number, plan};

/// A variable of the string, and where its value is.
struct Variable {
    name: Box<str>,
    place: Place,
    known: Known,
}

/// What a format string says.
pub(in crate::format) struct Written {
    pub(in crate::format) is_json: bool,
    pub(in crate::format) places: Vec<Box<str>>,
    pub(in crate::format) regexes: Vec<Regex>,
    pub(in crate::format) answered: Answered,
    variables: Vec<Variable>,
    layout: Layout,
    repaired: bool,
}

impl Written {
    pub(super) fn new(text: &str, tokens: &Tokens) -> Result<Self, String> {
        let begin = tokens.all.iter().find_map(|token| match token {
            Token::Text(text) => {
                Some(text.trim_start().starts_with('{') || text.trim_start().starts_with("[{"))
            }
            Token::Var(_) => Some(false),
            Token::Blanks => None,
        });
        let mut written = Self {
            is_json: begin == Some(true),
            places: Vec::new(),
            regexes: Vec::new(),
            answered: tokens.answered,
            variables: Vec::new(),
            layout: Layout {
                quotes_escaped: tokens.quotes_escaped,
                messages: tokens.messages,
                ..Layout::default()
            },
            repaired: tokens.repaired,
        };
        let mut builder = Builder {
            json: written.is_json,
            ..Builder::default()
        };
        if written.is_json {
            let members = skeleton::members(&tokens.all).map_err(|why| {
                format!("the format begins like JSON, and is none: {why}; each variable is a value of its own, or part of a text in quotes")
            })?;
            for member in members {
                written.member(text, &member, &mut builder)?;
            }
        } else {
            written.line(text, &tokens.all, &mut builder)?;
        }
        written.places = builder.places;
        written.regexes = builder.regexes;
        if written.is_json && written.places.len() > SLOTS {
            return Err(format!(
                "the format has {} keys that say something; there can be {SLOTS}",
                written.places.len()
            ));
        }
        Ok(written)
    }

    /// Text and variables of a line.
    fn line(&mut self, text: &str, tokens: &[Token], builder: &mut Builder) -> Result<(), String> {
        let (mut before, mut padded) = (String::new(), false);
        let mut first = true;
        for token in tokens {
            match token {
                Token::Text(text) => before.push_str(text),
                Token::Blanks => padded = true,
                Token::Var(var) => {
                    if before.is_empty() && !first && !padded {
                        return Err(wrong(
                            text,
                            var.at,
                            "nothing is between this variable and the one before it, so nobody can tell where that one \
                             ends: write a blank or another sign between them",
                        ));
                    }
                    let slot = builder.slot(&format!("{} {}", self.variables.len(), var.name));
                    let mut place = place(&var.known, slot, builder)?;
                    place.unescape = var.known.unescape;
                    self.layout.parts.push(Part {
                        before: before.as_bytes().into(),
                        padded,
                        class: var.known.class,
                        slot,
                        counts: var
                            .known
                            .meaning
                            .is_some_and(|own| own != Meaning::UserAgent),
                    });
                    self.variables.push(Variable {
                        name: var.name.as_str().into(),
                        place,
                        known: var.known.clone(),
                    });
                    (before, padded, first) = (String::new(), false, false);
                }
            }
        }
        self.layout.tail = before.as_bytes().into();
        Ok(())
    }

    /// One key of JSON.
    fn member(
        &mut self,
        text: &str,
        member: &Member<'_>,
        builder: &mut Builder,
    ) -> Result<(), String> {
        let key = member.pointer.rsplit('/').next().unwrap_or_default();
        let key = key.to_ascii_lowercase().replace(['-', '.'], "_");
        let meant = MEANING_OF_KEYS.iter().find(|(own, _)| *own == key);
        for (number, var) in member.vars.iter().enumerate() {
            let mut known = var.known.clone();
            if known.meaning.is_none() && member.vars.len() == 1 {
                known.meaning = meant.map(|(_, meaning)| *meaning);
                known.rank = 4;
            }
            let known = &known;
            let named = known.meaning.is_some() || known.settable;
            if !named && builder.places.len() >= SLOTS {
                continue;
            }
            let slot = builder.slot(&member.pointer);
            let mut place = place(known, slot, builder)?;
            if !member.is_whole() {
                let pattern = member
                    .pattern(number)
                    .map_err(|why| wrong(text, var.at, why))?;
                place.regex = Some(builder.pattern(&pattern)?);
            }
            // What JSON escapes, the reader of JSON decodes; HAProxy escapes besides.
            place.unescape = match known.unescape {
                Unescape::Hash => Unescape::Hash,
                _ => Unescape::None,
            };
            self.variables.push(Variable {
                name: var.name.as_str().into(),
                place,
                known: known.clone(),
            });
        }
        Ok(())
    }

    /// The variables by their names.
    pub(in crate::format) fn named(&self) -> Vec<(Box<str>, Place)> {
        let variables = self.variables.iter();
        variables
            .map(|own| (own.name.clone(), own.place.clone()))
            .collect()
    }

    /// The fields that the variables make, but for those that are stated; `client` names the
    /// caller.
    pub(in crate::format) fn fields(
        &self,
        stated: &[Field],
        client: Option<&str>,
    ) -> Result<Vec<Field>, String> {
        let mut ranked: Vec<&Variable> = self.variables.iter().collect();
        ranked.sort_by_key(|own| own.known.rank);
        let mut fields: Vec<Field> = Vec::new();
        if let Some(name) = client {
            let own = self.variables.iter().find(|own| *own.name == *name);
            let own = own.ok_or_else(|| self.unknown_client(name))?;
            fields.push(Field {
                meaning: Meaning::Client,
                places: vec![own.place.clone()],
            });
        }
        let chosen = fields.len();
        for own in ranked {
            let Some(meaning) = own.known.meaning else {
                continue;
            };
            let said = |field: &Field| field.meaning == meaning;
            if stated.iter().any(said) || fields[..chosen].iter().any(said) {
                continue;
            }
            match fields.iter_mut().find(|field| said(field)) {
                // One form of a time is as good as another, and has one reading.
                Some(_) if meaning == Meaning::Time => {}
                Some(field) => field.places.push(own.place.clone()),
                None => fields.push(Field {
                    meaning,
                    places: vec![own.place.clone()],
                }),
            }
        }
        Ok(fields)
    }

    fn unknown_client(&self, name: &str) -> String {
        let names = self.variables.iter().map(|own| &*own.name);
        match crate::model::words::closest(name, names.clone()) {
            Some(close) => format!("the format string has no `{name}`: did you mean `{close}`?"),
            None => format!(
                "the format string has no `{name}`; it has {}",
                names.collect::<Vec<_>>().join(" ")
            ),
        }
    }

    /// How its times are read.
    pub(in crate::format) fn times(&self) -> Times {
        let times = self.variables.iter().filter(|own| own.known.time.is_some());
        let form: Option<TimeForm> = times
            .min_by_key(|own| own.known.rank)
            .and_then(|own| own.known.time.clone());
        Times::new(form.into_iter().collect(), None)
    }

    /// How its lines are read.
    pub(in crate::format) fn shape(self, places: &[Box<str>]) -> Shape {
        if self.is_json {
            return Shape::Json {
                plan: plan(places),
                repaired: self.repaired,
            };
        }
        Shape::Layout(self.layout)
    }

    /// The whole of it.
    pub(in crate::format) fn compiled(mut self, client: Option<&str>) -> Result<Compiled, String> {
        let fields = self.fields(&[], client)?;
        self.complete(&fields)?;
        // Of a caller nobody is named by what somebody else may have written.
        let chosen: Vec<usize> = fields
            .iter()
            .filter(|field| field.meaning == Meaning::Client)
            .flat_map(|field| field.places.iter().map(|place| place.slot))
            .collect();
        for part in &mut self.layout.parts {
            part.counts |= chosen.contains(&part.slot);
        }
        let times = self.times();
        Ok(Compiled {
            number: number(),
            places: self.places.clone(),
            regexes: std::mem::take(&mut self.regexes),
            fields,
            times,
            when: Vec::new(),
            outcome: Vec::new(),
            prefix: Vec::new(),
            unwrap: Vec::new(),
            answered: self.answered,
            split: Vec::new(),
            shape: {
                let places = self.places.clone();
                self.shape(&places)
            },
        })
    }

    /// Whether records can be made.
    fn complete(&self, fields: &[Field]) -> Result<(), String> {
        let has = |meaning| fields.iter().any(|field| field.meaning == meaning);
        let mut missing = Vec::new();
        if !has(Meaning::Time) {
            missing.push("the time");
        }
        let line = has(Meaning::RequestLine);
        if !line && !has(Meaning::Method) {
            missing.push("the request line or the method");
        }
        if !line && !has(Meaning::Target) && !has(Meaning::Path) {
            missing.push("the path");
        }
        if !has(Meaning::Status) {
            missing.push("the status (without it a refused request would pass for use)");
        }
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.variables.iter().map(|own| &*own.name).collect();
        Err(format!(
            "it does not log {}, and no record can be made without; it has {}",
            missing.join(", "),
            names.join(" ")
        ))
    }

    /// How to have the caller in the lines.
    pub(in crate::format) fn identity(&self, server: Server) -> String {
        let headers: Vec<&str> = self
            .variables
            .iter()
            .filter(|own| own.known.settable)
            .map(|own| &*own.name)
            .collect();
        let known = crate::format::by_name(match server {
            Server::Nginx | Server::Apache | Server::Goaccess => "combined",
            Server::Envoy => "envoy",
            Server::Haproxy => "haproxy",
        });
        let general = known.map_or_else(String::new, |known| known.identity_help().to_owned());
        if headers.is_empty() {
            return general;
        }
        format!(
            "the format string logs {}, which callers can set: where the gateway sets it itself, from a token that it \
             checked, name it with --log-client '{}' (`log_client`). {general}",
            headers.join(", "),
            headers[0]
        )
    }
}

/// The place of a variable.
fn place(known: &Known, slot: usize, builder: &mut Builder) -> Result<Place, String> {
    Ok(Place {
        slot,
        regex: known.regex.map(|text| builder.pattern(text)).transpose()?,
        longest: known.longest,
        basic: known.basic,
        ..Place::default()
    })
}
