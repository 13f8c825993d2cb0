//! No text makes a reader or a layer fail, whatever it is.

use std::io::Read as _;

use proptest::prelude::*;

use super::*;

/// Pieces that the formats know, and anything.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let known = prop_oneof![
        Just(&b"#Fields: date time cs-method cs-uri-stem sc-status\n"[..]),
        Just(&b"2026-01-02 12:00:00 GET /a 200\n"[..]),
        Just(&b"Method,RawPath,ResponseCode,APIKey,TimeStamp\n"[..]),
        Just(&b"{\"kind\":\"EventList\",\"items\":["[..]),
        Just(&b"{\"verb\":\"get\",\"objectRef\":{\"resource\":\"pods\"},\"requestReceivedTimestamp\":\"2026-01-02T12:00:00Z\"}"[..]),
        Just(&b"\"\""[..]), Just(&b"\n"[..]), Just(&b"]}"[..]), Just(&b"\\"[..]), Just(&b","[..]), Just(&b"\x1e"[..]),
    ];
    let piece = prop_oneof![
        3 => known.prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_reader_answers_every_line_and_names_only_what_is_in_it(text in text(), offset in any::<u64>()) {
        for format in ALL {
            let reader = format.open(&text);
            let mut scratch = Scratch::asking(true);
            for at in [0, offset, text.len() as u64] {
                reader.begin(at, &mut scratch);
                for line in text.split(|byte| *byte == b'\n').map(detect::trim) {
                    if let Ok(record) = reader.parse(line, &mut scratch) {
                        prop_assert!(record.target.len() <= line.len() + 1);
                    }
                }
            }
            let _ = format.has_header(&text);
        }
        let _ = detect::detect(&text);
    }

    #[test]
    fn a_layer_ends_and_one_that_reads_json_moves_no_byte(text in text()) {
        for layer in LAYERS {
            let (mut out, inner) = (Vec::new(), std::io::Cursor::new(text.clone()));
            let read = layer.open(Box::new(inner)).read_to_end(&mut out);
            // The envelopes of a delivery service may break off.
            prop_assert!(read.is_err() || out.len() <= 2 * text.len() + 1);
        }
        for format in ALL {
            let Some(framing) = format.open(&text).framing() else { continue };
            let (mut out, inner) = (Vec::new(), std::io::Cursor::new(text.clone()));
            prop_assert!(framing.open(Box::new(inner)).read_to_end(&mut out).is_ok());
            prop_assert_eq!(out.len(), text.len());
        }
    }
}
