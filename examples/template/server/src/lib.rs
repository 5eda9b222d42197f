//! The service behind the contract `counter-api`. Clients do not link this crate, except in their tests.

use std::collections::BTreeMap;

use counter_api::{Counter, CounterError};
use ember::prelude::*;

/// Counts under names, each up to a limit. What it has counted is gone when it ends.
#[service(name = "counter", implements(Counter))]
#[derive(Debug)]
pub struct CounterService {
    limit: u64,
    sums: BTreeMap<String, u64>,
}

impl CounterService {
    /// Counts nothing over `limit`. What comes from outside (a pool of connections, settings) is handed in here.
    pub fn new(limit: u64) -> Self {
        Self { limit, sums: BTreeMap::new() }
    }
}

#[rpc]
impl Counter for CounterService {
    async fn rpc_add(&mut self, name: String, n: u64) -> Result<u64, CounterError> {
        let sum = self.sums.entry(name).or_default();
        let next = sum.checked_add(n).filter(|next| *next <= self.limit);
        *sum = next.ok_or(CounterError::OverTheLimit(self.limit))?;
        Ok(*sum)
    }

    async fn rpc_sum(&mut self, name: String) -> u64 {
        self.sums.get(&name).copied().unwrap_or(0)
    }
}
