//! What was called and how it ended, and whether one service alone could have answered so. Knows no simulation.

mod history;
mod model;
mod search;
mod story;

pub use self::{
    history::{CallId, History, Moment, Outcome, Recorded},
    model::{Model, model},
    search::{NotLinearizable, linearizable},
    story::Violation,
};
