//! Where the records of a stream end that has no line ends, or lines of any length.

use memchr::memchr3;

use super::json::is_seam;

/// Follows the nesting of JSON through the blocks of one stream.
#[derive(Debug, Default)]
pub(in crate::input) struct Frames {
    depth: usize,
    in_string: bool,
    /// The next byte is escaped.
    escaped: bool,
}

impl Frames {
    /// Where the first and the last record or line of the next block end, if one ends in it.
    pub(in crate::input) fn ends(&mut self, bytes: &[u8]) -> Option<(usize, usize)> {
        let mut found: Option<(usize, usize)> = None;
        let mut end = |at: usize| found = Some((found.map_or(at, |first| first.0), at));
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            (at, self.escaped) = (1, false);
        }
        while at < bytes.len() {
            if self.in_string {
                let Some(len) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) else {
                    break;
                };
                at += len;
                match bytes[at] {
                    b'\\' => {
                        self.escaped = at + 1 == bytes.len();
                        at += 1;
                    }
                    b'"' if is_seam(bytes, at) => {
                        // Strings were read inside out: this one begins here.
                        end(at - 1);
                        self.depth = 1;
                    }
                    b'"' => self.in_string = false,
                    _ => {
                        end(at + 1);
                        *self = Self::default();
                    }
                }
                at += 1;
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' => {
                    // No JSON has these two, so the record before was cut off.
                    if self.depth > 0 && bytes[..at].ends_with(b"}") {
                        end(at);
                        self.depth = 0;
                    }
                    self.depth += 1;
                }
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        end(at + 1);
                    }
                }
                b'\n' => {
                    end(at + 1);
                    *self = Self::default();
                }
                _ => {}
            }
            at += 1;
        }
        found
    }
}
