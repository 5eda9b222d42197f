//! What was said to the builder of a node, and what the node makes of it.

use std::collections::BTreeMap;

use super::budget::{Budgets, RetryBudget};
use crate::directory::Breaker;

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct OutageSettings {
    pub(crate) budget: RetryBudget,
    pub(crate) breaker: Breaker,
    pub(crate) by_service: BTreeMap<String, Breaker>,
}

/// The budgets of a node, and the settings of its breakers.
#[derive(Debug)]
pub(crate) struct Outages {
    pub(crate) budgets: Budgets,
    breaker: Breaker,
    by_service: BTreeMap<String, Breaker>,
}

impl Outages {
    pub(crate) fn new(said: OutageSettings) -> Self {
        let OutageSettings { budget, breaker, by_service } = said;
        Self { budgets: Budgets::new(budget), breaker, by_service }
    }

    /// What holds for the instances of a service.
    pub(crate) fn breaker(&self, service: &str) -> Breaker {
        self.by_service.get(service).copied().unwrap_or(self.breaker)
    }
}
