//! A service and its node to each other, where the type of the service is not known.

mod any_cell;
mod calling;
mod core;
mod holding;
mod host;
mod outcomes;
#[cfg(test)]
mod outcomes_tests;
mod owed;
#[cfg(test)]
mod tests;
mod workers;

pub use self::workers::WorkerCounts;
pub(crate) use self::{
    any_cell::{AnyCell, OnTheSpot},
    calling::Calling,
    core::{Core, InOffice},
    holding::{Holding, Overtaken},
    host::Host,
    owed::{CallbackPermit, Erased, FillPermit, Owed, Refused, RouteFn},
    workers::Workers,
};
