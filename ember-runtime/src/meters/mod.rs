//! How often the handlers of each method began, how they ended, and how long they took: figures that cost a call a nanosecond or two. Each thread
//! writes its own, without a lock and without anything that cores share; whoever looks adds them up.
//!
//! And which of them wait, in the places that their services have for that.
//!
//! Knows nothing of services: a [`Meter`] is a number, and the [`Meters`] of a node know what it stands for.

#![cfg_attr(not(feature = "telemetry"), allow(dead_code, unused_imports, reason = "nobody asks for figures"))]

mod counted;
mod ended;
mod ledger;
mod meter;
mod named;
mod place;
mod tally;
mod times;

pub(crate) use self::{
    counted::Counted,
    ended::Ended,
    meter::Meter,
    named::{Meters, Named},
    place::WaitPlace,
    tally::Tally,
    times::{BOUNDS, Spread},
};
