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
mod method;
pub(crate) mod ordered;
mod payload;
mod probe;
mod raw;
mod reply;
mod room;
mod schema;
mod sketch;
mod span;
mod wire;

pub(crate) use self::{
    ambient::{Ambient, Named},
    chain::Chain,
    coding::{append, decode, encode},
    deferred::deferred,
    due::Due,
    envelope::{Envelope, MAX_HEADERS, Opened},
    format::CHECKED,
    keys::{Lifespan, MAX_KEYS, unusable_key},
    payload::Payload,
    room::{Unwritten, put_within},
    span::{HandlerSpan, MadeIn},
};
#[cfg(feature = "prost")]
pub use self::{
    codec::Prost,
    probe::{ByProst, PickProst},
};
pub use self::{
    codec::{Codec, CodecError, Json, Message, never_read},
    coding::{Coding, at_end, no_error, put_all, take_all},
    deferred::{Deferred, Handled, Replier, answered},
    envelope::Lane,
    keys::{KeyReader, Keys},
    method::{Idempotent, Method, MethodInfo, Reach, ResultType},
    probe::{
        AnyCodec, DrawNominal, DrawStructural, ErrorOfOnesOwn, Misplaced, Nominal, PickMisplaced, PickNominal,
        PickStructural, Probe, Structural, coding_by, draw_by,
    },
    schema::Schema,
    sketch::{Signature, Sketch},
    wire::Wire,
};
pub(crate) use self::{
    raw::{Arrivals, Encode, Lender, RawCall, RawReply, ReplyBody, ReplyLink},
    reply::{Answer, Answering, Reply, reply_slot},
};
