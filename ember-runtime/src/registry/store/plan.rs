//! A transaction of which it is decided what it does: on what is stored before anything is written, as in etcd.

use bytes::Bytes;

use super::{
    draft::Draft,
    query::Query,
    state::State,
    transaction::{Done, Op, Txn, TxnDone},
};
use crate::registry::{
    LeaseId,
    store::terms::{At, KeyRange, StoreError},
};

/// The branches that are taken.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    succeeded: bool,
    steps: Vec<Step<'a>>,
}

#[derive(Debug)]
enum Step<'a> {
    Put { key: &'a Bytes, value: Option<&'a Bytes>, lease: Option<LeaseId> },
    Delete(&'a KeyRange),
    Range(&'a Query),
    Txn(Plan<'a>),
}

impl<'a> Plan<'a> {
    /// Decides every branch, also those of the transactions within.
    pub(super) fn of(txn: &'a Txn, state: &State) -> Self {
        let succeeded = txn.when.iter().all(|condition| condition.holds(state));
        let branch = if succeeded { &txn.then } else { &txn.otherwise };
        let steps = branch.iter().map(|op| match op {
            Op::Put { key, value, lease } => Step::Put { key, value: value.as_ref(), lease: *lease },
            Op::Delete(range) => Step::Delete(range),
            Op::Range(query) => Step::Range(query),
            Op::Txn(txn) => Step::Txn(Self::of(txn, state)),
        });
        Self { succeeded, steps: steps.collect() }
    }

    /// What speaks against it: first of its writes, then of its reads.
    pub(super) fn check(&self, state: &State) -> Result<(), StoreError> {
        self.visit(&|step| match step {
            Step::Put { key, value: None, .. } | Step::Put { key, lease: None, .. }
                if !state.keys.contains_key(*key) =>
            {
                Err(StoreError::KeyNotFound)
            }
            Step::Put { lease: Some(lease), .. } if *lease != 0 => state.leases.find(*lease).map(drop),
            _ => Ok(()),
        })?;
        self.visit(&|step| match step {
            Step::Range(query) if query.revision != 0 => state.check_revision(query.revision),
            _ => Ok(()),
        })
    }

    fn visit(&self, look: &impl Fn(&Step<'a>) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.steps.iter().try_for_each(|step| match step {
            Step::Txn(plan) => plan.visit(look),
            step => look(step),
        })
    }

    /// Does it; on an error the draft must be dropped.
    pub(super) fn apply(&self, draft: &mut Draft<'_>, reply_budget: &mut usize) -> Result<TxnDone, StoreError> {
        let steps = self.steps.iter().map(|step| {
            let value = match step {
                Step::Put { key, value, lease } => Done::Put(draft.put(key, *value, *lease)?),
                Step::Delete(range) => Done::Deleted(draft.delete(range)),
                Step::Range(query) => {
                    let found = query.run(draft)?;
                    let bytes = found.records.iter().map(|record| query.cost(record)).sum();
                    *reply_budget = reply_budget.checked_sub(bytes).ok_or(StoreError::ReplyTooLarge)?;
                    Done::Range(found)
                }
                Step::Txn(plan) => Done::Txn(plan.apply(draft, reply_budget)?),
            };
            Ok(At { revision: draft.revision(), value })
        });
        Ok(TxnDone { done: steps.collect::<Result<_, _>>()?, succeeded: self.succeeded })
    }
}
