//! What is done to a cluster and when: drawn from a seed, written as one line, made smaller. Knows no workload.

mod active;
mod draw;
mod fault;
mod faults;
mod names;
mod roles;
mod scenario;
mod shrink;
mod situations;
mod waits;

pub(super) use self::{
    draw::Mix,
    names::ROLES,
    scenario::Scenario,
    shrink::{Smaller, shrunk},
};
pub use self::{
    fault::{Fault, Kind, TimedFault},
    faults::Faults,
};
