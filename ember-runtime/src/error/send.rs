//! A one-way message that could not be sent.

use std::{error, fmt};

use super::Refused;

/// A one-way call was refused. Nothing was lost: the arguments come back.
pub struct SendError<A> {
    /// Why.
    pub refused: Refused,
    /// The arguments, as a tuple.
    pub args: A,
}

impl<A> fmt::Debug for SendError<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").field("refused", &self.refused).finish_non_exhaustive()
    }
}

impl<A> fmt::Display for SendError<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refused.fmt(f)
    }
}

impl<A> error::Error for SendError<A> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.refused)
    }
}
