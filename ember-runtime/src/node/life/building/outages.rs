//! What a node is told of outages: how many calls it repeats, and when it leaves an instance alone; and how large its pool is.

use crate::node::life::builder::NodeBuilder;
use crate::{call::RetryBudget, directory::Breaker, node::settings::values, offload::Offload};

impl NodeBuilder {
    /// How many of the calls of this node's clients may be repeated by their [`Retry`](crate::call::Retry), for each target: 20 % of those
    /// of the last 10 s, and 20 more, unless something else is said. [`start`](Self::start) refuses more than 100 %; without a limit is
    /// [`RetryBudget::unlimited`].
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        match values::budget(budget) {
            Ok(()) => self.outages.budget = budget,
            Err(problem) => self.note(problem),
        }
        self
    }

    /// When this node leaves an instance alone that does not answer it: after 5 calls in a row, unless something else is said.
    /// [`Breaker::off`] is never. [`start`](Self::start) refuses 0 calls, times of zero or of more than a year, and a first time that is longer than
    /// the longest.
    pub fn breaker(mut self, breaker: Breaker) -> Self {
        match values::breaker(&breaker) {
            Ok(()) => self.outages.breaker = breaker,
            Err(problem) => self.note(problem),
        }
        self
    }

    /// The same for the instances of one service, by its name: for example one whose methods often take longer than their callers
    /// wait. [`start`](Self::start) refuses what cannot be a name, and what [`breaker`](Self::breaker) does. A name that no service has is no
    /// error: those that this node calls run elsewhere, and may come later. The name is that of the service (`#[service(name = "…")]`, or the struct's),
    /// not that of its client.
    pub fn breaker_of(mut self, service: impl Into<String>, breaker: Breaker) -> Self {
        let service = service.into();
        match values::name(".breaker_of", &service).and_then(|()| values::breaker(&breaker)) {
            Ok(()) => drop(self.outages.by_service.insert(service, breaker)),
            Err(problem) => self.note(problem),
        }
        self
    }

    /// How large the pool of this node is for work that its services [offload](crate::actor::Cx::offload). [`start`](Self::start) refuses no
    /// threads and more than 4,096, no futures and more than 65,536, and room for more than 1,048,576.
    pub fn offload(mut self, pool: Offload) -> Self {
        match values::offload(&pool) {
            Ok(()) => self.offload = pool,
            Err(problem) => self.note(problem),
        }
        self
    }
}
