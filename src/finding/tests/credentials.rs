//! The rules about credentials: F3 to F7, F16, F22, F23, F26, F27.

use super::*;
use crate::format::AuthKind;

fn two() -> Case {
    case(&ROUTES, r#"{"a":["orders:read"],"b":["orders:read"]}"#)
}

#[test]
fn f3_a_second_over_is_rounding_and_an_exact_sentence_never_contradicts_itself() {
    let of = |seconds: u32| {
        plain()
            .showed("app", ("", AuthKind::Token), [5], move |facts| {
                facts.lifetime = Some((60, seconds));
            })
            .says("F3")
    };
    assert_eq!((of(3_601), of(3_605)), (vec![], vec![]));
    assert_eq!(
        of(3_606),
        ["medium app: tokens live up to 1 h 0 min 6 s, limit 1 hour (10 requests)"]
    );
    assert!(of(30 * 86_400 + 60)[0].contains("up to 30 d 0 h 1 min, limit 1 hour"));
}

#[test]
fn f3_an_end_without_a_start_is_a_lower_bound() {
    let of = |left: u32| {
        plain().showed("app", ("", AuthKind::Token), [5], move |facts| {
            facts.left = Some(left);
        })
    };
    assert_eq!(
        of(28_800).says("F3"),
        [
            "medium app: tokens live at least 8 hours (their start is not logged), limit 1 hour (10 requests)"
        ]
    );
    assert_eq!(of(28_800).unjudged("F3"), [""; 0]);
    assert_eq!(of(3_600).says("F3"), [""; 0]);
    assert_eq!(
        of(3_600).unjudged("F3"),
        ["iat and exp of the token for 1 of 1 client: app"],
        "a token may live longer than what is left of it"
    );
}

#[test]
fn f3_clients_with_opaque_tokens_are_named_and_those_with_keys_are_not() {
    let told = two().showed("a", ("", AuthKind::Token), [5], |facts| {
        facts.lifetime = Some((60, 60));
    });
    assert_eq!(told.unjudged("F3"), [""; 0]);
    let opaque = told.showed("b", ("", AuthKind::Unknown), [5], nothing);
    assert_eq!(
        opaque.unjudged("F3"),
        ["iat and exp of the token for 1 of 2 clients: b"]
    );
    let key = two()
        .showed("a", ("", AuthKind::Token), [5], |facts| facts.endless = 1)
        .showed("b", ("k", AuthKind::ApiKey), [5], nothing);
    assert_eq!(key.unjudged("F3"), [""; 0]);
}
