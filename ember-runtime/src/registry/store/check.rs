//! What is wrong with a transaction, whatever is stored: by etcd's rules, so that what works here works there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::transaction::{Op, Txn};
use crate::registry::store::terms::{KeyRange, StoreError, limits};

/// Looks at every branch, also at those that will not be taken.
pub(super) fn check(txn: &Txn) -> Result<(), StoreError> {
    check_shape(txn, limits::OPERATIONS)?;
    Writes::of(&txn.then)?;
    Writes::of(&txn.otherwise)?;
    Ok(())
}

/// `allowed`: how long a list may be. What a transaction has in its longest is taken off for those within it.
fn check_shape(txn: &Txn, allowed: usize) -> Result<(), StoreError> {
    let Txn { when, then, otherwise } = txn;
    let longest = when.len().max(then.len()).max(otherwise.len());
    let left = allowed.checked_sub(longest).ok_or(StoreError::TooManyOperations)?;
    let present = |key: &Bytes| if key.is_empty() { Err(StoreError::EmptyKey) } else { Ok(()) };
    when.iter().try_for_each(|condition| present(condition.range.start()))?;
    then.iter().chain(otherwise).try_for_each(|op| match op {
        Op::Put { key, .. } => present(key),
        Op::Delete(range) => present(range.start()),
        Op::Range(query) => present(query.range.start()),
        Op::Txn(txn) => check_shape(txn, left),
    })
}

/// The keys that a list of operations may write: each may be put once, and not be deleted as well.
///
/// As in etcd: a deletion without an end collides with nothing, and one in a transaction only with what stands after it, in
/// other transactions or in the list around it.
#[derive(Default)]
struct Writes<'a> {
    puts: BTreeSet<&'a Bytes>,
    deletes: Intervals,
}

impl<'a> Writes<'a> {
    fn of(ops: &'a [Op]) -> Result<Self, StoreError> {
        let mut writes = Self::default();
        for op in ops {
            if let Op::Delete(range) = op {
                writes.deletes.add(range);
            }
        }
        for op in ops {
            if let Op::Txn(txn) = op {
                // Only one of the branches will run, so they may write the same keys.
                let mut branches = Self::of(&txn.then)?;
                let Self { puts, deletes } = Self::of(&txn.otherwise)?;
                branches.puts.extend(puts);
                for key in branches.puts {
                    writes.put(key)?;
                }
                writes.deletes.extend(branches.deletes);
                writes.deletes.extend(deletes);
            }
        }
        for op in ops {
            if let Op::Put { key, .. } = op {
                writes.put(key)?;
            }
        }
        Ok(writes)
    }

    fn put(&mut self, key: &'a Bytes) -> Result<(), StoreError> {
        if self.deletes.contains(key) || !self.puts.insert(key) {
            return Err(StoreError::DuplicateKey);
        }
        Ok(())
    }
}

/// Keys in intervals that do not touch: end (exclusive) by start.
#[derive(Default)]
struct Intervals(BTreeMap<Bytes, Bytes>);

impl Intervals {
    fn add(&mut self, range: &KeyRange) {
        if let Some((start, end)) = range.interval() {
            self.insert(start, end);
        }
    }

    fn extend(&mut self, others: Self) {
        for (start, end) in others.0 {
            self.insert(start, end);
        }
    }

    fn insert(&mut self, mut start: Bytes, mut end: Bytes) {
        while let Some((first, last)) =
            self.0.range::<Bytes, _>(..=&end).next_back().filter(|(_, last)| **last >= start)
        {
            let (first, last) = (first.clone(), last.clone());
            self.0.remove(&first);
            start = start.min(first);
            end = end.max(last);
        }
        self.0.insert(start, end);
    }

    fn contains(&self, key: &Bytes) -> bool {
        self.0.range::<Bytes, _>(..=key).next_back().is_some_and(|(_, end)| key < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn intervals_hold_what_the_ranges_hold_that_they_were_made_of() {
        let rng = Rng::from_seed(3);
        let key = |n: usize| Bytes::from(vec![b'a' + u8::try_from(n).unwrap()]);
        for _ in 0..200 {
            let (mut intervals, mut ranges) = (Intervals::default(), Vec::new());
            for _ in 0..rng.below(6) {
                let range = match rng.below(3) {
                    0 => KeyRange::single(key(rng.below(20))),
                    _ => KeyRange::from_wire(key(rng.below(20)), key(rng.below(20))),
                };
                intervals.add(&range);
                ranges.push(range);
            }
            for key in (0..20).map(key) {
                assert_eq!(intervals.contains(&key), ranges.iter().any(|range| range.contains(&key)), "{ranges:?}");
            }
        }
    }
}
