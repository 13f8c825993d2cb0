//! What is a secret and what is none, wherever it is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::event::mask::Mask;
use crate::event::secret::is_secret;

/// Words as they are in titles and in names of files.
const WORDS: [&str; 30] = [
    "guide",
    "to",
    "the",
    "FreeBSD",
    "wireless",
    "card",
    "Kyocera",
    "EVDO",
    "in",
    "Linux",
    "on",
    "Dell",
    "with",
    "KDE",
    "iPhone",
    "review",
    "task",
    "risk",
    "management",
    "GraphQL",
    "YouTube",
    "basic",
    "auth",
    "key",
    "token",
    "session",
    "sk",
    "npm",
    "authentication",
    "x",
];

fn masked(path: &str) -> String {
    Mask::default().path(path).into_owned()
}

/// The number of a model, a version, a year, a size.
fn model() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z]{1,5}[0-9]{1,4}",
        "[A-Z]{2,4}[0-9]{1,3}[A-Z]{1,2}",
        "[0-9]{1,4}[A-Za-z]{1,3}",
        "[a-z]{1,4}[0-9]{1,4}",
        "(19|20)[0-9]{2}",
        "v[0-9]{1,2}",
    ]
}

fn title() -> impl Strategy<Value = String> {
    let word = prop_oneof![3 => select(&WORDS[..]).prop_map(str::to_owned), 1 => model()];
    let words = proptest::collection::vec(word, 2..9);
    let ending = select(&["", ".html", ".pdf", ".tar.gz", ".mp4"][..]);
    (words, select(&["-", "_", ".", "%20"][..]), ending)
        .prop_map(|(words, between, ending)| words.join(between) + ending)
}

/// A key of each known form.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "eyJ[0-9A-Za-z_-]{20,40}\\.eyJ[0-9A-Za-z_-]{20,60}\\.[0-9A-Za-z_-]{20,43}",
        "gh[pousr]_[0-9A-Za-z]{36}",
        "github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}",
        "glpat-[0-9A-Za-z_-]{20}",
        "xoxb-[0-9]{12}-[0-9]{12}-[0-9A-Za-z]{24}",
        "[sr]k_(live|test)_[0-9A-Za-z]{24}",
        "sk-[0-9A-Za-z]{48}",
        "sk-proj-[0-9A-Za-z]{64}",
        "AIza[0-9A-Za-z_-]{35}",
        "SG\\.[0-9A-Za-z]{22}\\.[0-9A-Za-z]{43}",
        "hf_[A-Za-z]{34}",
        "npm_[0-9A-Za-z]{36}",
        "dop_v1_[0-9a-f]{64}",
        "hvs\\.[0-9A-Za-z]{24}",
        "v4\\.local\\.[0-9A-Za-z_-]{40}",
    ]
}

/// Names that say that a secret follows.
const NAMES: [&str; 14] = [
    "access_token",
    "token",
    "api-keys",
    "apiKey",
    "key",
    "secrets",
    "client_secret",
    "password",
    "session",
    "JSESSIONID",
    "connect.sid",
    "X-Amz-Signature",
    "otp",
    "auth",
];

/// Not of a known form: only the name before it says what it is.
const VALUE: &str = "[a-z]{2,8}[0-9]{2}[a-z][0-9A-Z]{1,4}";

