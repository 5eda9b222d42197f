//! What travels: methods and their descriptions, the envelope of a call, how arguments become bytes, and where the
//! answer goes. Knows nothing of who sends it or who receives it.

mod codecs;
mod format;
#[cfg(feature = "testing")]
pub(crate) mod inputs;
mod metadata;
mod methods;
mod replies;
pub mod schema;
mod streams;
mod transcode;

#[cfg(feature = "prost")]
pub use self::codecs::{ByProst, PickProst, Prost};
#[cfg(feature = "cluster")]
pub(crate) use self::replies::take_shown;
pub(crate) use self::replies::{
    Answer, Answering, Arrivals, Lender, RawCall, RawReply, Reply, ReplyBody, ReplyLink, Stored, Unused, reply_slot,
    whole,
};
pub use self::{
    codecs::{
        ADeferred, AStream, AnError, AnInstant, AnyCodec, AnyOrder, Asked, Codec, Coding, Deep, Depth, ErrorOfOnesOwn,
        ErrorThatTravels, Json, Known, Level, Misplaced, Nominal, OfACall, Order, Ordered, PickMisplaced, PickNominal,
        PickStructural, Probe, ShapeNominal, ShapeStructural, Structural, TimeForAll, ValueThatIsNoStream,
        ValueThatIsThere, Within, at_end, coding_by, no_error, put_all, refuse, shape_by, take_all,
    },
    format::{CodecError, Itself, Message, Part, Unread, never_read, part},
    metadata::{Caller, Extension, KeyReader, Keys, TraceContext, TravelsBeside},
    methods::{
        CallKey, Deduped, Idempotent, Lane, Method, MethodInfo, MethodRef, Reach, Reads, ResultType, Unkeyed, Wire,
        WireOf, key_hash,
    },
    replies::{Deferred, Handled, Replier, Returned, answered},
    schema::{Schema, Signature},
    streams::{Station, StreamError, StreamOf, StreamSender, Streaming, Unsent, stream_coding, stream_shape},
};
pub(crate) use self::{
    codecs::{decode, encode, take},
    format::{CHECKED, Encode, Lent, Unwritten, append, put_within},
    metadata::{
        Ambient, Beside, CameFrom, Chain, Due, Envelope, HandlerSpan, Lifespan, MAX_EXTENDED, MAX_EXTENSIONS,
        MAX_HEADERS, MAX_KEYS, MOST_UNSETTLED, MadeIn, Named, Opened, Reading, Settled, Settles, Stamp, Unsettled,
        handler, unusable_key,
    },
    methods::{Given, MethodKind, Written},
    replies::{Awaited, Payload, Promised, Promises, Shows, deferred},
    streams::{Ask, Desk, Items, Pull, Source, StreamsOfLife, Ticket, streaming},
    transcode::{args_from_json, error_to_json, key_from_json, value_to_json},
};
