//! The operations that a gateway's own template covers.

use super::path::Token;
use super::{Candidates, Near, Nearness, is, lower, may};
use crate::catalog::matcher::template::{Segment, Template, fits, may_share};
use crate::model::Method;

impl Nearness {
    /// The operations that a request may have been which the gateway counted under `template`:
    /// `/pets/{proxy+}`, `/v1/*`, `ANY /x/{id}`. Names of parameters play no part. `$default`
    /// is all.
    ///
    /// Where no operation shares a path with the template, the ones near it are the answer.
    pub fn covered(&self, method: Option<Method>, template: &str) -> Near {
        let (method, template) = key(method, template.trim());
        if matches!(template, "" | "$default" | "*") || template.starts_with(['~', '^']) {
            // A regular expression of a gateway is not read, so it may be anything.
            return Near::All;
        }
        if let Some(start) = template.strip_suffix('*')
            && !start.ends_with(['/', '*'])
        {
            return self.of(method, &parameters_hidden(start), true);
        }
        let rest = template
            .strip_suffix("/*")
            .map(|front| format!("{front}/**"));
        let templates: Vec<Vec<Segment>> = Template::all(rest.as_deref().unwrap_or(template))
            .into_iter()
            .map(|template| lower(template.segments))
            .collect();
        let shares = |whole: &[Segment]| templates.iter().any(|template| share(template, whole));
        // The gateway knew the method: an override counts only where no operation has it.
        let (mut exact, mut overridden) = (Candidates::default(), Candidates::default());
        for entry in self.entries.iter().filter(|entry| shares(&entry.whole)) {
            if method.is_some_and(|method| is(entry.method, method)) {
                exact.add(entry);
            }
            if may(entry.method, method) {
                overridden.add(entry);
            }
        }
        for found in [exact, overridden] {
            let near = found.near();
            if near != Near::None {
                return near;
            }
        }
        let mut found = Candidates::default();
        for template in &templates {
            if self.gather(method, &tokens(template), &mut found) {
                return Near::All;
            }
        }
        found.near()
    }
}

/// The method in front of a route key, `GET /x`, where there is one; `ANY` leaves the request's.
fn key(method: Option<Method>, template: &str) -> (Option<Method>, &str) {
    match template.split_once(' ') {
        Some((word, path)) if word.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let stated = Method::parse(word.as_bytes());
            let known = method.filter(|method| !matches!(method, Method::Any | Method::Other));
            (known.or(Some(stated)), path.trim_start())
        }
        _ => (method, template),
    }
}

fn parameters_hidden(template: &str) -> String {
    let whole = Template::parse(template);
    let texts = whole.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => String::from_utf8_lossy(text).into_owned(),
        _ => crate::event::mask::MASK.to_owned(),
    });
    format!("/{}", texts.collect::<Vec<_>>().join("/"))
}

fn tokens(template: &[Segment]) -> Vec<Token> {
    let token = |segment: &Segment| match segment {
        Segment::Literal(text) => Token::Word(text.clone()),
        Segment::Tail(_) => Token::Rest,
        _ => Token::Any,
    };
    let mut tokens: Vec<Token> = template.iter().take(62).map(token).collect();
    if template.len() > 62 {
        tokens.push(Token::Rest);
    }
    tokens
}

/// Whether some path fits both templates.
fn share(a: &[Segment], b: &[Segment]) -> bool {
    // Which pairs of positions one path may reach, row by row.
    let mut row = vec![false; b.len() + 1];
    row[0] = true;
    for at in 0..=a.len() {
        let mut next = vec![false; b.len() + 1];
        for other in 0..=b.len() {
            if !row[other] {
                continue;
            }
            let (segment, text) = (a.get(at), b.get(other));
            let empty =
                |segment: Option<&Segment>| matches!(segment, None | Some(Segment::Tail(true)));
            if empty(segment) && empty(text) {
                return true;
            }
            let (Some(segment), Some(text)) = (segment, text) else {
                continue;
            };
            if !both(segment, text) {
                continue;
            }
            let (stays, text_stays) = (repeats(segment), repeats(text));
            if stays {
                row[other + 1] = true;
            }
            next[other + 1] = true;
            if text_stays {
                next[other] = true;
            }
        }
        if at == a.len() {
            return false;
        }
        row = next;
    }
    false
}

fn repeats(segment: &Segment) -> bool {
    matches!(segment, Segment::Many | Segment::Tail(_))
}

/// Whether some text fits both.
fn both(a: &Segment, b: &Segment) -> bool {
    match (a, b) {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        (Segment::Literal(text), Segment::Mixed(parts))
        | (Segment::Mixed(parts), Segment::Literal(text)) => fits(parts, text),
        (Segment::Mixed(a), Segment::Mixed(b)) => may_share(a, b),
        _ => true,
    }
}
