//! Whole links between nodes of one process: over TCP, or over memory where a test owns the network and the clock.

mod announced;
mod calls;
mod chaos;
mod churn;
mod compatible;
mod encoding;
mod faults;
mod fuzz;
mod given_up;
mod limits;
mod memory;
mod pairs;
mod pieces;
mod refusals;
mod shutdown;
mod strangers;
mod support;
mod wakers;
