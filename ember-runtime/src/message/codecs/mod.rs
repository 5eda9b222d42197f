//! How values of one type become bytes, and what the type looks like. Knows nothing of methods.

mod apart;
mod codec;
mod coding;
mod misplaced;
mod ordered;
mod probe;

pub(crate) use self::coding::{decode, encode, put_frame, take, take_frame};
#[cfg(feature = "prost")]
pub use self::{
    codec::Prost,
    probe::{ByProst, PickProst},
};
pub use self::{
    codec::{Codec, Json},
    coding::{Coding, at_end, no_error, put_all, take_all},
    misplaced::{
        ADeferred, AStream, AnError, AnInstant, ErrorOfOnesOwn, ErrorThatTravels, Misplaced, OfACall, PickMisplaced,
        TimeForAll, ValueThatIsNoStream, ValueThatIsThere,
    },
    ordered::{AnyOrder, Asked, Deep, Depth, Known, Level, Order, Ordered, Within, refuse},
    probe::{
        AnyCodec, Nominal, PickNominal, PickStructural, Probe, ShapeNominal, ShapeStructural, Structural, coding_by,
        shape_by,
    },
};
