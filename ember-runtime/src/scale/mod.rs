//! How many workers a service should have, from what is measured of it: strategies, the engine that decides by them, and replaying. It knows
//! no service, no task and no clock: what is measured, and when, it is told.

mod decision;
mod engine;
mod processor;
mod reading;
mod replay;
mod rule;
mod strategy;
mod verdict;
mod weigh;
mod workers;

pub use self::{
    decision::{Decision, Scaled},
    reading::Reading,
    rule::Scale,
    strategy::Strategy,
    verdict::{Step, Verdict},
    workers::Workers,
};
pub(crate) use self::{engine::Engine, processor::Processor, reading::Samples, rule::Pace};
