//! What was said to the builder of a node, and what the node makes of it.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    budget::{Budgets, RetryBudget},
    failures::Measured,
};
use crate::{directory::Breaker, meters::Meters};

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
    /// What is counted of calls.
    pub(crate) measured: Measured,
}

impl Outages {
    pub(crate) fn new(said: OutageSettings) -> Self {
        let OutageSettings { budget, breaker, by_service } = said;
        Self { budgets: Budgets::new(budget), breaker, by_service, measured: Measured::default() }
    }

    /// The same, and calls are counted by these.
    pub(crate) fn counted(self, meters: Option<Arc<Meters>>) -> Self {
        Self { measured: Measured::new(meters), ..self }
    }

    /// What holds for the instances of a service.
    pub(crate) fn breaker(&self, service: &str) -> Breaker {
        self.by_service.get(service).copied().unwrap_or(self.breaker)
    }
}
