//! The ways back: to a caller in this process, and to another node.

mod deferred;
mod payload;
mod promises;
mod raw;
mod reply;
mod shown;
mod stored;
pub(crate) mod whole;

pub use self::deferred::{Deferred, Handled, Replier, Returned, answered};
#[cfg(feature = "cluster")]
pub(crate) use self::shown::take_shown;
pub(crate) use self::{
    deferred::deferred,
    payload::Payload,
    promises::{Awaited, Promised, Promises},
    raw::{Arrivals, Lender, RawCall, RawReply, ReplyBody, ReplyLink},
    reply::{Answer, Answering, Reply, Unused, reply_slot},
    shown::Shows,
    stored::Stored,
};
