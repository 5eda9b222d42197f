//! What is known of a method at compile time.

mod described;
mod key;
mod kind;
mod lane;
mod method;
mod wire;

pub use self::{
    described::MethodRef,
    key::{CallKey, Unkeyed, key_hash},
    lane::Lane,
    method::{Deduped, Idempotent, Method, MethodInfo, Reach, Reads, ResultType, WireOf},
    wire::Wire,
};
pub(crate) use self::{described::Written, kind::MethodKind, method::Given};
