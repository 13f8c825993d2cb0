use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;

use super::tokens::MAX_SETS;
use super::*;
use crate::format::{self, Scratch};
use crate::model::Outcome;

/// One line of the native format.
#[derive(Clone, Debug)]
struct Line {
    client: u8,
    time: i64,
    credential: Option<u16>,
    network: u8,
    agent: u8,
    life: Option<u32>,
    refused: bool,
    scope: u16,
}

fn line() -> impl Strategy<Value = Line> {
    let ids = prop_oneof![3 => 0..3_u16, 1 => 0..60_u16];
    let who = (0..3_u8, prop::option::of(ids), 0..14_u8, 0..7_u8);
    (
        who,
        0..3 * 86_400_i64,
        prop::option::of(0..9_000_u32),
        any::<bool>(),
        0..400_u16,
    )
        .prop_map(
            |((client, credential, network, agent), time, life, refused, scope)| Line {
                client,
                time,
                credential,
                network,
                agent,
                life,
                refused,
                scope,
            },
        )
}

const AGENTS: [&str; 7] = ["curl", "okhttp", "axios", "java", "ruby", "perl", "guzzle"];

impl Line {
    fn text(&self) -> String {
        let time = 1_767_225_600 + self.time;
        let mut text = format!(
            r#"{{"time":{time},"client_id":"c{}","method":"GET","path":"/x","status":{},"ip":"10.0.{}.9","user_agent":"{}/1.0","scopes":"s{} base""#,
            self.client,
            if self.refused { 403 } else { 200 },
            self.network,
            AGENTS[usize::from(self.agent)],
            self.scope,
        );
        if let Some(credential) = self.credential {
            let _ = write!(text, r#","credential":"SECRET-{credential}""#);
        }
        if let Some(life) = self.life {
            let _ = write!(text, r#","iat":{time},"exp":{}"#, time + i64::from(life));
        }
        text.push('}');
        text
    }
}

fn feed(collector: &mut Collector, line: &Line) {
    let native = format::by_name("native").unwrap().open(b"");
    let text = line.text();
    let mut scratch = Scratch::asking(true);
    let raw = native.parse(text.as_bytes(), &mut scratch).unwrap();
    collector.add(
        &raw,
        request(
            u32::from(line.client) + 2,
            u32::from(line.network % 3),
            line.refused,
        ),
        &[],
    );
}

fn request(client: u32, route: u32, refused: bool) -> Request {
    let outcome = if refused {
        Outcome::DeniedGateway
    } else {
        Outcome::Used
    };
    Request {
        client,
        route,
        outcome,
    }
}

/// The lines dealt to workers.
fn table(lines: &[Line], workers: usize) -> CredentialTable {
    let mut collectors: Vec<Collector> = (0..workers)
        .map(|_| Collector::new(&HashKey::default()))
        .collect();
    for (index, line) in lines.iter().enumerate() {
        feed(&mut collectors[index % workers], line);
    }
    Collector::merge(collectors, |_, client| Some(format!("c{}", client - 2)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_workers_and_split_do_not_matter(
        lines in prop::collection::vec(line(), 1..250),
        workers in 1..5_usize,
        cut in 0..250_usize,
    ) {
        let whole = table(&lines, 1);
        let mut backward = lines.clone();
        backward.reverse();
        prop_assert_eq!(&table(&backward, workers), &whole);
        let (left, right) = lines.split_at(cut.min(lines.len()));
        let (left, right) = (table(left, 1), table(right, workers));
        prop_assert_eq!(&CredentialTable::sum([&left, &right]), &whole);
        prop_assert_eq!(&CredentialTable::sum([&right, &left]), &whole);
        let of_day = |day: Day| {
            let mut part = whole.clone();
            part.rows.retain(|row| row.day == day);
            part.issued.clear();
            part.carried.clear();
            part.lifetimes.clear();
            part
        };
        let days: BTreeSet<Day> = whole.rows.iter().map(|row| row.day).collect();
        let mut parts: Vec<CredentialTable> = days.into_iter().rev().map(of_day).collect();
        parts.push(CredentialTable { rows: Vec::new(), ..whole.clone() });
        prop_assert_eq!(&CredentialTable::join(parts), &whole);
    }

    #[test]
    fn every_request_is_in_exactly_one_row_and_the_kept_rows_are_whole(
        lines in prop::collection::vec(line(), 1..250),
    ) {
        let found = table(&lines, 2);
        let total: u64 = found.rows.iter().map(|row| row.facts.count).sum();
        prop_assert_eq!(total, lines.len() as u64);
        let carried: u64 = found.carried.iter().map(|carried| carried.count).sum();
        prop_assert_eq!(carried, lines.len() as u64);
        let lived: u64 = found.lifetimes.values().sum();
        prop_assert_eq!(lived, lines.iter().filter(|line| line.life.is_some()).count() as u64);
        let key = HashKey::default();
        for row in &found.rows {
            let Which::Named(hash) = row.credential else { continue };
            let of_row = lines.iter().filter(|line| {
                line.credential.is_some_and(|id| key.hash(format!("SECRET-{id}").as_bytes()) == hash)
                    && format!("c{}", line.client) == found.clients[row.client as usize]
                    && Day::of((1_767_225_600 + line.time) * 1_000) == row.day
                    && line.life.is_some() == (row.kind == AuthKind::Token)
            });
            let of_row: Vec<&Line> = of_row.collect();
            prop_assert_eq!(row.facts.count, of_row.len() as u64);
            prop_assert_eq!(row.facts.refused, of_row.iter().filter(|line| line.refused).count() as u64);
            let networks: BTreeSet<u8> = of_row.iter().map(|line| line.network).collect();
            prop_assert_eq!(row.facts.networks.more, networks.len() > MAX_NETWORKS);
            prop_assert_eq!(row.facts.networks.items.len(), networks.len().min(MAX_NETWORKS));
            let lives = of_row.iter().filter_map(|line| line.life);
            prop_assert_eq!(row.facts.lifetime, lives.clone().min().zip(lives.max()));
        }
    }

    #[test]
    fn a_client_and_day_hold_a_bounded_number_of_rows(
        lines in prop::collection::vec(line(), 1..400),
    ) {
        let mut rows: BTreeMap<(Day, u32), usize> = BTreeMap::new();
        let found = table(&lines, 1);
        for row in found.rows.iter().filter(|row| matches!(row.credential, Which::Named(_))) {
            *rows.entry((row.day, row.client)).or_default() += 1;
        }
        prop_assert!(rows.values().all(|count| *count <= MAX_CREDENTIALS));
        for client in 0..found.clients.len() {
            let scopes = found.issued.keys().filter(|(number, _)| *number as usize == client);
            prop_assert!(scopes.count() <= MAX_ISSUED);
        }
    }

    #[test]
    fn no_raw_id_is_in_the_table(lines in prop::collection::vec(line(), 1..50)) {
        let shown = format!("{:?}", table(&lines, 1));
        prop_assert!(!shown.contains("SECRET"), "{shown}");
        prop_assert!(!shown.contains(".9\""), "{shown}");
    }
}

fn read(format: &str, line: &str) -> (Option<i64>, Option<i64>, AuthKind, Option<Vec<u8>>) {
    let reader = format::by_name(format).unwrap().open(b"");
    let mut scratch = Scratch::asking(true);
    let raw = reader.parse(line.as_bytes(), &mut scratch).unwrap();
    let token = raw.claims.token;
    let id = token.credential.or(raw.credential).map(<[u8]>::to_vec);
    (token.issued, token.expires, token.kind, id)
}

#[test]
fn each_format_gives_lifetime_kind_and_id() {
    let life = (Some(1_767_351_600), Some(1_767_355_200));
    let aws = r#"{"requestId":"r","requestTimeEpoch":"1767355200117","httpMethod":"GET","resourcePath":"/orders","status":"200","clientId":"app","jti":"j1","iat":"1767351600","exp":"1767355200","apiKeyId":"-"}"#;
    let (issued, expires, kind, id) = read("aws-apigw", aws);
    assert_eq!(
        ((issued, expires), kind, id),
        (life, AuthKind::Token, Some(b"j1".to_vec()))
    );
    let cognito = aws
        .replace("1767351600", "Fri Jan 02 11:00:00 UTC 2026")
        .replace(
            "\"exp\":\"1767355200\"",
            "\"exp\":\"Fri Jan 02 12:00:00 UTC 2026\"",
        );
    let (issued, expires, ..) = read("aws-apigw", &cognito);
    assert_eq!((issued, expires), life);
    let key = aws.replace(
        r#""jti":"j1","iat":"1767351600","exp":"1767355200","apiKeyId":"-""#,
        r#""apiKeyId":"k9""#,
    );
    assert_eq!(
        read("aws-apigw", &key),
        (None, None, AuthKind::ApiKey, Some(b"k9".to_vec()))
    );

    let kong = r#"{"request":{"uri":"\/x","method":"GET","headers":{}},"response":{"status":200},"latencies":{"proxy":1},"started_at":1767355200117,"authenticated_entity":{"id":"8d"},"oauth":{"iat":1767351600,"exp":1767355200,"jti":"j2"}}"#;
    let (issued, expires, kind, id) = read("kong", kong);
    assert_eq!(
        ((issued, expires), kind, id),
        (life, AuthKind::Token, Some(b"j2".to_vec()))
    );
    let header = kong
        .replace(r#""headers":{}"#, r#""headers":{"apikey":"x"}"#)
        .replace(
            r#","oauth":{"iat":1767351600,"exp":1767355200,"jti":"j2"}"#,
            "",
        );
    assert_eq!(
        read("kong", &header),
        (None, None, AuthKind::ApiKey, Some(b"8d".to_vec()))
    );

    let envoy = r#"{"start_time":"2026-01-02T12:00:00Z","method":"GET","path":"/x","response_code":200,"response_flags":"-","azp":"app","jti":"j3","iat":1767351600,"exp":"1767355200"}"#;
    let (issued, expires, kind, id) = read("envoy", envoy);
    assert_eq!(
        ((issued, expires), kind, id),
        (life, AuthKind::Token, Some(b"j3".to_vec()))
    );
    let whole = envoy.replace(
        r#""azp":"app","jti":"j3","iat":1767351600,"exp":"1767355200""#,
        r#""jwt":{"azp":"app","jti":"j3","iat":1767351600,"exp":1767355200}"#,
    );
    let (issued, expires, kind, id) = read("envoy", &whole);
    assert_eq!(
        ((issued, expires), kind, id),
        (life, AuthKind::Token, Some(b"j3".to_vec()))
    );
    let mutual = r#"{"start_time":"2026-01-02T12:00:00Z","method":"GET","path":"/x","response_code":200,"response_flags":"-","downstream_peer_subject":"CN=app","downstream_peer_serial":"77"}"#;
    assert_eq!(
        read("envoy", mutual),
        (None, None, AuthKind::Certificate, Some(b"77".to_vec()))
    );

    let native = r#"{"time":1767355200,"client_id":"a","method":"GET","path":"/x","status":200,"credential":"k","auth":"basic"}"#;
    assert_eq!(
        read("native", native),
        (None, None, AuthKind::Basic, Some(b"k".to_vec()))
    );
    let combined =
        r#"198.51.100.23 - erp [02/Jan/2026:12:00:00 +0000] "GET /x HTTP/1.1" 200 1 "-" "curl/8""#;
    assert_eq!(
        read("combined", combined),
        (None, None, AuthKind::Unknown, None)
    );
}

#[test]
fn networks_are_cut_and_read_back() {
    let of = |text: &str| Network::of(text.as_bytes()).map(|network| network.to_string());
    assert_eq!(of("198.51.100.23").as_deref(), Some("198.51.100.0/24"));
    assert_eq!(of("2001:db8:1:2::7").as_deref(), Some("2001:db8:1::/48"));
    assert_eq!(
        of("::ffff:198.51.100.7").as_deref(),
        Some("198.51.100.0/24")
    );
    assert_eq!(of("unix:"), None);
}

#[test]
fn a_request_is_counted_under_the_scopes_of_its_own_token() {
    let line = |network: u8, scope: u16, refused: bool| Line {
        client: 0,
        time: 0,
        credential: None,
        network,
        agent: 0,
        life: Some(3_599),
        refused,
        scope,
    };
    let found = table(&[line(0, 7, false), line(0, 7, true), line(1, 8, false)], 2);
    assert_eq!(found.sets, ["base s7", "base s8"]);
    let rows: Vec<_> = found
        .carried
        .iter()
        .map(|carried| (carried.route, carried.refused, carried.set, carried.count))
        .collect();
    assert_eq!(
        rows,
        [
            (0, false, Some(0), 1),
            (0, true, Some(0), 1),
            (1, false, Some(1), 1)
        ]
    );
    assert_eq!(
        found
            .lifetimes
            .into_iter()
            .map(|(key, n)| (key.2, n))
            .collect::<Vec<_>>(),
        [(3_600, 3)]
    );
}

#[test]
fn of_too_many_sets_the_rest_is_counted_without_its_scopes() {
    let mut collector = Collector::new(&HashKey::default());
    for scope in 0..100 {
        feed(
            &mut collector,
            &Line {
                client: 0,
                time: 0,
                credential: None,
                network: 0,
                agent: 0,
                life: None,
                refused: false,
                scope,
            },
        );
    }
    let found = Collector::merge(vec![collector], |_, _| Some("c".to_owned()));
    let apart = found
        .carried
        .iter()
        .filter(|carried| carried.set.is_some())
        .count();
    assert_eq!((apart, found.sets.len()), (MAX_SETS, MAX_SETS));
    let others = found
        .carried
        .iter()
        .find(|carried| carried.set.is_none())
        .unwrap();
    assert_eq!(others.count, 100 - MAX_SETS as u64);
}

#[test]
fn another_key_gives_other_hashes_and_the_same_key_the_same() {
    let hash = |secret: &[u8]| HashKey::of(secret).hash(b"id").to_string();
    assert_eq!(hash(b"s"), hash(b"s"));
    assert_ne!(hash(b"s"), hash(b""));
    assert_eq!(format!("{:?}", HashKey::of(b"s")), "HashKey(..)");
    assert_eq!(format!("{:#}", HashKey::default().hash(b"id")).len(), 17);
}
