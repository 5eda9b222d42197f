//! Which work of which service each thread is at, and who looks whether one stays at the same step for too long: a handler that
//! blocks its thread is named in the log.

mod look;
mod slots;
mod work;

pub(crate) use self::{look::begin, slots::At, work::Work};
