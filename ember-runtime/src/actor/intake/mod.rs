//! How calls and news come to a cell, and how its table of them is filled.

mod any;
mod appoint;
mod arrivals;
mod downs;
mod fill;
mod front;
mod promised;
mod short;
mod typed;
mod workers;
mod written;

pub(crate) use self::written::written_port;
