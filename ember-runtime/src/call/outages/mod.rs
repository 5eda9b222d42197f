//! What a node does so that its callers do not make an outage worse: how many calls it repeats, and which instances it leaves alone; and how often
//! calls failed.

mod budget;
mod failures;
mod settings;

pub use self::budget::RetryBudget;
pub(crate) use self::settings::{OutageSettings, Outages};
