//! What of a node is to be written in the registry, in which order, and what has been.

use std::collections::{BTreeMap, BTreeSet};

/// What a node writes of itself. The node comes first: peers take services of nodes that they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mine {
    Node,
    /// By its number.
    Service(u64),
}

/// Each change takes a place in a queue; one that waits already keeps the place that it has. So there are never more places
/// than there is to write, nobody waits for ever behind others, and "all until this place" has a meaning.
#[derive(Debug, Default)]
pub(crate) struct Book {
    waiting: BTreeMap<u64, Mine>,
    /// The same for what was refused: it waits behind all others, and nobody waits for it.
    again: BTreeMap<u64, Mine>,
    places: BTreeMap<Mine, u64>,
    /// On its way to the registry, with its place.
    sent: BTreeMap<Mine, u64>,
    /// What may be in the registry, with the revision of its last write; 0 if that is not known.
    written: BTreeMap<Mine, i64>,
    /// What of that is there only if what is on its way arrives.
    first: BTreeSet<Mine>,
    /// What the registry does not take, and why.
    refused: BTreeMap<Mine, String>,
    last: u64,
}

impl Book {
    /// Something has changed.
    pub(crate) fn touch(&mut self, mine: Mine) {
        if !self.places.contains_key(&mine) {
            self.last += 1;
            self.put(mine, self.last);
        }
    }

    fn put(&mut self, mine: Mine, place: u64) {
        if let Some(other) = self.places.insert(mine, place) {
            self.leave(other);
        }
        let queue = if self.refused.contains_key(&mine) { &mut self.again } else { &mut self.waiting };
        queue.insert(place, mine);
    }

    fn leave(&mut self, place: u64) {
        self.waiting.remove(&place);
        self.again.remove(&place);
    }

    /// The place that was given last.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Everything is written up to this place, but for what is refused.
    pub(crate) fn settled(&self) -> u64 {
        let sent = self.sent.iter().filter(|(mine, _)| !self.refused.contains_key(mine)).map(|(_, place)| place);
        let first = self.waiting.keys().next().into_iter().chain(sent).min();
        first.map_or(self.last, |first| first - 1)
    }

    /// Takes the node, if it waits: after a lost lease, services that waited before it was lost must not come before their node. Or
    /// else what waits longest; what was refused comes last. What is taken is on its way until [`done`](Self::done) or [`failed`](Self::failed).
    /// Nothing is taken twice: a change of what is on its way waits until that has arrived.
    pub(crate) fn take(&mut self) -> Option<Mine> {
        let waits = |mine: &Mine| !self.sent.contains_key(mine);
        let node = self.places.get(&Mine::Node).filter(|_| waits(&Mine::Node)).map(|place| (*place, Mine::Node));
        let mut queue = self.waiting.iter().chain(&self.again);
        let longest = || queue.find(|(_, mine)| waits(mine)).map(|(place, mine)| (*place, *mine));
        let (place, mine) = node.or_else(longest)?;
        self.leave(place);
        self.places.remove(&mine);
        self.sent.insert(mine, place);
        Some(mine)
    }

    /// Takes one back that was taken, unless it has a new place already.
    pub(crate) fn untake(&mut self, mine: Mine) {
        if let Some(place) = self.sent.remove(&mine) {
            self.put(mine, place);
        }
    }

    /// One that was taken needs no write.
    pub(crate) fn drop_taken(&mut self, mine: Mine) {
        self.sent.remove(&mine);
        self.accept(mine);
    }

    /// It is refused no more: if it waits, others wait for it again.
    fn accept(&mut self, mine: Mine) {
        if self.refused.remove(&mine).is_some()
            && let Some((place, mine)) = self.places.get(&mine).and_then(|place| self.again.remove_entry(place))
        {
            self.waiting.insert(place, mine);
        }
    }

    /// Whether it may be in the registry.
    pub(crate) fn may_be_written(&self, mine: Mine) -> bool {
        self.written.contains_key(&mine)
    }

    /// It may be there from now on, whatever is heard of the write.
    pub(crate) fn maybe_written(&mut self, mine: Mine) {
        self.written.insert(mine, 0);
    }

