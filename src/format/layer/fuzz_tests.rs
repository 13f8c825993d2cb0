//! Whatever a content is: no layer panics, loses a byte, or reads it otherwise in other pieces.

use proptest::prelude::*;

use super::ALL;
use crate::input::{Layer, Reader};

/// Gives the content in pieces of this size.
struct Pieces(std::io::Cursor<Vec<u8>>, usize);

impl std::io::Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

fn read(layer: &dyn Layer, content: &[u8], piece: usize) -> (Vec<u8>, bool) {
    let inner: Reader = Box::new(Pieces(std::io::Cursor::new(content.to_vec()), piece));
    let mut out = Vec::new();
    let whole = layer.open(inner).read_to_end(&mut out).is_ok();
    (out, whole)
}

proptest! {
    #[test]
    fn layers_keep_the_length_of_a_content_however_it_is_cut(
        parts in proptest::collection::vec(prop::sample::select(&[
            "{", "}", "[", "]", "\"", "\\", ",", ":", " ", "\n", "\r\n", "\u{1e}", "a", "é", "\0",
            "{\"Records\":[", "{\"hits\":{\"hits\":[", "{\"streams\":[{\"stream\":{},\"values\":[[",
            "{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[", "{\"results\":[[", "\"logRecords\":[",
            "2026-01-02T12:00:00.1Z stdout P ", "2026-01-02T12:00:00.1Z stdout F ",
            "2026-01-02T12:00:00.1Z stderr P ", "{\"log\":\"", "\",\"stream\":\"stdout\"}", "\\n",
            "_raw,_time\n", "@timestamp,@message\n", "\"GET \"\"a\"\"\"",
        ][..]), 0..24),
        piece in 1..9_usize,
    ) {
        let content = parts.concat();
        for layer in ALL.iter().copied() {
            let (whole, fine) = read(layer, content.as_bytes(), usize::MAX);
            if fine {
                prop_assert_eq!(whole.len(), content.len());
            }
            prop_assert_eq!((whole, fine), read(layer, content.as_bytes(), piece));
            let _ = layer.is_around(content.as_bytes());
        }
    }
}
