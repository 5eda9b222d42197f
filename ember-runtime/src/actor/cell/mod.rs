//! The cell of a service: its mailbox, whose turn it is, its driver, and the phases of its life.

mod driver;
mod ending;
mod parts;
mod phases;
mod place;
mod task;
mod visit;

pub(crate) use self::{
    ending::{Ending, bury, part},
    parts::{AttachFn, Attachments, BeginFn, Cell, Kind, Ready, Setup},
    place::{Place, Source},
    visit::Visit,
};
