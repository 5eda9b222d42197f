//! The key-value store of the in-process and the embedded registry: revisions, leases, watches, transactions, in memory.
//! Knows neither the registry's trait objects nor the etcd API, and starts no task.
//!
//! One mutex around plain data. Leases end lazily: whoever looks at the store first ends those whose time is over, and
//! whoever waits for a change also waits for the next deadline, so nobody can see a lease that should have ended. With
//! tokio's clock paused, everything here is repeatable.

mod check;
mod draft;
mod history;
mod leases;
mod locked;
mod plan;
mod query;
mod state;
mod terms;
#[cfg(test)]
mod tests;
mod transaction;
mod watcher;

pub(crate) use self::{
    locked::Store,
    query::{Found, Order, Query, Window},
    terms::{At, Change, KeyRange, Record, StoreError, size},
    transaction::{Condition, Done, Field, Op, Relation, Txn, TxnDone},
    watcher::{Gone, Watcher},
};
