//! Tyk's analytics as its pump writes them to CSV.
//!
//! Invariants:
//! * columns are found by name in the header, whatever their order; a row with another number
//!   of cells is malformed;
//! * the client is the OAuth client, else the alias of the key, else the key, which is a hash
//!   where the gateway hashes keys;
//! * the path is that of the caller, before any rewrite.
//!
//! Source: `analytics.AnalyticsRecord` and the pump `csv` of tyk-pump. The raw request and
//! response may hold line ends and are not looked at.

use std::sync::{Arc, LazyLock};

use super::declared::Meaning;
use super::json::parse_status;
use super::layer::quoted_rows::QuotedRows;
use super::table::{Columns, Row, cells_of, header};
use super::{
    AuthKind, LogFormat, RawRecord, RecordReader, SampleLine, Scratch, Skip, Token, clock,
};
use crate::input::Layer;

pub(super) struct Csv;

const API_KEY: Meaning = Meaning::Own(0);
const OAUTH_ID: Meaning = Meaning::Own(1);

const DECLARED: &[(Meaning, &[&str])] = &[
    (Meaning::Time, &["TimeStamp"]),
    (Meaning::Method, &["Method"]),
    (Meaning::Target, &["OriginalPath", "RawPath", "Path"]),
    (Meaning::Status, &["ResponseCode"]),
    (OAUTH_ID, &["OauthID"]),
    (API_KEY, &["APIKey"]),
    (Meaning::Client, &["OauthID", "Alias", "APIKey"]),
    (Meaning::ClientAlt, &["Alias", "APIKey"]),
    (Meaning::Host, &["Host"]),
    (Meaning::UserAgent, &["UserAgent"]),
    (Meaning::ClientIp, &["IPAddress"]),
];

/// Columns that no other table has together.
const TELLING: [&str; 5] = ["Method", "RawPath", "ResponseCode", "APIKey", "TimeStamp"];

static ROWS: LazyLock<Arc<QuotedRows>> = LazyLock::new(|| Arc::new(QuotedRows(b',')));

impl LogFormat for Csv {
    fn name(&self) -> &'static str {
        "tyk-csv"
    }

    fn title(&self) -> &'static str {
        "Tyk analytics as written by the pump `csv` (text with a header)"
    }

    fn identity_help(&self) -> &'static str {
        "Tyk writes the OAuth client, the alias and the key of authenticated requests. Without them the API is \
         keyless, or analytics are off for its keys: set `use_oauth2`, `use_jwt` with `jwt_client_base_field: azp`, or \
         `use_standard_auth` in the API definition, and give keys an alias"
    }

    /// Who refused is not in it.
    fn tells_who_refused(&self) -> bool {
        false
    }

    fn as_description(&self) -> Option<String> {
        Some(super::show::columns(
            self,
            "csv",
            DECLARED,
            "the client is the OAuth client, then the alias of the key, then the key",
        ))
    }

    fn recognises(&self, _: &SampleLine<'_>) -> u32 {
        0
    }

    fn has_header(&self, sample: &[u8]) -> bool {
        let names = header(sample, b',');
        let has = |name: &&str| {
            names
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name.as_bytes()))
        };
        TELLING.iter().all(has)
    }

    fn open(&self, sample: &[u8]) -> Arc<dyn RecordReader> {
        let names = header(sample, b',');
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        Arc::new(Reader(Columns::new(&names, DECLARED)))
    }
}

struct Reader(Columns);

impl RecordReader for Reader {
    fn framing(&self) -> Option<Arc<dyn Layer>> {
        Some(Arc::clone(&*ROWS) as Arc<dyn Layer>)
    }

    fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<RawRecord<'a>, Skip> {
        let Scratch {
            text, cells, clock, ..
        } = scratch;
        cells_of(line, b',', text, cells).ok_or(Skip::Malformed)?;
        if cells.len() != self.0.count {
            return Err(Skip::Malformed);
        }
        let (text, ends): (&'a [u8], &'a [usize]) = (text, cells);
        let row = Row {
            columns: &self.0,
            text,
            ends,
        };
        let time = row.text(Meaning::Time).ok_or(Skip::MissingField)?;
        let method = row.text(Meaning::Method).ok_or(Skip::MissingField)?;
        // The header again, as where files were joined.
        if time.eq_ignore_ascii_case(b"timestamp") && method.eq_ignore_ascii_case(b"method") {
            return Err(Skip::OtherRecord);
        }
        let time = clock
            .any(clock::without_zone_name(time))
            .ok_or(Skip::BadTime)?;
        let client = row.text(Meaning::Client);
        let key = row.text(API_KEY);
        let kind = match (row.text(OAUTH_ID), key) {
            (Some(_), _) => AuthKind::Token,
            (None, Some(_)) => AuthKind::ApiKey,
            (None, None) => AuthKind::Unknown,
        };
        Ok(RawRecord {
            time,
            method,
            target: row.text(Meaning::Target).ok_or(Skip::MissingField)?,
            client,
            client_alt: row
                .text(Meaning::ClientAlt)
                .filter(|alt| Some(*alt) != client),
            status: row.text(Meaning::Status).and_then(parse_status),
            host: row.text(Meaning::Host),
            credential: key,
            client_ip: row.text(Meaning::ClientIp),
            user_agent: row.text(Meaning::UserAgent),
            claims: Token {
                kind,
                ..Token::default()
            }
            .into(),
            ..RawRecord::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Method,Host,Path,RawPath,ContentLength,UserAgent,Day,Month,Year,Hour,ResponseCode,APIKey,TimeStamp,APIVersion,APIName,APIID,OrgID,OauthID,RequestTime,RawRequest,RawResponse,IPAddress,Tags,Alias,TrackPath,ExpireAt";

    fn row(key: &str, oauth: &str, alias: &str, raw: &str) -> String {
        format!(
            "GET,api.example.com,/orders/42,/v1/orders/42?x=1,0,okhttp/4,2,January,2026,12,200,{key},2026-01-02 12:00:00.117 +0000 UTC m=+0.123,Default,orders,a1,o1,{oauth},24,{raw},,198.51.100.23,,{alias},false,2027-01-01 00:00:00 +0000 UTC"
        )
    }

    fn read<T>(line: &str, check: impl Fn(Result<RawRecord<'_>, Skip>) -> T) -> T {
        let reader = Csv.open(HEADER.as_bytes());
        check(reader.parse(line.as_bytes(), &mut Scratch::default()))
    }

    #[test]
    fn a_row_gives_its_time_path_and_client_by_the_names_of_the_columns() {
        read(&row("9c0f", "erp-sync", "ERP", ""), |record| {
            let record = record.unwrap();
            assert_eq!(record.time, 1_767_355_200_117);
            assert_eq!(record.target, b"/v1/orders/42?x=1");
            assert_eq!(record.client, Some(&b"erp-sync"[..]));
            assert_eq!(record.client_alt, Some(&b"ERP"[..]));
            assert_eq!(
                (record.status, record.claims.token.kind),
                (Some(200), AuthKind::Token)
            );
        });
        read(&row("9c0f", "", "", ""), |record| {
            let record = record.unwrap();
            assert_eq!(
                (record.client, record.client_alt),
                (Some(&b"9c0f"[..]), None)
            );
            assert_eq!(record.claims.token.kind, AuthKind::ApiKey);
        });
        read(&row("", "", "", ""), |record| {
            assert_eq!(record.unwrap().client, None);
        });
    }

    #[test]
    fn cells_in_quotes_and_the_header_again_are_read_and_short_rows_are_not() {
        let raw = "\"GET / HTTP/1.1  Host: \"\"x\"\", y\"";
        read(&row("k", "", "", raw), |record| {
            assert_eq!(record.unwrap().client, Some(&b"k"[..]));
        });
        read(HEADER, |record| {
            assert_eq!(record.unwrap_err(), Skip::OtherRecord);
        });
        read("GET,api.example.com,/orders", |record| {
            assert_eq!(record.unwrap_err(), Skip::Malformed);
        });
        let late = row("k", "", "", "").replace("12:00:00.117", "later");
        read(&late, |record| {
            assert_eq!(record.unwrap_err(), Skip::BadTime);
        });
    }

    #[test]
    fn the_header_tells_the_format_and_another_table_has_none() {
        assert!(Csv.has_header(format!("\u{feff}{HEADER}\r\n").as_bytes()));
        assert!(!Csv.has_header(b"Method,Path,Status\nGET,/,200\n"));
        assert!(!Csv.has_header(b""));
    }
}
