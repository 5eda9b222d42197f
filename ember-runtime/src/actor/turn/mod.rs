//! Whose turn it is to use a service, and what is counted meanwhile: words that threads share.

mod asked;
#[cfg(test)]
mod asked_tests;
mod counts;
mod limit;
#[cfg(test)]
mod limit_tests;
mod marks;
pub(crate) mod pace;
mod sync;
#[cfg(test)]
mod turn_tests;
mod unsafe_turn;
mod waits;

pub use self::counts::CallCounts;
pub(crate) use self::{
    counts::Counts,
    limit::{AtWork, InLine, Limit},
    marks::{ABORTED, ENDED, Marks, READY, SPAWNED},
    pace::Pace,
    unsafe_turn::{Held, Turn},
};
