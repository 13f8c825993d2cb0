use super::super::detect::detect;
use super::*;

const HEADER: &str = "#Software: IIS\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus\n";

type Read = (String, Option<String>, Option<u16>, Millis);

/// What a log gives line by line, read as one block.
fn read(log: &str) -> Vec<Result<Read, Skip>> {
    let reader = W3c.open(log.as_bytes());
    let mut scratch = Scratch::default();
    reader.begin(0, &mut scratch);
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let lines = log.lines().map(|line| {
        let record = reader.parse(line.as_bytes(), &mut scratch)?;
        Ok((
            format!("{} {}", text(record.method), text(record.target)),
            record.client.map(text),
            record.status,
            record.time,
        ))
    });
    lines
        .filter(|read| *read != Err(Skip::OtherRecord))
        .collect()
}

fn row(rest: &str) -> String {
    format!("{HEADER}2026-01-02 12:00:00 10.0.0.1 {rest}\n")
}

#[test]
fn columns_are_found_by_the_names_of_the_header() {
    let all = read(&row(
        "GET /v1/orders expand=items 443 SHOP\\erp 198.51.100.23 okhttp/4+x 200 0",
    ));
    let client = Some("SHOP\\erp".to_owned());
    let target = "GET /v1/orders?expand=items".to_owned();
    assert_eq!(all, [Ok((target, client, Some(200), 1_767_355_200_000))]);
    let nobody = read(&row("GET /v1/orders - 443 - 198.51.100.23 - 401 2"));
    assert_eq!(nobody[0].as_ref().unwrap().1, None);
}

#[test]
fn a_header_in_the_middle_counts_from_there_on() {
    let log = format!(
        "{}#Date: x\n#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:01 PUT /b 204\n",
        row("GET /a - 443 erp 198.51.100.23 - 200 0")
    );
    let paths: Vec<String> = read(&log).into_iter().map(|read| read.unwrap().0).collect();
    assert_eq!(paths, ["GET /a", "PUT /b"]);
    // A block that begins after it.
    let reader = W3c.open(log.as_bytes());
    let mut scratch = Scratch::default();
    reader.begin(log.len() as u64 - 10, &mut scratch);
    let line = b"2026-01-02 12:00:01 PUT /b 204";
    assert_eq!(reader.parse(line, &mut scratch).unwrap().target, b"/b");
}

#[test]
fn cells_in_quotes_may_hold_blanks_and_quotes() {
    let log = "#Fields:   date-local time-local  cs-method cs-uri-stem cs(User-Agent) cs(Host) sc-status x\n\
        2026-01-02 12:00:00.363 GET /a \"Mozilla/5.0 (X; Y)\" \"shop.example\" 404 \" \"\"garbage\"\" w/ spaces \"\n";
    assert_eq!(
        read(log),
        [Ok((
            "GET /a".to_owned(),
            None,
            Some(404),
            1_767_355_200_363
        ))]
    );
}

#[test]
fn rows_that_do_not_fit_their_header_are_malformed_and_those_without_a_day_have_no_time() {
    let short = "#Fields: date time cs-method cs-uri-stem\n2026-01-02 12:00:00 GET / - 80 - 200\n";
    assert_eq!(read(short), [Err(Skip::Malformed)]);
    let no_status = "#Fields: date time cs-method cs-uri-stem\n2026-01-02 12:00:00 GET /\n";
    assert_eq!(read(no_status), [Err(Skip::MissingField)]);
    let no_day = "#Fields: time cs-method cs-uri-stem sc-status\n12:00:00 GET / 200\n";
    assert_eq!(read(no_day), [Err(Skip::BadTime)]);
    let open =
        "#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:00 GET \"/a 200\n";
    assert_eq!(read(open), [Err(Skip::Malformed)]);
    let ftp = "#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:00 [2]USER anonymous 331\n";
    assert_eq!(read(ftp), []);
}

