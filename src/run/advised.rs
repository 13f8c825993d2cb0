//! A failure with advice apart from its sentence.

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub struct Advised {
    message: String,
    help: String,
}

impl Advised {
    /// An error of this sentence, with this advice.
    #[expect(
        clippy::new_ret_no_self,
        reason = "an error is only ever made to be returned"
    )]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self {
            message: message.into(),
            help: help.into(),
        })
    }

    /// What to do about it; may have several lines, or none.
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl std::fmt::Display for Advised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Advised {}
