//! What serde is told of a type that travels, and whether the format can carry it.

mod judge;
mod read;
mod ways;

pub(crate) use self::{
    judge::judge,
    read::{is_converted, is_skipped, is_transparent, skip, stand_in, that_count, word},
};
