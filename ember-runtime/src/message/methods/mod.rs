//! What is known of a method at compile time.

mod lane;
mod method;
mod wire;

pub use self::{
    lane::Lane,
    method::{Idempotent, Method, MethodInfo, Reach, ResultType, WireOf},
    wire::Wire,
};
