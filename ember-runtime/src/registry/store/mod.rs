//! The key-value store of the in-process and the embedded registry: revisions, leases, watches, transactions, in memory.
//! Knows neither the registry's trait objects nor the etcd API, and starts no task.
//!
//! Where what it holds is to be kept, its [`Log`] says what happened, and nothing is seen or acknowledged before it is kept.
//!
//! One mutex around plain data. Leases end lazily: whoever looks at the store first ends those whose time is over, and
//! whoever waits for a change also waits for the next deadline, so nobody can see a lease that should have ended. With
//! tokio's clock paused, everything here is repeatable.

mod check;
#[cfg_attr(not(unix), allow(dead_code, reason = "only the embedded registry keeps what it holds, and it is not there"))]
mod contents;
mod draft;
mod history;
mod leases;
mod locked;
#[cfg_attr(not(unix), allow(dead_code, reason = "as above"))]
mod log;
mod plan;
mod query;
mod state;
mod terms;
#[cfg(test)]
mod tests;
mod transaction;
mod watcher;

pub(crate) use self::{
    contents::{Contents, Entry},
    locked::Store,
    log::{Log, Taken},
    query::{Found, Order, Query, Window},
    terms::{At, Change, KeyRange, Record, StoreError, limits, size},
    transaction::{Condition, Done, Field, Op, Relation, Txn, TxnDone},
    watcher::{Gone, Watcher},
};
