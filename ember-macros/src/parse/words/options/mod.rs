//! The options in an attribute's brackets: as they were given, taken out one by one, and what was meant by those that are left.

mod bounds;
mod closest;
mod given;
mod taken;
mod texts;

pub(crate) use self::{
    closest::{closest, list},
    taken::{NameOrPath, Options},
};
