//! What helps to place requests whose client, operation or outcome is uncertain.

use crate::catalog::matcher::Matcher;
use crate::catalog::near::Nearness;
use crate::event::damaged_line::Salvage;
use crate::event::identity::Identities;
use crate::model::Noise;

/// Built once; asked only for such requests.
pub struct Uncertain {
    near: Nearness,
    salvage: Salvage,
    noise: Vec<Noise>,
}

impl Uncertain {
    /// For one catalogue and the names of one policy. `noise` are the rules in force.
    pub fn new(matcher: &Matcher, identities: &Identities, noise: Vec<Noise>) -> Self {
        Self {
            near: Nearness::new(matcher.routes()),
            salvage: Salvage::new(identities),
            noise,
        }
    }

    /// Which operations an unmatched path may have been.
    pub fn near(&self) -> &Nearness {
        &self.near
    }

    /// What an unreadable line still shows.
    pub fn salvage(&self) -> &Salvage {
        &self.salvage
    }

    /// What a reviewer declares not to be a possible need.
    pub fn noise(&self) -> &[Noise] {
        &self.noise
    }
}
