//! What `iat` and `exp` of a token say.

use super::*;
use crate::format::{self, Scratch};
use crate::model::Outcome;

const USED: Request = Request {
    client: 2,
    route: 0,
    outcome: Outcome::Used,
};

#[test]
fn a_token_used_long_after_its_end_is_counted_only_when_it_passed() {
    let of = |late: i64, outcome: Outcome| {
        let native = format::by_name("native").unwrap().open(b"");
        let text = format!(
            r#"{{"time":{},"client_id":"c","method":"GET","path":"/x","status":200,"iat":1767351600,"exp":1767355200}}"#,
            1_767_355_200 + late
        );
        let mut scratch = Scratch::asking(true);
        let raw = native.parse(text.as_bytes(), &mut scratch).unwrap();
        let mut collector = Collector::new(&HashKey::default());
        let what = Request { outcome, ..USED };
        collector.add(&raw, what, &[]);
        Collector::merge(vec![collector], |_, _| Some("c".to_owned())).rows[0]
            .facts
            .expired
    };
    assert_eq!((of(200, Outcome::Used), of(301, Outcome::Used)), (0, 1));
    for outcome in Outcome::ALL
        .into_iter()
        .filter(|outcome| *outcome != Outcome::Used)
    {
        assert_eq!(of(301, outcome), 0, "{outcome:?}");
    }
}

#[test]
fn an_end_without_a_start_tells_how_long_a_token_lives_at_least() {
    let of = |ends: &[i64]| {
        let native = format::by_name("native").unwrap().open(b"");
        let mut collector = Collector::new(&HashKey::default());
        for end in ends {
            let text = format!(
                r#"{{"time":1767355200,"client_id":"c","method":"GET","path":"/x","status":200,"exp":{}}}"#,
                1_767_355_200 + end
            );
            let mut scratch = Scratch::asking(true);
            let raw = native.parse(text.as_bytes(), &mut scratch).unwrap();
            collector.add(&raw, USED, &[]);
        }
        let facts = Collector::merge(vec![collector], |_, _| Some("c".to_owned()));
        (facts.rows[0].facts.left, facts.rows[0].facts.lifetime)
    };
    assert_eq!(of(&[300, 7_200, 20]), (Some(7_200), None));
    assert_eq!(of(&[-300]), (Some(0), None));
}
