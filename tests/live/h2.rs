//! As much of HTTP/2 as one request without a body needs, with prior knowledge (RFC 9113,
//! section 3.3): no header is compressed, and of the answer only its status is read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::client::open;
use crate::requests::Asked;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// The status of the answer; `None` where the stream was reset or the connection ended.
pub(crate) fn ask(port: u16, asked: &Asked) -> Option<u16> {
    let mut stream = open(port);
    let mut block = Vec::new();
    for (name, value) in [
        (":method", asked.method.as_bytes()),
        (":scheme", b"http"),
        (":authority", b"api.example.com"),
        (":path", &asked.target()),
    ] {
        literal(name.as_bytes(), value, &mut block);
    }
    for (name, value) in asked.headers() {
        literal(name.to_ascii_lowercase().as_bytes(), &value, &mut block);
    }
    let mut bytes = PREFACE.to_vec();
    frame(SETTINGS, 0, 0, &[], &mut bytes);
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block, &mut bytes);
    stream.write_all(&bytes).unwrap();
    let mut status = None;
    while let Some((kind, flags, payload)) = next(&mut stream) {
        match kind {
            SETTINGS if flags & ACK == 0 => {
                let mut ack = Vec::new();
                frame(SETTINGS, ACK, 0, &[], &mut ack);
                // It may have closed already, after its answer.
                let _ = stream.write_all(&ack);
            }
            HEADERS => {
                let padding = usize::from(flags & PADDED != 0);
                let priority = if flags & PRIORITY == 0 { 0 } else { 5 };
                // Trailers have none.
                status = first_status(&payload[padding + priority..])
                    .filter(|code| *code >= 200)
                    .or(status);
            }
            RESET | GOAWAY => break,
            _ => {}
        }
        // DATA and HEADERS say the end with the same bit.
        if kind <= HEADERS && flags & END_STREAM != 0 {
            break;
        }
    }
    status
}

/// A field that no table keeps (RFC 7541, section 6.2.2), its name and value as they are.
fn literal(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        length(text.len(), out);
        out.extend_from_slice(text);
    }
}

/// An integer with a prefix of seven bits (RFC 7541, section 5.1).
fn length(value: usize, out: &mut Vec<u8>) {
    let byte = |value: usize| u8::try_from(value).unwrap();
    if value < 127 {
        return out.push(byte(value));
    }
    out.push(127);
    let mut rest = value - 127;
    while rest >= 128 {
        out.push(byte(rest % 128) | 128);
        rest /= 128;
    }
    out.push(byte(rest));
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Type, flags and payload of the next frame; `None` at the end.
fn next(stream: &mut TcpStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).ok()?;
    Some((head[3], head[4], payload))
}

/// `:status`, which comes first (RFC 9113, section 8.3); it is in the static table with seven
/// values, or has a value of its own.
fn first_status(block: &[u8]) -> Option<u16> {
    // Changes of the table's size may stand before it (RFC 7541, section 6.3).
    let block = &block[block.iter().take_while(|byte| **byte >> 5 == 1).count()..];
    match *block.first()? {
        index @ 0x88..=0x8e => {
            let known = [200, 204, 206, 304, 400, 404, 500];
            Some(known[usize::from(index - 0x88)])
        }
        // Its name stands there seven times.
        0x48..=0x4e | 0x08..=0x0e | 0x18..=0x1e => digits(block.get(1..)?),
        _ => None,
    }
}

/// Three digits, plain or in Huffman's code (RFC 7541, appendix B).
fn digits(text: &[u8]) -> Option<u16> {
    let (length, text) = text.split_first()?;
    let text = text.get(..usize::from(length & 0x7f))?;
    if length & 0x80 == 0 {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let mut bits = text
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| u16::from(byte >> at & 1)));
    let mut code = 0;
    for _ in 0..3 {
        let mut taken = |count| (0..count).try_fold(0, |sum, _| Some(sum << 1 | bits.next()?));
        // 0, 1 and 2 have five bits; the other digits six, from 25 on.
        let five = taken(5)?;
        let digit = if five < 3 {
            five
        } else {
            (five << 1 | taken(1)?).checked_sub(22)?
        };
        code = code * 10 + digit;
    }
    Some(code)
}
