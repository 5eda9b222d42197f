//! Which versions of the link protocol this node speaks, and which one two nodes take: the newest that both do.
//!
//! The release before is always among them: `transport/tests/compatible.rs` holds what it writes, as bytes.

use serde::{Deserialize, Serialize};

/// The newest. Raised with a change that an older node could not skip: see [`Additions`](super::Additions) for what it can.
pub(crate) const VERSION: u16 = 4;
/// The oldest.
pub(crate) const OLDEST: u16 = 4;

/// Those that a node speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Versions {
    pub(crate) newest: u16,
    pub(crate) oldest: u16,
}

impl Versions {
    pub(crate) const OURS: Self = Self { newest: VERSION, oldest: OLDEST };

    /// The newest that both speak.
    pub(crate) fn common(self, other: Self) -> Option<u16> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest.max(other.oldest)).then_some(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_take_the_newest_version_that_both_speak() {
        let of = |oldest, newest| Versions { newest, oldest };
        assert_eq!(of(4, 6).common(of(5, 9)), Some(6));
        assert_eq!(of(5, 9).common(of(4, 6)), Some(6), "whoever asks");
        assert_eq!(of(4, 4).common(of(3, 4)), Some(4));
        assert_eq!(of(4, 5).common(of(6, 7)), None);
        assert_eq!(of(4, 4).common(of(3, 3)), None);
    }
}
