//! The parts of a description are put together.
//!
//! In: a file. Out: the description, compiled and checked.

use std::sync::atomic::{AtomicU64, Ordering};

use super::compile::{Builder, inner, named, outer, regex};
use super::field::{Field, Unescape};
use super::file::{File, Prefix, Rule, Source, Sources, Texts};
use super::format_string::{self, Written};
use super::meanings::MEANINGS;
use super::rules::{Condition, Test, Verdict};
use super::times::{TimeForm, Times};
use super::values::{Pattern, Shape};
use super::{Answered, Compiled};
use crate::format::declared::Meaning;
use crate::format::json::{Plan, SLOTS};

/// The envelopes that are taken off without being named; a name is accepted all the same.
const ENVELOPES: [&str; 6] = ["syslog", "cri", "docker", "journald", "json", "cloudwatch"];
/// What a description can build on.
const KINDS: [&str; 7] = ["json", "jsonseq", "csv", "tsv", "logfmt", "regex", "w3c"];

/// A number for each description.
pub(super) fn number() -> u64 {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// A plan for the scanner.
pub(super) fn plan(places: &[Box<str>]) -> Plan {
    let keys: Vec<Vec<String>> = places
        .iter()
        .take(SLOTS)
        .map(|place| crate::format::declared::pointer(place))
        .collect();
    let keys: Vec<Vec<&str>> = keys
        .iter()
        .map(|keys| keys.iter().map(String::as_str).collect())
        .collect();
    let keys: Vec<&[&str]> = keys.iter().map(Vec::as_slice).collect();
    Plan::new(&keys)
}

/// Compiles a file.
pub(super) fn compile(file: &mut File) -> Result<Compiled, String> {
    let kind = file.extends.clone();
    let json = matches!(kind.as_str(), "json" | "jsonseq");
    let mut builder = Builder {
        json,
        ..Builder::default()
    };
    if let Some(missing) = &file.missing {
        builder.missing = Some(missing.iter().map(|text| text.as_str().into()).collect());
    }
    if let Some(name) = &file.unescape {
        builder.unescape = named(name, "unescape", &Unescape::NAMES)?;
    }
    let written = written(file, &mut builder)?;
    let fields = fields(file, &mut builder, written.as_ref())?;
    complete(&fields)?;
    let when = conditions(&mut builder, &file.when, "when", &fields)?;
    let mut outcome = Vec::new();
    for (name, verdict) in Verdict::NAMES {
        let rules = file
            .outcome
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let rules = conditions(&mut builder, rules, &format!("outcome.{name}"), &fields)?;
        outcome.extend(rules.into_iter().map(|rule| (verdict, rule)));
    }
    redacted(file, &fields, &builder)?;
    builder.readable()?;
    let mut prefix = Vec::new();
    for own in &file.prefix {
        match own {
            Prefix::Regex { regex: text } => prefix.push(regex(text)?),
            Prefix::Named(name) => {
                let all = ENVELOPES.map(|name| (name, ()));
                named(name, "prefix", &all)?;
            }
        }
    }
    let unwrap = file
        .unwrap
        .iter()
        .map(outer)
        .collect::<Result<Vec<_>, _>>()?;
    if !unwrap.is_empty() && !json {
        return Err("`unwrap` is of JSON alone".to_owned());
    }
    let answered = written
        .as_ref()
        .map_or(Answered::Upstream, |own| own.answered);
    let shape = shape(file, &kind, &mut builder, written)?;
    Ok(Compiled {
        number: number(),
        shape,
        places: builder.places,
        fields,
        times: builder.times,
        when,
        outcome,
        prefix,
        unwrap,
        regexes: builder.regexes,
        answered,
        split: builder.split,
    })
}

/// The format string that a description builds on, if it does.
fn written(file: &File, builder: &mut Builder) -> Result<Option<Written>, String> {
    let kind = file.extends.as_str();
    let server = format_string::Server::parse(kind);
    let Some(server) = server else {
        let all = KINDS.iter().chain(&format_string::NAMES);
        let all: Vec<(&str, ())> = all.map(|name| (*name, ())).collect();
        return named(kind, "extends", &all).map(|()| None);
    };
    let texts = file.pattern.clone().map(Texts::all).unwrap_or_default();
    let [text] = texts.as_slice() else {
        return Err(format!("`pattern` is missing: the format string of {kind}"));
    };
    let written = format_string::read(server, text)?;
    builder.json = written.is_json;
    builder.places.clone_from(&written.places);
    builder.regexes.clone_from(&written.regexes);
    builder.variables = Some(written.named());
    Ok(Some(written))
}

/// The fields that are stated, and those of a format string.
fn fields(
    file: &mut File,
    builder: &mut Builder,
    written: Option<&Written>,
) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    if file.extends == "w3c" && !file.field.contains_key("time") {
        builder.times = Times::new(vec![TimeForm::Rfc3339], Some(0));
        let source = Source {
            at: Texts::Several(vec!["date".to_owned(), "time".to_owned()]),
            join: Some(" ".to_owned()),
            ..Source::of(String::new())
        };
        fields.push(builder.field("time", Meaning::Time, Sources::Table(Box::new(source)))?);
    }
    for (key, sources) in std::mem::take(&mut file.field) {
        let known = MEANINGS.iter().find(|(name, _)| *name == key);
        let Some((_, meaning)) = known else { continue };
        let field = builder.field(&key, *meaning, sources);
        fields.push(field.map_err(|why| format!("`field.{key}`: {why}"))?);
    }
    if let Some(written) = written {
        let own = written.fields(&fields, None)?;
        if !fields.iter().any(|field| field.meaning == Meaning::Time) {
            builder.times = written.times();
        }
        fields.extend(own);
    }
    Ok(fields)
}

