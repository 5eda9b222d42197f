//! What travels beside the arguments of a call, and what the runtime knows of the handler that makes it.

mod ambient;
mod chain;
mod due;
mod envelope;
mod keys;
mod named;
mod span;

pub use self::keys::{KeyReader, Keys};
pub(crate) use self::{
    ambient::Ambient,
    chain::Chain,
    due::Due,
    envelope::{Envelope, MAX_HEADERS, Opened},
    keys::{Lifespan, MAX_KEYS, unusable_key},
    named::Named,
    span::{HandlerSpan, MadeIn},
};
