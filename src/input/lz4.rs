//! Frames of LZ4, one after the other.
//!
//! In: a stream that begins with a frame. Out: the contents of all its frames.
//!
//! The library reads one frame, and says the same at its end and where the stream ends
//! within it. Here the one is told from the other: a log that is cut off is no whole log.
//! Frames that hold no content are passed over (LZ4 frame format, "Skippable Frames").

use std::io::{self, ErrorKind, Read};

use lz4_flex::frame::FrameDecoder;

use super::layer::Reader;

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// Reads all frames of a stream.
pub(super) struct Lz4Frames {
    decoder: FrameDecoder<Watched>,
    /// A frame has begun, and its end was not seen.
    inside: bool,
}

impl Lz4Frames {
    pub(super) fn new(inner: Reader) -> Self {
        let watched = Watched {
            inner,
            put_back: &[],
            ended: false,
        };
        Self {
            decoder: FrameDecoder::new(watched),
            inside: false,
        }
    }

    /// Looks for the next frame with a content; whether there is one.
    fn find_frame(&mut self) -> io::Result<bool> {
        let watched = self.decoder.get_mut();
        loop {
            let mut magic = [0; 4];
            let first = watched.inner.read(&mut magic[..1])?;
            if first == 0 {
                return Ok(false);
            }
            watched.inner.read_exact(&mut magic[1..])?;
            if magic == MAGIC {
                // Its buffers have the sizes that the frame before it asked for.
                let inner = std::mem::replace(&mut watched.inner, Box::new(io::empty()));
                self.decoder = FrameDecoder::new(Watched {
                    inner,
                    put_back: &MAGIC,
                    ended: false,
                });
                return Ok(true);
            }
            let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = magic else {
                let text = "what follows an LZ4 frame is not one";
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            };
            let mut length = [0; 4];
            watched.inner.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            let mut content = watched.inner.by_ref().take(length);
            if io::copy(&mut content, &mut io::sink())? < length {
                return Err(cut_off());
            }
        }
    }
}

impl Read for Lz4Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside && !self.find_frame()? {
                return Ok(0);
            }
            self.inside = true;
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.get_ref().ended {
                return Err(cut_off());
            }
            self.inside = false;
        }
    }
}

fn cut_off() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "the stream ends within an LZ4 frame",
    )
}

/// A stream that remembers whether more was asked for than it had.
struct Watched {
    inner: Reader,
    /// Comes before the rest of the stream.
    put_back: &'static [u8],
    ended: bool,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.put_back.is_empty() {
            return self.put_back.read(buffer);
        }
        let count = self.inner.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};

    use super::*;

    fn frame(content: &[u8]) -> Vec<u8> {
        let info = FrameInfo::new()
            .block_mode(BlockMode::Linked)
            .content_checksum(true);
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// The content, and the error at its end, if any.
    fn read(bytes: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
        let mut frames = Lz4Frames::new(Box::new(io::Cursor::new(bytes.to_vec())));
        let mut content = Vec::new();
        let fault = frames.read_to_end(&mut content).err();
        (content, fault.map(|error| error.kind()))
    }

    #[test]
    fn frames_follow_each_other_and_those_without_content_are_passed_over() {
        let (one, two) = (frame(b"one\n"), frame(&b"two\n".repeat(100_000)));
        let note = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let stream = [&note[..], &one, &note, &frame(b""), &two, &note].concat();
        let wanted = [b"one\n".to_vec(), b"two\n".repeat(100_000)].concat();
        assert_eq!(read(&stream), (wanted, None));
        let (content, fault) = read(&[&one[..], b"none"].concat());
        assert_eq!(
            (&content[..], fault),
            (&b"one\n"[..], Some(ErrorKind::InvalidData))
        );
    }

    #[test]
    fn a_stream_that_ends_anywhere_but_between_frames_is_cut_off() {
        let two = frame(b"two\n");
        let whole = [&frame(b"one\n")[..], &two].concat();
        for len in 1..whole.len() {
            let fault = read(&whole[..len]).1;
            let border = len == whole.len() - two.len();
            assert_eq!(fault.is_none(), border, "{len}: {fault:?}");
        }
    }
}
