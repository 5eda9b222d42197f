//! Conditional writes, as the etcd API has them: conditions, two branches of operations, transactions within transactions.

use std::{cmp::Ordering, sync::Arc};

use bytes::Bytes;

use super::{
    StoreError,
    draft::Draft,
    key_range::KeyRange,
    limits,
    query::{Found, Query},
    record::Record,
};
use crate::registry::LeaseId;

/// A conditional write.
#[derive(Debug, Clone, Default)]
pub(crate) struct Txn {
    pub(crate) when: Vec<Condition>,
    pub(crate) then: Vec<Op>,
    pub(crate) otherwise: Vec<Op>,
}

/// Must hold for every key in `range`; a range without keys is asked as one key of which everything is 0.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub(crate) range: KeyRange,
    pub(crate) field: Field,
    pub(crate) relation: Relation,
}

/// What is compared, and with what.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    Version(i64),
    Created(i64),
    Modified(i64),
    Lease(LeaseId),
    /// Never holds for a key that is absent.
    Value(Bytes),
}

/// Stored … given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Greater,
    Less,
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// `None` keeps the value or the lease that the key has; lease 0 is none.
    Put {
        key: Bytes,
        value: Option<Bytes>,
        lease: Option<LeaseId>,
    },
    Delete(KeyRange),
    Range(Query),
    Txn(Txn),
}

/// What an [`Op`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// With the record before.
    Put(Option<Arc<Record>>),
    /// With what was deleted.
    Deleted(Vec<Arc<Record>>),
    Range(Found),
    Txn(TxnDone),
}

/// What a [`Txn`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TxnDone {
    pub(crate) succeeded: bool,
    /// One for each operation of the branch that was taken.
    pub(crate) done: Vec<Done>,
}

impl Txn {
    /// Nothing but `op`, unconditionally.
    pub(crate) fn of(op: Op) -> Self {
        Self { then: vec![op], ..Self::default() }
    }

    /// Applies it; on an error the draft must be dropped.
    pub(super) fn apply(&self, draft: &mut Draft<'_>, reply_budget: &mut usize) -> Result<TxnDone, StoreError> {
        let succeeded = self.when.iter().all(|condition| condition.holds(draft));
        let branch = if succeeded { &self.then } else { &self.otherwise };
        let done = branch.iter().map(|op| op.apply(draft, reply_budget)).collect::<Result<_, _>>()?;
        Ok(TxnDone { succeeded, done })
    }
}

impl Op {
    fn apply(&self, draft: &mut Draft<'_>, reply_budget: &mut usize) -> Result<Done, StoreError> {
        Ok(match self {
            Self::Put { key, value, lease } => Done::Put(draft.put(key, value.as_ref(), *lease)?),
            Self::Delete(range) if *range == KeyRange::single("") => return Err(StoreError::EmptyKey),
            Self::Delete(range) => Done::Deleted(draft.delete(range)),
            Self::Range(query) => {
                let found = query.run(draft)?;
                let bytes = found.records.iter().map(|record| record.size()).sum();
                *reply_budget = reply_budget.checked_sub(bytes).ok_or(StoreError::ReplyTooLarge)?;
                Done::Range(found)
            }
            Self::Txn(txn) => Done::Txn(txn.apply(draft, reply_budget)?),
        })
    }
}

impl Condition {
    fn holds(&self, draft: &Draft<'_>) -> bool {
        let mut records = draft.state().range(&self.range).peekable();
        if records.peek().is_none() {
            return self.compare(None);
        }
        records.all(|record| self.compare(Some(record)))
    }

    fn compare(&self, record: Option<&Arc<Record>>) -> bool {
        let number = |of: fn(&Record) -> i64, given: &i64| record.map_or(0, |record| of(record)).cmp(given);
        let ordering = match &self.field {
            Field::Version(given) => number(|record| record.version, given),
            Field::Created(given) => number(|record| record.created, given),
            Field::Modified(given) => number(|record| record.modified, given),
            Field::Lease(given) => number(|record| record.lease, given),
            Field::Value(given) => match record {
                Some(record) => record.value.cmp(given),
                None => return false,
            },
        };
        match self.relation {
            Relation::Equal => ordering == Ordering::Equal,
            Relation::NotEqual => ordering != Ordering::Equal,
            Relation::Greater => ordering == Ordering::Greater,
            Relation::Less => ordering == Ordering::Less,
        }
    }
}

/// What is wrong with a transaction, whatever is stored.
pub(super) fn check(txn: &Txn) -> Result<(), StoreError> {
    let mut operations_left = 8 * limits::OPERATIONS;
    check_size(txn, &mut { limits::REQUEST_BYTES }, &mut operations_left)?;
    Writes::of(&txn.then)?;
    Writes::of(&txn.otherwise)?;
    Ok(())
}

fn check_size(txn: &Txn, bytes_left: &mut usize, operations_left: &mut usize) -> Result<(), StoreError> {
    let Txn { when, then, otherwise } = txn;
    if [when.len(), then.len(), otherwise.len()].into_iter().any(|length| length > limits::OPERATIONS) {
        return Err(StoreError::TooManyOperations);
    }
    let operations = when.len() + then.len() + otherwise.len();
    *operations_left = operations_left.checked_sub(operations).ok_or(StoreError::TooManyOperations)?;
    for op in then.iter().chain(otherwise) {
        match op {
            Op::Put { key, value, .. } => {
                let bytes = key.len() + value.as_ref().map_or(0, Bytes::len);
                *bytes_left = bytes_left.checked_sub(bytes).ok_or(StoreError::RequestTooLarge)?;
            }
            Op::Txn(txn) => check_size(txn, bytes_left, operations_left)?,
            Op::Delete(_) | Op::Range(_) => {}
        }
    }
    Ok(())
}

/// The keys that a list of operations may write: each may be put once, and not be deleted as well.
#[derive(Default)]
struct Writes<'a> {
    puts: std::collections::BTreeSet<&'a Bytes>,
    deletes: Vec<&'a KeyRange>,
}

impl<'a> Writes<'a> {
    fn of(ops: &'a [Op]) -> Result<Self, StoreError> {
        let mut writes = Self::default();
        for op in ops {
            match op {
                Op::Put { key, .. } => writes.add(Self { puts: [key].into(), deletes: Vec::new() })?,
                Op::Delete(range) => writes.add(Self { deletes: vec![range], ..Self::default() })?,
                Op::Range(_) => {}
                Op::Txn(txn) => {
                    // Only one of the branches will run, so they may write the same keys.
                    let mut branches = Self::of(&txn.then)?;
                    let Self { puts, deletes } = Self::of(&txn.otherwise)?;
                    branches.puts.extend(puts);
                    branches.deletes.extend(deletes);
                    writes.add(branches)?;
                }
            }
        }
        Ok(writes)
    }

    fn add(&mut self, other: Self) -> Result<(), StoreError> {
        let deleted = |key: &Bytes, deletes: &[&KeyRange]| deletes.iter().any(|range| range.contains(key));
        if self.puts.iter().any(|key| other.puts.contains(key) || deleted(key, &other.deletes))
            || other.puts.iter().any(|key| deleted(key, &self.deletes))
        {
            return Err(StoreError::DuplicateKey);
        }
        self.puts.extend(other.puts);
        self.deletes.extend(other.deletes);
        Ok(())
    }
}
