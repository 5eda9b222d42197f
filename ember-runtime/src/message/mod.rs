//! What travels: methods and their descriptions, the envelope of a call, how arguments become bytes, and where the
//! answer goes. Knows nothing of who sends it or who receives it.

mod ambient;
mod apart;
mod chain;
mod codec;
mod coding;
mod deferred;
mod due;
mod envelope;
mod format;
mod keys;
mod lane;
mod method;
mod named;
mod payload;
mod probe;
mod raw;
mod reply;
mod schema;
mod sketch;
mod span;
mod wire;

pub(crate) use self::{
    ambient::Ambient,
    chain::Chain,
    coding::{decode, encode},
    deferred::deferred,
    due::Due,
    envelope::{Envelope, MAX_HEADERS, Opened},
    format::{CHECKED, Encode, Unwritten, append, check_key, put_within},
    keys::{Lifespan, MAX_KEYS},
    named::Named,
    payload::Payload,
    span::{HandlerSpan, MadeIn},
};
#[cfg(feature = "prost")]
pub use self::{
    codec::Prost,
    probe::{ByProst, PickProst},
};
pub use self::{
    codec::{Codec, Json},
    coding::{Coding, at_end, no_error, put_all, take_all},
    deferred::{Deferred, Handled, Replier, answered},
    format::{CodecError, Message, never_read},
    keys::{KeyReader, Keys},
    lane::Lane,
    method::{Idempotent, Method, MethodInfo, Reach, ResultType, WireOf},
    probe::{
        AnyCodec, DrawNominal, DrawStructural, ErrorOfOnesOwn, Misplaced, Nominal, PickMisplaced, PickNominal,
        PickStructural, Probe, Structural, coding_by, draw_by,
    },
    schema::Schema,
    sketch::{Signature, Sketch},
    wire::Wire,
};
pub(crate) use self::{
    raw::{Arrivals, Lender, RawCall, RawReply, ReplyBody, ReplyLink},
    reply::{Answer, Answering, Reply, reply_slot},
};
