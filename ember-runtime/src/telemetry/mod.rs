//! A node, as those see it who run it at night: figures for Prometheus, and whether it is healthy. The last room: it looks at all others, and none of
//! them knows that it does.

mod face;
mod figures;
mod files;
mod health;
mod server;
mod settings;
mod waiting;

pub use self::{
    health::{Check, Health, State},
    settings::Telemetry,
    waiting::WaitingHandler,
};