fn shape(
    file: &File,
    kind: &str,
    builder: &mut Builder,
    written: Option<Written>,
) -> Result<Shape, String> {
    let insensitive = match file.key_case.as_deref() {
        None | Some("sensitive") => false,
        Some("insensitive") => true,
        Some(other) => {
            let known = [("sensitive", ()), ("insensitive", ())];
            named(other, "key_case", &known)?;
            false
        }
    };
    if let Some(written) = written {
        return Ok(written.shape(&builder.places));
    }
    let separator = file
        .separator
        .unwrap_or(if kind == "tsv" { '\t' } else { ',' });
    let separator = u8::try_from(separator)
        .ok()
        .filter(|own| own.is_ascii() && !matches!(own, b'"' | b'\n' | b'\r'));
    let patterns = file.pattern.clone().map(Texts::all).unwrap_or_default();
    if kind != "regex" && !patterns.is_empty() {
        return Err(format!(
            "`pattern` is of `regex` and of format strings, not of `{kind}`"
        ));
    }
    Ok(match kind {
        "csv" | "tsv" => Shape::Rows {
            separator: separator.ok_or("`separator` is one ASCII character")?,
            columns: file.columns.clone(),
        },
        "w3c" => Shape::W3c,
        "logfmt" => Shape::Logfmt,
        "regex" => Shape::Regex(groups(&patterns, builder)?),
        _ => {
            let plan = plan(&builder.places);
            Shape::Json {
                plan: if insensitive { plan.any_case() } else { plan },
                repaired: false,
            }
        }
    })
}

/// The patterns of whole lines. Their places come last.
fn groups(patterns: &[String], builder: &mut Builder) -> Result<Vec<Pattern>, String> {
    if patterns.is_empty() {
        return Err("`pattern` is missing: a regular expression with a group for each place, `(?<name>...)`".to_owned());
    }
    let mut all = Vec::new();
    for text in patterns {
        let regex = regex(text).map_err(|why| format!("`pattern`: {why}"))?;
        let names: Vec<Option<&str>> = regex.capture_names().collect();
        let group = |place: &str| names.iter().position(|own| *own == Some(place));
        let places = builder.places.iter();
        let groups: Vec<Option<usize>> = places.map(|place| group(place)).collect();
        builder.regexes.push(regex.clone());
        all.push(Pattern { regex, groups });
    }
    let nowhere = |number: &usize| all.iter().all(|own| own.groups[*number].is_none());
    match (0..builder.places.len()).find(nowhere) {
        Some(number) => Err(format!(
            "`pattern` has no group `{}`",
            builder.places[number]
        )),
        None => Ok(all),
    }
}

