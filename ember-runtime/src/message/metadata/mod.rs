//! What travels beside the arguments of a call, and what the runtime knows of the handler that makes it.

mod ambient;
mod beside;
mod caller;
mod chain;
mod due;
mod envelope;
mod keys;
mod named;
mod span;
mod stamp;
mod trace;
mod unsettled;

pub(crate) use self::{
    ambient::Ambient,
    beside::{Beside, MAX_EXTENDED, MAX_EXTENSIONS, MAX_HEADERS},
    caller::CameFrom,
    chain::{Chain, handler},
    due::Due,
    envelope::{Envelope, Opened, Reading},
    keys::{Lifespan, MAX_KEYS, unusable_key},
    named::Named,
    span::{HandlerSpan, MadeIn},
    stamp::Stamp,
    unsettled::{MOST_UNSETTLED, Settled, Settles, Unsettled},
};
pub use self::{
    beside::{Extension, TravelsBeside},
    caller::Caller,
    keys::{KeyReader, Keys},
    trace::TraceContext,
};
