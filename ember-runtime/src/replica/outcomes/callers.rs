//! Who has calls in the table, and what of theirs has been dropped.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::note::MOST_NUMBERS;
use crate::id::{Asker, Serial};

/// All callers of a group. Those that have no calls in the table go in the order in which they were last heard of.
#[derive(Debug, Default)]
pub(super) struct Callers {
    all: BTreeMap<Asker, Caller>,
    /// Of those without calls: others stay, and are not looked at.
    order: BTreeSet<(u64, Asker)>,
    number: u64,
}

/// What is known of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Caller {
    /// It does not ask for lower numbers any more.
    pub(super) lowest: Serial,
    /// The highest number that was dropped though it may be asked for.
    pub(super) mark: Option<Serial>,
    /// Its place in the order.
    heard: u64,
    /// When that was, in the time of the log.
    at: u64,
    /// Its calls in the table.
    pub(super) calls: u64,
}

/// One that is new looks at so many others at most, to take the place of one.
const LOOKED_AT: usize = 64;

impl Callers {
    pub(super) fn get(&self, caller: Asker) -> Option<&Caller> {
        self.all.get(&caller)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// It is heard of.
    pub(super) fn hear(&mut self, caller: Asker, now: u64) -> &mut Caller {
        self.number += 1;
        let it = self.all.entry(caller).or_default();
        self.order.remove(&(it.heard, caller));
        (it.heard, it.at) = (self.number, now);
        if it.calls == 0 {
            self.order.insert((it.heard, caller));
        }
        it
    }

    /// A call of one that is known is in the table from now on.
    pub(super) fn enter(&mut self, caller: Asker) {
        let it = self.all.entry(caller).or_default();
        self.order.remove(&(it.heard, caller));
        it.calls += 1;
    }

    /// One of its calls is in the table no more; `mark`: and may be asked for.
    pub(super) fn leave(&mut self, caller: Asker, serial: Serial, mark: bool) {
        let Some(it) = self.all.get_mut(&caller) else { return };
        it.calls = it.calls.saturating_sub(1);
        if it.calls == 0 {
            self.order.insert((it.heard, caller));
        }
        if mark && serial >= it.lowest {
            it.mark = it.mark.max(Some(serial));
        }
    }

    /// Drops one of those of which nothing is left that anybody may ask for, if they were heard of last before `old`; and beyond `limit` one of
    /// which only a mark is left. Never `but`, of whom something is about to be known.
    pub(super) fn prune(&mut self, old: u64, limit: usize, but: Asker) {
        let is_crowded = self.all.len() > limit;
        let is_over = |it: &Caller| is_crowded || (it.at < old && it.mark.is_none_or(|mark| mark < it.lowest));
        let mut idle = self.order.iter().filter(|(_, it)| *it != but).take(LOOKED_AT);
        let first = idle.find(|(_, it)| self.all.get(it).is_some_and(is_over));
        if let Some((heard, caller)) = first.copied() {
            self.order.remove(&(heard, caller));
            self.all.remove(&caller);
        }
    }

    pub(super) fn written(&self) -> (u64, Vec<(Asker, Caller)>) {
        (self.number, self.all.iter().map(|(asker, caller)| (*asker, *caller)).collect())
    }

    /// `calls`: who has one in the table, once for each. Nothing, if there can be no such callers.
    pub(super) fn read((number, all): (u64, Vec<(Asker, Caller)>), calls: impl Iterator<Item = Asker>) -> Option<Self> {
        if number > MOST_NUMBERS {
            return None;
        }
        // Each caller once, with the calls that it has, whatever was written.
        let without = |(asker, caller)| (asker, Caller { calls: 0, ..caller });
        let mut all: BTreeMap<_, _> = all.into_iter().map(without).collect();
        for caller in calls {
            all.entry(caller).or_default().calls += 1;
        }
        let idle = all.iter().filter(|(_, caller)| caller.calls == 0);
        let order = idle.map(|(asker, caller)| (caller.heard, *asker)).collect();
        Some(Self { all, order, number })
    }
}
