//! Whether two patterns may take one path. When in doubt, yes.

use super::pattern::{Pattern, Piece, Segment};

impl Pattern {
    /// Whether some path may fit both, in any case.
    pub(crate) fn may_share(&self, other: &Self) -> bool {
        share(&self.segments, &other.segments)
    }
}

fn share(a: &[Segment], b: &[Segment]) -> bool {
    match (a.split_first(), b.split_first()) {
        // Some servers take an empty rest for one, whatever the description says.
        (None | Some((Segment::Rest(_), _)), None) | (None, Some((Segment::Rest(_), _))) => true,
        (None, _) | (_, None) => false,
        (Some((Segment::Rest(_), _)), _) | (_, Some((Segment::Rest(_), _))) => true,
        (Some((Segment::Many, rest)), Some((other, others))) => {
            // Of two of several segments either may be the one that goes on.
            share(rest, others) || share(a, others) || (*other == Segment::Many && share(rest, b))
        }
        (Some((_, others)), Some((Segment::Many, rest))) => share(others, rest) || share(others, b),
        (Some((one, rest)), Some((other, others))) => alike(one, other) && share(rest, others),
    }
}

/// Whether some text may fit both segments; of mixed ones only the ends are compared.
fn alike(a: &Segment, b: &Segment) -> bool {
    let (a, b) = (ends(a), ends(b));
    let (Some(a), Some(b)) = (a, b) else {
        return true;
    };
    let fold = str::to_ascii_lowercase;
    let (a, b) = ((fold(a.0), fold(a.1), a.2), (fold(b.0), fold(b.1), b.2));
    if a.2 && b.2 {
        return a.0 == b.0;
    }
    let start = a.0.starts_with(&b.0) || b.0.starts_with(&a.0);
    start && (a.1.ends_with(&b.1) || b.1.ends_with(&a.1))
}

/// The literals at the two ends of a segment, and whether that is all; none of a parameter.
fn ends(segment: &Segment) -> Option<(&str, &str, bool)> {
    match segment {
        Segment::Literal(text) => Some((text, text, true)),
        Segment::Mixed(pieces) => Some((end(pieces.first()), end(pieces.last()), false)),
        Segment::Parameter | Segment::Many | Segment::Rest(_) => None,
    }
}

fn end(piece: Option<&Piece>) -> &str {
    match piece {
        Some(Piece::Literal(text)) => text,
        _ => "",
    }
}