    /// The same for what goes on its way: unless the registry says that it did not take it.
    pub(crate) fn sends(&mut self, mine: Mine) {
        if self.written.insert(mine, 0).is_none() {
            self.first.insert(mine);
        }
    }

    /// What was on its way was written, or, if it is among the `gone`, deleted, at this revision.
    pub(crate) fn done(&mut self, revision: i64, gone: impl Fn(Mine) -> bool) {
        self.first.clear();
        for mine in std::mem::take(&mut self.sent).into_keys() {
            self.accept(mine);
            if gone(mine) {
                self.written.remove(&mine);
            } else {
                self.written.insert(mine, revision);
            }
        }
    }

    /// What was on its way waits again, at the places that it had.
    pub(crate) fn failed(&mut self) {
        self.first.clear();
        for (mine, place) in std::mem::take(&mut self.sent) {
            self.put(mine, place);
        }
    }

    /// What is there only if what is on its way arrives, is not.
    fn not_there(&mut self) {
        for mine in std::mem::take(&mut self.first) {
            self.written.remove(&mine);
        }
    }

    /// Nothing of what was on its way has arrived, and it waits again.
    pub(crate) fn rejected(&mut self) {
        self.not_there();
        self.failed();
    }

    /// The lease has ended, and with it all that was written under it: what is no more needs no deletion.
    pub(crate) fn lease_ended(&mut self) {
        self.failed();
        self.written.clear();
    }

    /// What was on its way is not taken by the registry; what of it is so for the first time.
    pub(crate) fn refuse(&mut self, why: &str) -> Vec<Mine> {
        self.not_there();
        let refused = std::mem::take(&mut self.sent).into_keys();
        refused.filter(|mine| self.refused.insert(*mine, why.to_owned()).is_none()).collect()
    }

    /// What is refused takes places anew.
    pub(crate) fn retry(&mut self) {
        for mine in self.refused.keys().copied().collect::<Vec<_>>() {
            self.touch(mine);
        }
    }

    /// One that is refused, and why.
    pub(crate) fn refused(&self) -> Option<(Mine, &str)> {
        self.refused.first_key_value().map(|(mine, why)| (*mine, &**why))
    }

    /// What waits and was never written.
    pub(crate) fn unwritten(&self) -> Vec<Mine> {
        self.places.keys().copied().filter(|mine| !self.written.contains_key(mine)).collect()
    }

    /// It needs no write any more.
    pub(crate) fn forget(&mut self, mine: Mine) {
        self.refused.remove(&mine);
        if let Some(place) = self.places.remove(&mine) {
            self.leave(place);
        }
    }

    /// Whether it waits, is on its way or was refused: then it is no news that the registry has something else.
    fn is_under_way(&self, mine: Mine) -> bool {
        self.places.contains_key(&mine) || self.sent.contains_key(&mine) || self.refused.contains_key(&mine)
    }

    /// Whether an event of this revision is news: not one of the last write, nor of what was before it.
    pub(crate) fn is_news(&self, mine: Mine, revision: i64) -> bool {
        !self.is_under_way(mine) && self.written.get(&mine).is_none_or(|written| *written < revision)
    }

    /// Whether an entry that the registry lists was not written last by this node.
    pub(crate) fn is_foreign(&self, mine: Mine, modified: i64) -> bool {
        !self.is_under_way(mine) && self.written.get(&mine) != Some(&modified)
    }

    /// The registry lists it: it is there, whatever becomes of what is on its way.
    pub(crate) fn lists(&mut self, mine: Mine) {
        self.first.remove(&mine);
    }

    /// The registry has what it shall have.
    pub(crate) fn confirm(&mut self, mine: Mine, revision: i64) {
        if !self.is_under_way(mine) {
            self.written.insert(mine, revision);
        }
    }

    /// What should be in the registry, and is not among the `listed`.
    pub(crate) fn missing(&self, listed: impl Fn(Mine) -> bool) -> Vec<Mine> {
        self.written.keys().copied().filter(|mine| !self.is_under_way(*mine) && !listed(*mine)).collect()
    }
}

#[cfg(test)]
mod tests;
