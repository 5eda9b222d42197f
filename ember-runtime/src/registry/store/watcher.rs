//! A place in the history: reads the changes of a range, in order, none left out.

use std::sync::Arc;

use super::{Store, state::State};
use crate::registry::store::terms::{At, Change, KeyRange, limits};

/// Holds no changes: one that is not read costs nothing, and one that is read too late finds its place gone.
#[derive(Debug)]
pub(crate) struct Watcher {
    store: Store,
    range: KeyRange,
    /// The first revision not read yet; may lie in the future.
    position: i64,
}

/// The history that a [`Watcher`] wanted is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone {
    /// The oldest revision that can still be watched from.
    pub(crate) oldest: i64,
}

impl Store {
    /// Watches `range` from revision `from` on (inclusive), which may lie in the future.
    pub(crate) fn watch(&self, range: KeyRange, from: i64) -> Watcher {
        Watcher { store: self.clone(), range, position: from }
    }
}

impl Watcher {
    /// The next changes of the range, with the store's revision. Never empty.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    #[cfg(test)]
    pub(crate) async fn next(&mut self) -> Result<At<Vec<Change>>, Gone> {
        self.next_as(|change| Some(change.clone())).await
    }

    /// The same, each as `take` has it; what it does not want is left out.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn next_as<T>(&mut self, take: fn(&Change) -> Option<T>) -> Result<At<Vec<T>>, Gone> {
        loop {
            let batch = self.try_next_as(take)?;
            if !batch.value.is_empty() {
                return Ok(batch);
            }
            self.store.wait_past(self.position - 1).await;
        }
    }

    /// The next changes of the range, if there are any now. When there are none, the watcher has seen everything up to
    /// the revision returned.
    pub(crate) fn try_next(&mut self) -> Result<At<Vec<Change>>, Gone> {
        self.try_next_as(|change| Some(change.clone()))
    }

    fn try_next_as<T>(&mut self, take: fn(&Change) -> Option<T>) -> Result<At<Vec<T>>, Gone> {
        let Self { store, range, position } = self;
        store.with(|state, _| read(state, store.shown_of(state), range, position, take))
    }
}

fn read<T>(
    state: &State,
    revision: i64,
    range: &KeyRange,
    position: &mut i64,
    take: fn(&Change) -> Option<T>,
) -> Result<At<Vec<T>>, Gone> {
    let oldest = state.history.oldest();
    if *position < oldest {
        return Err(Gone { oldest });
    }
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let shown = |changes: &&Arc<[Change]>| changes.first().is_none_or(|change| change.revision <= revision);
    for changes in state.history.since(*position).take_while(shown) {
        for change in changes.iter().filter(|change| range.contains(&change.key)) {
            bytes += change.size();
            batch.extend(take(change));
        }
        if let Some(change) = changes.first() {
            *position = change.revision + 1;
        }
        if batch.len() >= limits::BATCH_CHANGES || bytes >= limits::BATCH_BYTES {
            return Ok(At { revision, value: batch });
        }
    }
    *position = (*position).max(revision + 1);
    Ok(At { revision, value: batch })
}
