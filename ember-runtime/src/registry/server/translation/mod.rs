//! Between the words of the store and those of etcd.

pub(crate) mod from_wire;
mod status;
pub(crate) mod to_wire;
pub(crate) mod wording;

pub(crate) use self::{to_wire::Wish, wording::Wording};
