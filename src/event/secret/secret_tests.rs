//! Client names and other strings that are secrets.

use super::*;

const JWT: &str =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJlcnAtc3luYyIsImF6cCI6ImVycCJ9.c2lnbmF0dXJl";

fn shown(name: &str) -> String {
    let shown = conceal(name.as_bytes(), &HashKey::default()).into_owned();
    String::from_utf8(shown).unwrap()
}

#[test]
fn tokens_keys_and_passwords_are_shown_as_the_hash_of_a_credential() {
    let all = [
        JWT.to_owned(),
        format!("Bearer {JWT}"),
        format!("bearer%20{JWT}"),
        "Bearer 2YotnFZFEjr1zCsicMWpAA".to_owned(),
        "Token 9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b".to_owned(),
        "Basic ZXJwLXN5bmM6UzNjcmV0IQ==".to_owned(),
        "ZXJwLXN5bmM6UzNjcmV0IQ==".to_owned(),
        "ZXJwOng".to_owned(),
        "Digest username=\"erp\", response=\"6629fae49393a053\"".to_owned(),
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102".to_owned(),
        "api_key=4f".to_owned(),
        "JSESSIONID=00q9Zk".to_owned(),
        "theme=dark; connect.sid=s3Ab".to_owned(),
        "X-Api-Key: hunter00q9Zk".to_owned(),
        "https%3A%2F%2Ferp%3AS3cret%40api.example".to_owned(),
        "https%253A%252F%252Fapi.example%252F%253Ftoken%253Dx".to_owned(),
        format!("Authorization: Bearer {JWT}"),
        "Authorization: Bearer 2YotnFZFEjr1".to_owned(),
        format!("azp={JWT}"),
        format!("client {JWT}"),
        format!("erp\t{JWT}"),
        "erp?x=1&api_key=4f".to_owned(),
        "https://erp:S3cret@api.example".to_owned(),
        "v4.local.PEFYdmFsdWVzPmZvb2Jhcg_x".to_owned(),
        "ory_at_kqqbXbWKn7VtxD1hIKDIoJZ8".to_owned(),
        "GOCSPX-abcdefghijklmnopqrst".to_owned(),
        "gloas-0123456789abcdef01".to_owned(),
        "xapp-1-A0123-456-abcdef".to_owned(),
        "rk_live_abcdefghijkl".to_owned(),
        "hvs.CAESIJ0123456789abcdef".to_owned(),
        "12345678:AAExampleExampleExampleExample01".to_owned(),
        ["ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"].concat(),
        ["xoxb", "-123456789012-abcdef"].concat(),
        ["sk", "_live_4eC39HqLyjWDarjtT1zdp7dc"].concat(),
    ];
    for secret in &all {
        let hash = shown(secret);
        assert!(is_concealed(&hash), "{secret}: {hash}");
        assert_eq!(shown(&hash), hash, "a hash is not a secret");
    }
}

#[test]
fn names_of_clients_stay_also_those_that_are_ids_of_keys() {
    for name in [
        "",
        "-",
        "erp-sync",
        "billing job 7",
        "Bearer of news",
        "Basic customer",
        "token service",
        "tokens",
        "team:erp",
        "sk_help",
        "basic-auth",
        "eyJohn",
        "app-0042",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "pk_live_TYooMQauvdEDq54NiTphI7jx",
        "3n4b5urk1ft4fl3mg5e62d9ado",
        "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
        "123-abc.apps.googleusercontent.com",
        "Iv1.8a61f9b3a7aba766",
        "spiffe://cluster.local/ns/shop/sa/cart",
        "arn:aws:iam::111122223333:user/erp",
        "CN=erp-sync,O=Example",
        "ada@example.com",
        "acct:ada@example.com",
        "https://api.example/clients/7",
        "risk-desk-development-team",
        "primary key rotation-service-x",
        "d41d8cd98f00b204e9800998ecf8427e",
        "storefront",
        "storefrontweb",
        "cred:00112233445566778899aabbccddeeff",
    ] {
        assert_eq!(shown(name), name);
    }
}

#[test]
fn one_token_is_one_name_and_two_tokens_are_two() {
    assert_eq!(shown(JWT), shown(&format!("  Bearer  {JWT}")));
    assert_ne!(shown(JWT), shown(&JWT.replace("c2ln", "c2lm")));
    assert_eq!(shown("Basic ZXJwOng="), shown("ZXJwOng="));
}

#[test]
fn a_secret_of_ones_own_hashes_otherwise() {
    let concealed = conceal(JWT.as_bytes(), &HashKey::of(b"house")).into_owned();
    assert_ne!(concealed, shown(JWT).into_bytes());
}

#[test]
fn a_secret_among_scopes_is_none_also_after_its_scheme() {
    let shown = |list: &str| -> Vec<String> {
        let all = scopes(list.split(' ').map(str::as_bytes));
        let text = |scope: Option<&[u8]>| {
            let scope = scope.map(|scope| String::from_utf8(scope.to_vec()).unwrap());
            scope.unwrap_or_else(|| "-".to_owned())
        };
        all.map(text).collect()
    };
    assert_eq!(
        shown("Bearer hunter00q9Zk a:read"),
        ["Bearer", "-", "a:read"]
    );
    assert_eq!(shown("basic ZXJwOng="), ["basic", "-"]);
    assert_eq!(
        shown("a:read token=x sk_live_4eC39HqLyjWDarjt"),
        ["a:read", "-", "-"]
    );
    for plain in [
        "openid basic profile",
        "bearer orders:read",
        "token introspect",
        "key keys.v2",
    ] {
        assert_eq!(shown(plain).join(" "), plain);
    }
}
