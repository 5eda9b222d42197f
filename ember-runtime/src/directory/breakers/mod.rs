//! Breakers: an instance that does not answer is left alone for a while.

mod circuit;
mod settings;

pub(crate) use self::circuit::{Circuit, Due, Fault};
pub use self::{circuit::BreakerState, settings::Breaker};
