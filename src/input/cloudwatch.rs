//! Logs that CloudWatch delivered: envelopes around the lines.
//!
//! In: what a subscription filter sends to a stream or a bucket: JSON objects one after
//! the other, often without a line end between them, each with some log events (Amazon
//! CloudWatch Logs user guide, "Real-time processing of log data with subscriptions").
//! Out: the messages, one a line. Messages of the delivery itself (`CONTROL_MESSAGE`)
//! are not records, and left out.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde_json::de::{IoRead, StreamDeserializer};

use super::stream::Reader;

/// Bytes of one envelope: CloudWatch sends at most 1 MiB, packed; what is far beyond is none.
const ENVELOPE: u64 = 64 << 20;

/// Whether the content begins with an envelope.
pub(super) fn is_enveloped(head: &[u8]) -> bool {
    let head = &head[..head.len().min(512)];
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let inside = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    text.trim_ascii_start().first() == Some(&b'{')
        && inside(b"\"messageType\"")
        && (inside(b"\"DATA_MESSAGE\"") || inside(b"\"CONTROL_MESSAGE\""))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    message_type: String,
    #[serde(default)]
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

/// The messages of the envelopes of a reader, as lines.
pub(super) struct Messages {
    envelopes: StreamDeserializer<'static, IoRead<BufReader<Limited>>, Envelope>,
    left: Arc<AtomicU64>,
    lines: Vec<u8>,
    given: usize,
}

impl Messages {
    pub(super) fn of(inner: Reader) -> Self {
        let left = Arc::new(AtomicU64::new(ENVELOPE));
        let limited = Limited {
            inner,
            left: Arc::clone(&left),
        };
        Self {
            envelopes: serde_json::Deserializer::from_reader(BufReader::new(limited)).into_iter(),
            left,
            lines: Vec::new(),
            given: 0,
        }
    }

    /// Unpacks the next envelope; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        self.left.store(ENVELOPE, Ordering::Relaxed);
        let Some(envelope) = self.envelopes.next() else {
            return Ok(false);
        };
        let envelope = envelope.map_err(|error| {
            let kind = error.io_error_kind().unwrap_or(io::ErrorKind::InvalidData);
            io::Error::new(kind, format!("CloudWatch envelope: {error}"))
        })?;
        self.lines.clear();
        self.given = 0;
        if envelope.message_type == "DATA_MESSAGE" {
            for event in &envelope.log_events {
                // A line end inside would tear the record apart.
                let message = event.message.trim_end_matches(['\n', '\r']);
                let bytes = message.bytes().map(|byte| match byte {
                    b'\n' | b'\r' => b' ',
                    other => other,
                });
                self.lines.extend(bytes);
                self.lines.push(b'\n');
            }
        }
        Ok(true)
    }
}

impl Read for Messages {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.lines.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let rest = &self.lines[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Ends an envelope that does not end by itself.
struct Limited {
    inner: Reader,
    left: Arc<AtomicU64>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("longer than 64 MiB"));
        }
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..most])?;
        self.left.store(left - count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<String>) {
        let mut out = String::new();
        let text = io::Cursor::new(text.as_bytes().to_vec());
        let error = Messages::of(Box::new(text)).read_to_string(&mut out).err();
        (out, error.map(|error| error.to_string()))
    }

    fn envelope(kind: &str, messages: &[&str]) -> String {
        let events: Vec<_> = messages
            .iter()
            .map(|message| serde_json::json!({"id": "3", "timestamp": 1, "message": message}))
            .collect();
        serde_json::json!({"messageType": kind, "owner": "1", "logEvents": events}).to_string()
    }

    #[test]
    fn envelopes_without_a_line_end_between_them_give_their_messages_one_a_line() {
        let text = envelope("DATA_MESSAGE", &["{\"a\":1}\n", "b"])
            + &envelope("CONTROL_MESSAGE", &["Checking health of destination"])
            + &envelope("DATA_MESSAGE", &["c\nd"]);
        assert!(is_enveloped(text.as_bytes()));
        assert_eq!(read(&text), ("{\"a\":1}\nb\nc d\n".to_owned(), None));
    }

    #[test]
    fn an_envelope_that_breaks_off_is_an_error_behind_what_came_before() {
        let whole = envelope("DATA_MESSAGE", &["a"]);
        let (lines, error) = read(&format!("{whole}\n{}", &whole[..whole.len() - 3]));
        assert_eq!(lines, "a\n");
        assert!(error.unwrap().contains("CloudWatch envelope"));
    }

    #[test]
    fn a_log_line_is_no_envelope() {
        assert!(!is_enveloped(b"{\"requestId\":\"DATA_MESSAGE\"}"));
        assert!(!is_enveloped(b"GET /?\"messageType\"=\"DATA_MESSAGE\""));
        assert!(!is_enveloped(b""));
    }
}
