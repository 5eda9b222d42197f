//! What several kinds of generated code have in common.

mod bounds;
mod ends;
mod hidden;
pub(crate) mod hook;
pub(crate) mod method;
mod names;
mod results;
mod wire;

pub(crate) use self::{
    bounds::bounded,
    ends::{ends, refuse},
    hidden::hidden,
    names::{Lent, arguments, local, marker, signed},
};
