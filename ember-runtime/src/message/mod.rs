//! What travels: methods and their descriptions, the envelope of a call, how arguments become bytes, and where the
//! answer goes. Knows nothing of who sends it or who receives it.

mod ambient;
mod chain;
mod codec;
mod deferred;
mod envelope;
mod keys;
mod method;
pub(crate) mod ordered;
mod raw;
mod reply;

pub(crate) use self::codec::{get as decode, put as encode};
pub(crate) use self::{
    ambient::Ambient,
    chain::Chain,
    deferred::deferred,
    envelope::Envelope,
    keys::{Lifespan, MAX_KEYS},
};
pub use self::{
    codec::{Codec, CodecError, Message, Wire, codec, no_error, put_all, take_all},
    deferred::{Deferred, Handled, Replier},
    envelope::Lane,
    keys::{KeyReader, Keys},
    method::{Method, MethodInfo, Reach, ResultType},
};
pub(crate) use self::{
    raw::{Encode, RawCall, RawReply, ReplyBody, ReplyLink},
    reply::{Answer, Reply, reply_slot},
};
