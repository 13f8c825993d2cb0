//! What an input may cost before the rest of it is left out.

/// What an input may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest line in bytes; the rest of a longer one is skipped and counted.
    pub line: usize,
    /// Unpacked bytes for each packed byte above which an archive is refused as a bomb.
    pub ratio: u64,
    /// The ratio is not looked at before this many unpacked bytes.
    pub ratio_from: u64,
    /// Unpacked bytes of one packed input after which the rest is left out.
    pub unpacked: u64,
    /// Files in one archive above which it is refused.
    pub members: usize,
    /// Worker threads.
    pub threads: usize,
    /// Whether the digest of each input is asked for: some percent of the time of reading.
    pub digests: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 1 << 20,
            ratio: 400,
            ratio_from: 1 << 29,
            // Far above a day of the busiest gateway, in one file.
            unpacked: 1 << 38,
            // A year of files of five minutes each.
            members: 100_000,
            threads: 1,
            digests: true,
        }
    }
}

impl Limits {
    /// Why no more of an archive is unpacked, if so. What is not packed has no such limit.
    pub(super) fn too_much(&self, unpacked: u64, packed: u64) -> Option<String> {
        if unpacked > self.ratio_from && unpacked / packed.max(1) > self.ratio {
            return Some(format!(
                "stopped after {unpacked} unpacked bytes: more than {} for each packed byte looks like a decompression bomb",
                self.ratio
            ));
        }
        (unpacked > self.unpacked && unpacked > packed).then(|| {
            format!(
                "stopped after {unpacked} unpacked bytes: the limit for one packed log or archive is {} (--max-unpacked)",
                self.unpacked
            )
        })
    }
}
