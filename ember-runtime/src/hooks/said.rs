//! What a hook says of itself, and of what it refuses.

/// Where a hook stands among others: the outer ones are asked first before a step, and told last after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Band {
    /// Sees what the others make of it: observation.
    Outer,
    /// The default.
    #[default]
    Middle,
    /// Sees only what the others let through.
    Inner,
}

/// The refusal of a hook that decides, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied(pub(crate) String);

impl Denied {
    /// Refuses for this reason, which is told to whoever is refused: another node, perhaps. Of more than 1,024 characters the rest is
    /// cut off; for an empty one stands that none was given.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl<T: Into<String>> From<T> for Denied {
    fn from(reason: T) -> Self {
        Self::new(reason)
    }
}
