//! Events: within one node, between nodes, and under faults.

#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "the names of test services say it all"
)]

mod between;
mod bombs;
mod fallen;
mod faults;
mod here;
mod kept;
mod limits;
mod listeners;
mod replaced;
mod restarted;
mod strange;
mod together;
