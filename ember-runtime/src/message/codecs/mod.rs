//! How values of one type become bytes, and what the type looks like. Knows nothing of methods.

mod apart;
mod codec;
mod coding;
mod probe;
mod schema;
mod sketch;

pub(crate) use self::coding::{decode, encode};
#[cfg(feature = "prost")]
pub use self::{
    codec::Prost,
    probe::{ByProst, PickProst},
};
pub use self::{
    codec::{Codec, Json},
    coding::{Coding, at_end, no_error, put_all, take_all},
    probe::{
        AnyCodec, DrawNominal, DrawStructural, ErrorOfOnesOwn, Misplaced, Nominal, PickMisplaced, PickNominal,
        PickStructural, Probe, Structural, coding_by, draw_by,
    },
    schema::Schema,
    sketch::{Signature, Sketch},
};
