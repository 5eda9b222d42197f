//! A service and its node to each other, where the type of the service is not known.

mod any_cell;
mod core;
mod holding;
mod host;
mod outcomes;
mod owed;

pub(crate) use self::{
    any_cell::{AnyCell, OnTheSpot},
    core::{Core, InOffice},
    holding::{Holding, Overtaken},
    host::Host,
    outcomes::Calling,
    owed::{CallbackPermit, Erased, FillPermit, Owed, Refused, RouteFn},
};
