//! The callers of the calls with an id: what each of them has in the table, and what of its calls has been dropped.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::id::{Incarnation, NodeKey};

/// One that is new looks at so many others at most, to take the place of one: the next goes on.
const LOOKED_AT: usize = 64;

/// Who calls: the run of a node, `None` if it is this one.
pub(super) type CallerKey = Option<NodeKey>;

/// All callers of one service.
#[derive(Debug, Default)]
pub(super) struct Callers {
    all: BTreeMap<CallerKey, Caller>,
    /// Those of which nothing is left but a mark, the one that has been so for the longest first.
    idle: BTreeMap<u64, CallerKey>,
    /// Those that have replies, by the bytes of them; of those with as many the one with the oldest reply is the last.
    heavy: BTreeSet<(usize, Reverse<u64>, CallerKey)>,
    /// Counts what is put into `idle`.
    number: u64,
}

#[derive(Debug, Default)]
struct Caller {
    /// Its calls, those that run and those that have ended.
    calls: usize,
    /// The ids of its replies, in the order in which they came.
    replies: BTreeMap<u64, u64>,
    bytes: usize,
    /// The highest id of a call that was dropped.
    mark: Option<u64>,
    /// Its place in `idle`.
    idle: Option<u64>,
}

impl Caller {
    /// Its place in `heavy`.
    fn place(&self) -> Option<(usize, Reverse<u64>)> {
        self.replies.first_key_value().map(|(oldest, _)| (self.bytes, Reverse(*oldest)))
    }
}

impl Callers {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn has(&self, caller: CallerKey) -> bool {
        self.all.contains_key(&caller)
    }

    /// The highest id of its calls that was dropped.
    pub(super) fn mark(&self, caller: CallerKey) -> Option<u64> {
        self.all.get(&caller)?.mark
    }

    /// One that has not called before: the runs of its node before it have ended, and repeat nothing. As everywhere in a cluster, the one with
    /// the greater number is the later one: of a node whose clock was set back those before stay until their room is needed.
    pub(super) fn drop_earlier_runs(&mut self, new: CallerKey) {
        let Some(new) = new else { return };
        let first = NodeKey { incarnation: Incarnation(0), ..new };
        let over: Vec<_> =
            self.all.range(Some(first)..Some(new)).filter(|(_, it)| it.calls == 0).map(|(it, _)| *it).collect();
        over.into_iter().for_each(|caller| self.remove(caller));
    }

    /// Makes room for one that has not called before, if there are fewer than `limit` then: of those of which nothing is left but a mark, the
    /// first whose node is not known any more goes.
    pub(super) fn make_room(&mut self, limit: usize, is_known: impl Fn(NodeKey) -> bool) -> bool {
        for _ in 0..LOOKED_AT.min(self.idle.len()) {
            if self.all.len() < limit {
                break;
            }
            let Some((_, caller)) = self.idle.pop_first() else { break };
            if caller.is_some_and(|node| !is_known(node)) {
                self.all.remove(&caller);
            } else {
                // Whoever needs room next looks at others first.
                self.rest(caller);
            }
        }
        self.all.len() < limit
    }

    /// It makes a call.
    pub(super) fn enter(&mut self, caller: CallerKey) {
        let it = self.all.entry(caller).or_default();
        it.calls += 1;
        if let Some(number) = it.idle.take() {
            self.idle.remove(&number);
        }
    }

    /// One of its calls is in the table no more. If that was `dropped`, this was its id.
    pub(super) fn leave(&mut self, caller: CallerKey, dropped: Option<u64>) {
        let Some(it) = self.all.get_mut(&caller) else { return };
        it.calls -= 1;
        it.mark = it.mark.max(dropped);
        match (it.calls, it.mark) {
            (0, None) => self.remove(caller),
            (0, Some(_)) => self.rest(caller),
            _ => {}
        }
    }

    /// A reply of its is stored.
    pub(super) fn store(&mut self, caller: CallerKey, (number, id): (u64, u64), bytes: usize) {
        self.weigh(caller, |it| {
            it.replies.insert(number, id);
            it.bytes += bytes;
        });
    }

    /// A reply of its is dropped.
    pub(super) fn unstore(&mut self, caller: CallerKey, number: u64, bytes: usize) {
        self.weigh(caller, |it| {
            it.replies.remove(&number);
            it.bytes -= bytes;
        });
    }

    /// The oldest reply of the caller whose replies take most. But not the `newest` of all: that of the next caller then.
    pub(super) fn heaviest(&self, newest: u64) -> Option<(CallerKey, u64)> {
        let (_, Reverse(oldest), caller) = self.heavy.iter().rev().find(|(_, Reverse(oldest), _)| *oldest != newest)?;
        Some((*caller, *self.all.get(caller)?.replies.get(oldest)?))
    }

    fn weigh(&mut self, caller: CallerKey, change: impl FnOnce(&mut Caller)) {
        let Some(it) = self.all.get_mut(&caller) else { return };
        if let Some(place) = it.place() {
            self.heavy.remove(&(place.0, place.1, caller));
        }
        change(it);
        if let Some(place) = it.place() {
            self.heavy.insert((place.0, place.1, caller));
        }
    }

    fn rest(&mut self, caller: CallerKey) {
        if let Some(it) = self.all.get_mut(&caller) {
            it.idle = Some(self.number);
            self.idle.insert(self.number, caller);
            self.number += 1;
        }
    }

    /// Nothing of it is left.
    fn remove(&mut self, caller: CallerKey) {
        if let Some(number) = self.all.remove(&caller).and_then(|it| it.idle) {
            self.idle.remove(&number);
        }
    }
}
