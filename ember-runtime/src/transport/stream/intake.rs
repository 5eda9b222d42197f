//! Whether calls of the peer are let in.

/// What happens to a call that arrives now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intake {
    Open,
    /// No new calls: the link is about to end.
    Retiring,
    /// It has to wait; the writer will say when that is over.
    Shut,
}
