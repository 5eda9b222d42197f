//! What is asked of a store, what it answers, and where it refuses.

mod error;
mod key_range;
pub(crate) mod limits;
mod record;
pub(crate) mod size;

pub(crate) use self::{
    error::StoreError,
    key_range::KeyRange,
    record::{At, Change, Record},
};
