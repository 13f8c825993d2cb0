//! Public samples and arbitrary input.

use proptest::prelude::*;

use super::{PLAIN, read};
use crate::format::{Skip, detect};

#[test]
fn every_line_of_the_public_samples_is_read_or_passed_over_for_a_reason() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .map(|folder| folder.join("shared/data/logs"))
        .find(|folder| folder.is_dir());
    let root = root.unwrap_or_default();
    for (file, read_lines, passed) in [
        ("nginx/opensearch-nginx--raw.log", 500, 0),
        ("nginx/crowdsec-bunkerweb-logs--bunkerweb-logs.log", 5, 0),
        (
            "nginx/crowdsec-nginx-http-malformed--nginx_http-logs.log",
            0,
            12,
        ),
        (
            "nginx/crowdsec-http-dos-invalid-http-versions--http-dos-invalid-http-versions.log",
            6,
            0,
        ),
        ("apache/crowdsec-apache2-logs--apache2-logs.log", 7, 2),
        ("apache/elastic-examples--apache_logs", 0, 0),
        ("apache/lnav--logfile_access_log.0", 3, 0),
        ("apache/lnav--logfile_bad_access_log.0", 3, 0),
        ("apache/lnav--logfile_shop_access_log.0", 0, 0),
    ] {
        let Ok(content) = std::fs::read(root.join(file)) else {
            println!("skipped: no {file}");
            continue;
        };
        let (mut good, mut other) = (0, 0);
        for line in content
            .split(|byte| *byte == b'\n')
            .map(detect::trim)
            .filter(|line| !line.is_empty())
        {
            match read(line) {
                Ok(_) => good += 1,
                Err(Skip::OtherRecord) => other += 1,
                Err(skip) => panic!("{file}: {skip:?}: {}", String::from_utf8_lossy(line)),
            }
        }
        println!("{file}: {good} read, {other} passed over");
        assert!(good + other > 0);
        if read_lines + passed > 0 {
            assert_eq!((good, other), (read_lines, passed), "{file}");
        }
    }
}

#[test]
fn what_a_shipper_writes_in_front_is_not_part_of_the_client() {
    for head in [
        "<134>Jan  2 12:00:00 web1 nginx: ",
        "Jan  2 12:00:00 10.0.0.5 nginx[7]: ",
        "<134>1 2026-01-02T12:00:00Z web1 nginx - - - ",
        "2026-01-02T12:00:00+00:00 web1 nginx: ",
        "2026-01-02T12:00:00.1Z stdout F ",
        "2026-01-02T12:00:00.1Z ",
        "web-1  | ",
        "[pod/nginx-7/nginx] ",
    ] {
        let seen = read(format!("{head}{PLAIN}")).unwrap();
        assert_eq!(seen.client.as_deref(), Some("erp-sync"), "{head}");
        assert_eq!(seen.ip.as_deref(), Some("198.51.100.23"), "{head}");
        let nobody = PLAIN.replace("erp-sync", "-");
        assert_eq!(read(format!("{head}{nobody}")).unwrap().client, None);
    }
    // Without an address nobody knows where the fields begin.
    let named = PLAIN.replace("198.51.100.23", "client.example.com");
    for head in ["web-1  | ", "Jan  2 12:00:00 web1 nginx: "] {
        assert_eq!(read(format!("{head}{named}")), Err(Skip::Malformed));
    }
    assert_eq!(read(&named).unwrap().client.as_deref(), Some("erp-sync"));
}

proptest! {
    #[test]
    fn no_bytes_are_ever_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(bytes);
    }

    #[test]
    fn no_change_to_a_good_line_is_ever_a_panic(
        changes in proptest::collection::vec((0..400_usize, prop::sample::select(&b"\"\\[]- :,x0/\xff"[..])), 0..12),
        cut in 0..400_usize,
    ) {
        let mut line = format!("{PLAIN} 462 0.050 [a-b-80] [] 192.0.2.7:80, 192.0.2.8:80 1, 2 0.1, 0.2 502, 200 7521").into_bytes();
        for (at, byte) in changes {
            let at = at % line.len();
            line[at] = byte;
        }
        line.truncate(cut.max(60));
        let _ = read(line);
    }

    #[test]
    fn what_a_server_escapes_is_read_back(path in "[ -~]{0,40}", user in "[!-~][ -~]{0,20}[!-~]") {
        // A dash or an address at its edge would be another field.
        prop_assume!(!user.split(' ').any(|word| word == "-"));
        let escape = |text: &str| text.replace('\\', "\\x5C").replace('"', "\\x22");
        let line = PLAIN.replace("erp-sync", &escape(&user)).replace("/v1/orders/42?expand=items", &format!("/{}", escape(&path)));
        let seen = read(line).unwrap();
        prop_assert_eq!(seen.target, format!("/{}", path.trim_ascii_end()));
        prop_assert_eq!(seen.client, Some(user));
    }
}
