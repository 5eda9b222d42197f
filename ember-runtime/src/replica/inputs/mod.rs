//! What the members of a group say to each other, and what stands in a journal: for those who try to break whoever reads it.

mod file;
mod members;
mod said;
mod who;

pub(crate) use self::{
    file::file,
    members::{answers, batches},
    said::{notes, state},
};
