//! Whether a request may have been counted under one route when the catalogue did
//! not have another one yet.

use super::Route;
use super::template::{Segment, Template};
use crate::model::Method;

/// Whether requests of `special` would be on `general` in a catalogue without
/// `special`: both fit some path, and `special` says more about it. When in doubt, yes.
pub(crate) fn may_have_taken(general: &Route, special: &Route) -> bool {
    let same = general.method == special.method
        || general.method == Method::Any
        || special.method == Method::Any
        || (general.method == Method::Get && special.method == Method::Head);
    if !same {
        return false;
    }
    let (one, other) = (
        Template::parse(&general.template),
        Template::parse(&special.template),
    );
    if one.key(true) == other.key(true) {
        return general.method != special.method;
    }
    let (mut one, mut other) = (one.segments.iter(), other.segments.iter());
    let mut narrower = false;
    loop {
        match (one.next(), other.next()) {
            // How many segments these take, no comparison from the left can say.
            (Some(Segment::Many), _)
            | (_, Some(Segment::Many))
            | (Some(Segment::Tail(_)), Some(_)) => return true,
            (Some(Segment::Tail(empty)), None) => return *empty,
            (_, Some(Segment::Tail(_))) | (None, None) => return narrower,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(Segment::Literal(word)), Some(Segment::Literal(text))) => {
                if !word.eq_ignore_ascii_case(text) {
                    return false;
                }
            }
            (Some(Segment::Literal(_)), Some(_)) => {}
            (Some(word), Some(text)) => narrower |= word != text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(general: (Method, &str), special: (Method, &str)) -> bool {
        let route = |(method, template): (Method, &str)| Route {
            method,
            template: template.to_owned(),
            operations: vec![0],
        };
        may_have_taken(&route(general), &route(special))
    }

    #[test]
    fn a_word_in_place_of_a_parameter_was_counted_under_the_parameter() {
        let get = |path| (Method::Get, path);
        assert!(taken(get("/orders/{id}"), get("/orders/export")));
        assert!(taken(get("/orders/{id}"), get("/orders/{id}:close")));
        assert!(taken(get("/{area}/{id}"), get("/orders/{id}")));
        assert!(taken(get("/files/{path+}"), get("/files/a/b")));
        assert!(taken((Method::Any, "/orders/{id}"), get("/orders/{order}")));
        assert!(taken(get("/orders/{id}"), (Method::Head, "/orders/{id}")));
        assert!(taken(get("/a/{path+}/end"), get("/a/b/c/end")));
        assert!(!taken(get("/orders/export"), get("/orders/{id}")));
        assert!(!taken(get("/orders/{id}"), get("/orders/{order}")));
        assert!(!taken(get("/orders/{id}"), get("/invoices/export")));
        assert!(!taken(get("/orders/{id}"), get("/orders/export/all")));
        assert!(!taken(
            get("/orders/{id}"),
            (Method::Post, "/orders/export")
        ));
    }
}
