//! What became of calls: every member of a group knows it, as the log says, so that whoever is the master can answer for those before.

mod beside;
mod callers;
mod note;
mod outbox;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::{
    beside::Beside,
    note::{About, Note},
    table::Known,
};
use self::{outbox::Outbox, table::Outcomes};
