//! Ids that no two nodes of a cluster make twice: their layout, their text, and the rule by which one follows another. Pure: the time, the
//! slot and the reservation come from whoever asks.

mod generator;
mod layout;
mod text;

pub(crate) use self::generator::{Generator, Short};
pub use self::{layout::UniqueId, text::UniqueIdError};