/// Whether a record can be made of the fields.
fn complete(fields: &[Field]) -> Result<(), String> {
    let has = |meaning| {
        let mut own = fields.iter().filter(|field| field.meaning == meaning);
        own.any(|field| !field.places.is_empty())
    };
    if !has(Meaning::Time) {
        return Err("`field.time` is missing: every record needs it".to_owned());
    }
    if !has(Meaning::RequestLine) {
        if !has(Meaning::Method) {
            return Err("`field.method` is missing: every record needs it, or `request`, which is `GET /a HTTP/1.1`".to_owned());
        }
        if !has(Meaning::Target) && !has(Meaning::Path) {
            return Err("`field.target` is missing: every record needs it, or `request`, which is `GET /a HTTP/1.1`".to_owned());
        }
    }
    if !has(Meaning::Status) {
        return Err(
            "`field.status` is missing: without it a refused request would pass for use".to_owned(),
        );
    }
    Ok(())
}

/// No field shows what is a secret; a credential is hashed before it is kept.
fn redacted(file: &File, fields: &[Field], builder: &Builder) -> Result<(), String> {
    for field in fields
        .iter()
        .filter(|own| !matches!(own.meaning, Meaning::Credential | Meaning::KeyShown))
    {
        for place in &field.places {
            let name = builder.places.get(place.slot).map_or("", |own| &**own);
            let last = name.rsplit('/').next().unwrap_or(name);
            if file
                .redact
                .headers
                .iter()
                .any(|own| own.eq_ignore_ascii_case(last))
            {
                return Err(format!(
                    "`{name}` is named under `redact.headers`, and a field would show it"
                ));
            }
        }
    }
    for text in &file.redact.paths {
        regex(text).map_err(|why| format!("`redact.paths`: {why}"))?;
    }
    if file.redact.query.iter().any(String::is_empty) {
        return Err("`redact.query` names an empty parameter".to_owned());
    }
    Ok(())
}

fn conditions(
    builder: &mut Builder,
    rules: &[Rule],
    place: &str,
    fields: &[Field],
) -> Result<Vec<Condition>, String> {
    let one = |rule| condition(builder, rule, fields).map_err(|why| format!("`{place}`: {why}"));
    rules.iter().map(one).collect()
}

fn condition(builder: &mut Builder, rule: &Rule, fields: &[Field]) -> Result<Condition, String> {
    let listed = |texts: &Option<Texts>| -> Option<Vec<Box<[u8]>>> {
        let all = texts.clone()?.all();
        Some(
            all.into_iter()
                .map(|text| text.into_bytes().into())
                .collect(),
        )
    };
    let value = |value: &toml::Value| -> Box<[u8]> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text.into_bytes().into()
    };
    let field_of = |name: &str| -> Result<Field, String> {
        let meaning = named(name, "field", &MEANINGS)?;
        let own = fields.iter().find(|field| field.meaning == meaning);
        let mut own = own
            .cloned()
            .ok_or_else(|| format!("there is no `field.{name}`"))?;
        own.places
            .iter_mut()
            .for_each(|place| place.anything = true);
        Ok(own)
    };
    let field = match (&rule.at, &rule.field) {
        (Some(at), None) => {
            let mut place = builder.place(at)?;
            place.embedded = rule.json.as_deref().map(inner).transpose()?;
            place.anything = true;
            Field {
                meaning: Meaning::Own(5),
                places: vec![place],
            }
        }
        (None, Some(name)) => field_of(name)?,
        _ => return Err("a condition is of one place (`at`) or of one field (`field`)".to_owned()),
    };
    let mut tests = Vec::new();
    tests.extend(rule.eq.as_ref().map(|eq| Test::In(vec![value(eq)])));
    tests.extend(
        rule.one_of
            .as_ref()
            .map(|all| Test::In(all.iter().map(value).collect())),
    );
    tests.extend(listed(&rule.prefix).map(Test::Prefix));
    tests.extend(listed(&rule.contains).map(Test::Contains));
    if let Some(text) = &rule.regex {
        tests.push(Test::Regex(regex(text)?));
    }
    tests.extend(rule.present.map(Test::Present));
    if tests.is_empty() {
        return Err("a condition says what the value is: `eq`, `in`, `prefix`, `contains`, `regex` or `present`".to_owned());
    }
    let mut of = vec![(field, tests)];
    for (name, present) in [(&rule.and_present, true), (&rule.and_absent, false)] {
        if let Some(name) = name {
            of.push((field_of(name)?, vec![Test::Present(present)]));
        }
    }
    Ok(Condition { of, not: rule.not })
}