proptest! {
    #[test]
    fn words_with_numbers_of_models_are_never_masked(title in title()) {
        let path = format!("/blog/{title}");
        prop_assert_eq!(masked(&path), path);
        prop_assert!(!holds_secret(title.as_bytes()), "as a name");
    }

    #[test]
    fn ids_and_digests_are_not_secrets_where_nothing_announces_them(
        id in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9A-F]{64}|[0-9]{1,20}",
    ) {
        let path = format!("/orders/{id}/lines");
        prop_assert_eq!(masked(&path), path);
    }

    #[test]
    fn a_key_of_a_known_form_is_masked_wherever_it_is(key in key()) {
        for path in [
            format!("/x/{key}"),
            format!("/x/{key}/y"),
            format!("/x/{key}.json"),
            format!("/x/copy-of-{key}"),
            format!("/x/a%20{key}"),
            format!("/a%2F{key}%2Fb"),
            format!("/cb%3Fx%3D{key}"),
            format!("/cb%253Fx%253D{key}%2526y%253D1"),
            format!("/x;v={key}"),
            key.clone(),
        ] {
            let shown = masked(&path);
            prop_assert!(!shown.contains(&key) && shown.contains("{secret}"), "{shown}");
        }
        for name in [
            key.clone(),
            format!("client {key}"),
            format!("x={key}"),
            format!("Bearer {key}"),
            format!("https%3A%2F%2Fh%2F%3Fx%3D{key}"),
        ] {
            prop_assert!(is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_a_name_announces_is_masked_wherever_it_is(name in select(&NAMES[..]), value in VALUE) {
        for path in [
            format!("/{name}/{value}"),
            format!("/u/{name}/{value}/x"),
            format!("/a%2F{name}%2F{value}"),
            format!("/a%2F{name}/{value}"),
            format!("/cb%3F{name}%3D{value}"),
            format!("/cb%3Ba%3D1%3B{name}%3D{value}"),
            format!("/cb%253Fa%253D1%2526{name}%253D{value}"),
            format!("/cb%25253F{name}%25253D{value}"),
            format!("/x;{name}={value}"),
            format!("/%7B%22{name}%22%3A%20%22{value}%22%7D"),
        ] {
            let shown = masked(&path);
            prop_assert!(!shown.contains(&value), "{shown}");
        }
        for text in [
            format!("{name}={value}"),
            format!("{name}: {value}"),
            format!("erp;{name}={value}"),
            format!("x%3F{name}%3D{value}"),
        ] {
            prop_assert!(is_secret(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_long_key_without_a_form_is_masked(bytes in proptest::array::uniform32(any::<u8>()), more in proptest::array::uniform32(any::<u8>())) {
        let text = URL_SAFE_NO_PAD.encode([bytes, more].concat());
        prop_assert_eq!(masked(&format!("/x/{text}")), "/x/{secret}");
    }

    #[test]
    fn any_bytes_are_looked_at_without_a_panic(text in proptest::collection::vec(any::<u8>(), 0..60), path in "[a-z%=:/0-9\u{e9} ]{0,60}") {
        is_secret(&text);
        masked(&path);
    }
}

#[test]
fn a_digest_that_holds_the_beginning_of_a_key_id_is_none() {
    let path = "/orders/AA0A0AAAAACCAA0A0A00AAAAAA0A000AAAA0AAA0A000AA00000A00A0000AAA0A/lines";
    assert_eq!(masked(path), path);
    for key in [
        "ACCAIOSFODNN7EXAMPLE",
        "key=ACCAIOSFODNN7EXAMPLE",
        "xACCAIOSFODNN7EXAMPLE",
    ] {
        assert_eq!(masked(&format!("/x/{key}/y")), "/x/{secret}/y");
    }
}

#[test]
fn user_and_password_of_an_address_are_masked_also_when_it_is_encoded() {
    for path in [
        "/p/https%3A%2F%2Fu%3AV%40h",
        "/p/https%253A%252F%252Fu%253AV%2540h",
        "/p/https:/u:V@h/x",
        "/p/https%3A%2F%2FV%40h",
    ] {
        assert!(masked(path).contains("{secret}"), "{path}");
    }
    assert!(is_secret(b"https%3A%2F%2Fu%3AV%40h"));
    assert!(!is_secret(b"https%3A%2F%2Fapi.example%2Fclients%2F7"));
}

#[test]
fn what_is_encoded_again_and_again_counts_as_a_secret() {
    let often = |times: usize| format!("/x/%{}20y", "25".repeat(times));
    assert_eq!(masked(&often(6)), often(6));
    assert_eq!(masked(&often(9)), "/x/{secret}");
    assert_eq!(masked("/100%/5%zz"), "/100%/5%zz");
}

#[test]
fn words_after_a_name_that_announces_a_secret_stay() {
    for path in [
        "/password/change",
        "/session/day1-keynote",
        "/sessions/2024-q3-review",
        "/auth/oauth2/callback",
        "/auth/v2beta1",
        "/code/python3",
        "/token/v2beta1",
        "/tokens/42",
        "/secrets/chapter-2-notes",
        "/docs/basic-authentication-2024-guide",
        "/docs/bearer-authentication",
        "/orders/order(sort_key=name)",
        "/zipcode=10115",
        "/users/password:reset",
    ] {
        assert_eq!(masked(path), path);
    }
    assert_eq!(masked("/password/hunter2"), "/password/{secret}");
    assert_eq!(masked("/session/AbCdEfgHiJkLm"), "/session/{secret}");
}
