//! Who acts for a group of services that elect a master: epochs, the right to act, and what a service and its handlers see of it.
//! Knows neither how a master is elected nor who calls it.

mod appointment;
mod boot;
mod fence;
mod group_name;
mod name;
mod role;
mod seat;
#[cfg(test)]
mod seat_tests;
mod shown;
mod tenure;

pub(crate) use self::{
    appointment::{Appointment, Debt, Late},
    boot::BootClock,
    name::OfficeName,
    seat::OfficeSeat,
    shown::Shown,
    tenure::{Sent, Tenure, Term},
};
pub use self::{fence::Fence, group_name::GroupName, role::Role};
