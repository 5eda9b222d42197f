//! The journals of the members of a node: their files, and the thread of each, on which alone a disk is waited for. What stands in them, and what it
//! means, is `replica::journal`'s.

mod disk;
mod keeper;
mod open;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use self::{
    keeper::{Journal, Progress},
    open::{Opened, open},
};
