//! Keys in the query string, under the names that the operation declares.

use super::*;
use crate::format::{self, Scratch};
use crate::model::Outcome;

/// Kind of the row, and whether it has the id.
fn row(more: &str, query_keys: &[Box<str>]) -> (AuthKind, bool) {
    let native = format::by_name("native").unwrap().open(b"");
    let text = format!(
        r#"{{"time":1767355200,"client_id":"c","method":"GET","path":"/feed?key=abc","status":200,"credential":"id"{more}}}"#
    );
    let mut scratch = Scratch::asking(true);
    let raw = native.parse(text.as_bytes(), &mut scratch).unwrap();
    let mut collector = Collector::new(&HashKey::default());
    let request = Request {
        client: 2,
        route: 0,
        outcome: Outcome::Used,
    };
    collector.add(&raw, request, query_keys);
    let table = Collector::merge(vec![collector], |_, _| Some("c".to_owned()));
    let row = &table.rows[0];
    (row.kind, matches!(row.credential, Which::Named(_)))
}

#[test]
fn a_key_counts_under_its_declared_name_and_the_id_of_a_token_is_not_its_own() {
    let declared: [Box<str>; 1] = ["key".into()];
    let token = r#","iat":1767351600,"exp":1767355200"#;
    assert_eq!(row("", &declared), (AuthKind::QueryKey, true));
    assert_eq!(row("", &[]), (AuthKind::Unknown, true));
    assert_eq!(row(token, &declared), (AuthKind::QueryKey, false));
    assert_eq!(row(token, &[]), (AuthKind::Token, true));
}
