//! Conditional writes, as the etcd API has them: conditions, two branches of operations, transactions within transactions.

use std::{cmp::Ordering, sync::Arc};

use bytes::Bytes;

use super::{
    query::{Found, Query},
    state::State,
};
use crate::registry::{
    LeaseId,
    store::terms::{At, KeyRange, Record},
};

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
    /// One for each operation of the branch that was taken, with the revision that the store had for it.
    pub(crate) done: Vec<At<Done>>,
}

impl Txn {
    /// Nothing but `op`, unconditionally.
    pub(crate) fn of(op: Op) -> Self {
        Self { then: vec![op], ..Self::default() }
    }
}

impl Condition {
    pub(super) fn holds(&self, state: &State) -> bool {
        let mut records = state.range(&self.range).peekable();
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
