//! What travels beside the arguments of a call, and what the runtime knows of the handler that makes it.

mod ambient;
mod beside;
mod chain;
mod due;
mod envelope;
mod keys;
mod named;
mod origin;
mod span;
mod stamp;
mod trace;

pub(crate) use self::{
    ambient::Ambient,
    beside::{Beside, MAX_EXTENDED, MAX_EXTENSIONS, MAX_HEADERS},
    chain::Chain,
    due::Due,
    envelope::{Envelope, Opened},
    keys::{Lifespan, MAX_KEYS, unusable_key},
    named::Named,
    origin::Origin,
    span::{HandlerSpan, MadeIn},
    stamp::Stamp,
};
pub use self::{
    beside::Extension,
    keys::{KeyReader, Keys},
    origin::Caller,
    trace::TraceContext,
};
