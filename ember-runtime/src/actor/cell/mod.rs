//! The cell of a service: its mailbox, whose turn it is, its driver, and the phases of its life.

mod crew;
mod driver;
mod ending;
mod front;
mod parts;
mod phases;
mod seat;
mod tally;
mod task;
mod visit;

pub(crate) use self::{
    crew::{AtWork, Begun, Order, Together},
    ending::{Ending, bury, part},
    front::Front,
    parts::{AttachFn, Attachments, BeginFn, Blueprint, Cell, Ready, Setup},
    seat::{Seat, Source},
    visit::Visit,
};
