//! How many workers a service should have, from what is measured of it: strategies, the engine that decides by them, and replaying. It knows
//! no service, no task and no clock: what is measured, and when, it is told.

mod counts;
mod decision;
mod engine;
mod load;
mod processor;
mod replay;
mod rule;
mod strategy;
mod verdict;
mod weigh;

pub use self::{
    counts::WorkerCounts,
    decision::{Decision, Scaled},
    load::Load,
    rule::Scale,
    strategy::Strategy,
    verdict::{Step, Verdict},
};
pub(crate) use self::{engine::Engine, load::Samples, processor::Processor, rule::Pace};
