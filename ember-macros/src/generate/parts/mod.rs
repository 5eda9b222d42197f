//! What several kinds of generated code have in common.

mod hidden;
pub(crate) mod hook;
pub(crate) mod method;
mod names;
mod results;
mod wire;

pub(crate) use self::{
    hidden::hidden,
    names::{Lent, arguments, local, marker, signed},
};