#[test]
fn tabs_separate_where_there_are_any() {
    let log = "#Version: 1.0\n#Fields: date time x-edge-location c-ip cs-method cs(Host) cs-uri-stem sc-status cs(User-Agent)\n\
        2026-01-02\t12:00:00\tFRA2\t198.51.100.23\tGET\td1.cloudfront.net\t/a\t200\tMozilla 5.0\n";
    assert_eq!(read(log)[0].as_ref().unwrap().0, "GET /a");
}

#[test]
fn the_header_tells_the_format() {
    let log = row("GET /a - 443 erp 198.51.100.23 - 200 0");
    let seen = detect(log.as_bytes());
    assert_eq!(seen.format().map(|format| format.name()), Some("w3c"));
    assert!(detect(b"# a comment\n# another\n").format().is_none());
}

#[test]
fn every_row_of_a_short_log_counts_for_the_format() {
    let log = "#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:00 GET /a 200\n2026-01-02 12:00:01 GET /b 200\n";
    assert_eq!(read(log).len(), 2);
    assert!(read(log).iter().all(Result::is_ok), "{:?}", read(log));
    assert_eq!(detect(log.as_bytes()).scores, [("w3c", 3)]);
}

#[test]
fn a_last_row_without_a_line_end_is_read_by_the_last_header() {
    let log = "#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:00 GET /a 200";
    let reader = W3c.open(log.as_bytes());
    let readable = |line: &[u8]| crate::format::is_readable(&*reader, line);
    assert!(readable(b"2026-01-02 12:00:00 GET /a 200"));
    assert!(!readable(b"2026-01-02 12:00:00 GET /a"));
}

const CLOUDFRONT_ROW: &str = "2026-01-02\t12:00:00\tCDG50-P2\t703\t198.51.100.23\tGET\td1.cloudfront.net\t/v1/orders\t403\t-\tcurl/7.81.0\ta=1\t-\tError\t375W==\tapi.example.com\thttps\t62\t0.113\t-\tTLSv1.3\tTLS_AES\tError\tHTTP/2.0\t-\t-\t51754\t0.113\tError\ttext/plain\t20\t-\t-";

#[test]
fn rows_of_cloudfront_are_known_without_a_header_and_no_other_rows_are() {
    let log = format!("{CLOUDFRONT_ROW}\n{CLOUDFRONT_ROW}\n");
    let found = detect(log.as_bytes()).format().unwrap();
    assert_eq!(found.name(), "w3c");
    let target = "GET /v1/orders?a=1".to_owned();
    let record = Ok((target, None, Some(403), 1_767_355_200_000));
    assert_eq!(read(&log), [record.clone(), record.clone()]);
    // A cut row, and one with another number of cells.
    let cut = format!(
        "{CLOUDFRONT_ROW}\n{}\n{CLOUDFRONT_ROW}\t-\n",
        &CLOUDFRONT_ROW[..60]
    );
    let malformed = Err(Skip::Malformed);
    assert_eq!(read(&cut), [record.clone(), malformed.clone(), malformed]);
    // A header that comes later counts from there on.
    let later = format!(
        "{CLOUDFRONT_ROW}\n#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-02 12:00:01 PUT /b 204\n"
    );
    let paths: Vec<String> = read(&later)
        .into_iter()
        .map(|read| read.unwrap().0)
        .collect();
    assert_eq!(paths, ["GET /v1/orders?a=1", "PUT /b"]);
    for other in [
        CLOUDFRONT_ROW.replace("2026-01-02", "2 Jan 2026"),
        CLOUDFRONT_ROW.replace('\t', " "),
        CLOUDFRONT_ROW.replace("/v1/orders", "v1"),
        CLOUDFRONT_ROW.replace("\t-\t-\n", "\n") + "\t1",
    ] {
        assert!(
            detect(format!("{other}\n").as_bytes()).format().is_none(),
            "{other}"
        );
    }
}
