//! What became of calls: every member of a group knows it, as the log says, so that whoever is the master can answer for those before.

mod callers;
mod note;
mod outbox;
pub(crate) mod picture;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    note::{About, Note},
    outbox::Outbox,
    table::{Known, Outcomes},
};
