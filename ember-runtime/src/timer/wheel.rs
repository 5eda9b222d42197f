//! A hierarchical timer wheel, and nothing else: no clock, no lock, no task. Time is a count of ticks, which whoever owns it says.
//!
//! It has levels of 64 slots. A slot of the first level is one tick, one of the next as long as all slots of the level before. What is armed
//! lies in a list, in the lowest level in which its slot is another than that of the present. When the present comes to a slot of a
//! higher level, what lies in it moves to lower ones; from a slot of the lowest level it comes out, in the order in which it was armed.
//!
//! A slot of the third level is 4 s, and may hold a crowd: all that is near would wait while it moves. So each level but the first has its slots twice, for the
//! present and for one slot of the level above that is to come. While nothing is due, what lies in that one moves to them; when the present comes to it,
//! the two change places.
//!
//! Arming and removing are a few steps each, however much is armed. So is each [`Wheel::step`]: who has little time makes few.

use super::{
    level::{BITS, Level, Place},
    slab::{NONE, Slab},
};

const LEVELS: usize = 8;

/// What is armed for later is armed for then.
pub(super) const LAST: u64 = (1 << (BITS * LEVELS as u32)) - 1;

/// Values that are due at some time. Each belongs to a group, and can be reached through it as well.
pub(super) struct Wheel<T, G> {
    entries: Slab<Entry<T>>,
    groups: Slab<Group<G>>,
    levels: Box<[Level; LEVELS]>,
    /// All that was due before has come out.
    now: u64,
    /// A slot to which the present has come, and that has not been emptied yet.
    moving: Option<Place>,
    serial: u64,
}

/// What comes next.
enum Next {
    /// The present comes to a slot.
    Slot(Place),
    /// The bank that is ahead becomes that of the present.
    Turn(usize),
}

struct Entry<T> {
    when: u64,
    serial: u64,
    /// Its neighbours in its slot. The one before the first is the last.
    beside: Links,
    /// Its neighbours in its group, likewise.
    of_group: Links,
    group: u32,
    /// The slot that it lies in, if it is armed.
    place: Option<Place>,
    value: T,
}

struct Group<G> {
    first: u32,
    value: G,
}

#[derive(Clone, Copy)]
struct Links {
    before: u32,
    behind: u32,
}

/// Names one entry, and never another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    index: u32,
    serial: u64,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This is due, and is not armed any more.
    Due(Key),
    /// Something has come nearer. There may be more to do.
    Moved,
    /// Nothing is due. There is nothing to do before then; `None` if nothing is armed.
    Idle(Option<u64>),
}

impl Key {
    /// That of no entry.
    pub(super) const NOTHING: Self = Self { index: NONE, serial: 0 };
}

impl<T, G> Wheel<T, G> {
    pub(super) fn new() -> Self {
        Self {
            entries: Slab::new(),
            groups: Slab::new(),
            levels: Box::new([const { Level::EMPTY }; LEVELS]),
            now: 0,
            moving: None,
            serial: 0,
        }
    }

    /// Makes a group.
    pub(super) fn open(&mut self, value: G) -> u32 {
        self.groups.insert(Group { first: NONE, value })
    }

    /// What the group is about.
    pub(super) fn group(&self, group: u32) -> Option<&G> {
        self.groups.get(group).map(|group| &group.value)
    }

    /// Removes an entry of the group. `None` if it has no more.
    pub(super) fn take_of(&mut self, group: u32) -> Option<T> {
        let first = self.groups.get(group)?.first;
        self.discard(first)
    }

    /// Ends a group, if it has no entries any more.
    pub(super) fn close(&mut self, group: u32) -> Option<G> {
        self.groups.get(group).filter(|group| group.first == NONE)?;
        self.groups.remove(group).map(|group| group.value)
    }

    /// Keeps a value, due `when` that tick comes; at once if it has been.
    ///
    /// # Errors
    /// There is no such group.
    pub(super) fn insert(&mut self, group: u32, when: u64, value: T) -> Result<Key, T> {
        let Some(first) = self.groups.get(group).map(|group| group.first) else { return Err(value) };
        self.serial += 1;
        let serial = self.serial;
        let alone = Links { before: NONE, behind: NONE };
        let index =
            self.entries.insert(Entry { when, serial, beside: alone, of_group: alone, group, place: None, value });
        let first = self.append(first, index, |entry| &mut entry.of_group);
        if let Some(group) = self.groups.get_mut(group) {
            group.first = first;
        }
        self.arm(index, when);
        Ok(Key { index, serial })
    }

    /// Arms an entry again, whether it still is armed or not.
    pub(super) fn rearm(&mut self, key: Key, when: u64) {
        if self.get(key).is_some() {
            self.disarm(key.index);
            self.arm(key.index, when);
        }
    }

    pub(super) fn get(&self, key: Key) -> Option<&T> {
        self.entries.get(key.index).filter(|entry| entry.serial == key.serial).map(|entry| &entry.value)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.entries.get_mut(key.index).filter(|entry| entry.serial == key.serial).map(|entry| &mut entry.value)
    }

    /// The group of an entry.
    pub(super) fn group_of(&self, key: Key) -> Option<&G> {
        let entry = self.entries.get(key.index).filter(|entry| entry.serial == key.serial)?;
        self.group(entry.group)
    }

    /// Removes an entry, armed or not.
    pub(super) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        self.discard(key.index)
    }

    /// Entries, armed or not.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Goes on towards the present, `now`, by one step.
    pub(super) fn step(&mut self, now: u64) -> Step {
        loop {
            if let Some(place) = self.moving {
                match self.first(place) {
                    NONE => self.moving = None,
                    index => {
                        self.lower(index, place.level as usize);
                        return Step::Moved;
                    }
                }
            }
            let Some((begins, next)) = self.next() else {
                self.now = self.now.max(now);
                return Step::Idle(None);
            };
            if begins > now {
                self.now = self.now.max(now);
                return if self.prepare() { Step::Moved } else { Step::Idle(Some(begins)) };
            }
            self.now = self.now.max(begins);
            match next {
                Next::Turn(level) => self.levels[level].present ^= 1,
                Next::Slot(place) if place.level > 0 => self.moving = Some(place),
                Next::Slot(place) => {
                    let index = self.first(place);
                    self.disarm(index);
                    let serial = self.entries.get(index).map_or(0, |entry| entry.serial);
                    return Step::Due(Key { index, serial });
                }
            }
        }
    }

    /// What comes next, and the tick at which it does.
    fn next(&self) -> Option<(u64, Next)> {
        // A slot of a level comes before all of the levels above. Whatever comes at one tick goes down from the highest level: what lies lower for a tick
        // was armed before what lies higher.
        let slot = (0..LEVELS).find_map(|level| self.next_of(level, self.levels[level].present));
        if let Some((begins, place)) = slot.filter(|(_, place)| place.level == 0) {
            return Some((begins, Next::Slot(place)));
        }
        let turns = (1..LEVELS - 1).rev().filter(|level| self.levels[*level].is_ahead());
        let turn =
            turns.map(|level| (self.levels[level].ahead << (BITS * (level as u32 + 1)), level)).min_by_key(|it| it.0);
        match (slot, turn) {
            (Some((begins, place)), None) => Some((begins, Next::Slot(place))),
            (Some((begins, place)), Some((turns, _))) if begins <= turns => Some((begins, Next::Slot(place))),
            (_, Some((turns, level))) => Some((turns, Next::Turn(level))),
            (None, None) => None,
        }
    }

    /// The first slot of a bank that is not empty, and the tick at which it begins.
    fn next_of(&self, level: usize, bank: u8) -> Option<(u64, Place)> {
        let it = &self.levels[level];
        let slot = it.next(bank)?;
        let above = if bank == it.present { self.now >> (BITS * (level as u32 + 1)) } else { it.ahead };
        let begins = (above << BITS | slot) << (BITS * level as u32);
        Some((begins, Place::of(begins, level, bank)))
    }

    /// Moves one of those down that the present comes to next. `false` if there is nothing to move.
    fn prepare(&mut self) -> bool {
        for level in 2..LEVELS {
            let present = self.levels[level].present;
            let Some((begins, place)) = self.next_of(level, present).or_else(|| self.next_of(level, present ^ 1))
            else {
                continue;
            };
            let (below, slot) = (&mut self.levels[level - 1], begins >> (BITS * level as u32));
            if !below.is_ahead() {
                below.ahead = slot;
            }
            if below.ahead == slot {
                let bank = below.present ^ 1;
                let index = self.first(place);
                let when = self.disarm(index);
                self.put(index, when, Place::of(when, level - 1, bank));
                return true;
            }
        }
        false
    }

    fn first(&self, place: Place) -> u32 {
        self.levels[place.level as usize].first(place)
    }

    fn set_first(&mut self, place: Place, first: u32) {
        self.levels[place.level as usize].set_first(place, first);
    }

    /// Arms an entry that is not armed: behind what was armed for the same tick before, also if that is on its way down.
    fn arm(&mut self, index: u32, when: u64) {
        let when = self.bounded(when);
        match self.moving {
            // The present stands at the beginning of that slot.
            Some(place) if (self.now ^ when) >> (BITS * u32::from(place.level)) == 0 => self.put(index, when, place),
            _ => self.settle(index, when),
        }
    }

    /// Puts an entry that is not armed into the slot of its time.
    fn settle(&mut self, index: u32, when: u64) {
        let when = self.bounded(when);
        // The highest digit in which it differs from the present.
        let differs = (self.now ^ when).checked_ilog2().unwrap_or(0);
        let level = (differs / BITS).min(LEVELS as u32 - 1) as usize;
        self.put(index, when, Place::of(when, level, self.levels[level].present));
    }

    /// Moves an entry down from a level to which the present comes: behind those that were prepared, if there are any of its slot.
    fn lower(&mut self, index: u32, from: usize) {
        let when = self.disarm(index);
        let slot_above = |below: &usize| when >> (BITS * (*below as u32 + 1));
        let prepared = |below: &usize| self.levels[*below].is_ahead() && self.levels[*below].ahead == slot_above(below);
        match (1..from).rev().find(prepared) {
            Some(below) => self.put(index, when, Place::of(when, below, self.levels[below].present ^ 1)),
            None => self.settle(index, when),
        }
    }

    fn bounded(&self, when: u64) -> u64 {
        when.clamp(self.now, LAST.max(self.now))
    }

    fn put(&mut self, index: u32, when: u64, place: Place) {
        let first = self.append(self.first(place), index, |entry| &mut entry.beside);
        self.set_first(place, first);
        if let Some(entry) = self.entries.get_mut(index) {
            entry.when = when;
            entry.place = Some(place);
        }
    }

    /// Takes an entry out of its slot, if it is in one; when it was due.
    fn disarm(&mut self, index: u32) -> u64 {
        let Some(entry) = self.entries.get_mut(index) else { return 0 };
        let when = entry.when;
        if let Some(place) = entry.place.take() {
            let first = self.unlink(self.first(place), index, |entry| &mut entry.beside);
            self.set_first(place, first);
        }
        when
    }

    /// Takes an entry out of everything.
    fn discard(&mut self, index: u32) -> Option<T> {
        self.disarm(index);
        let number = self.entries.get(index)?.group;
        let first = self.groups.get(number).map_or(NONE, |group| group.first);
        let first = self.unlink(first, index, |entry| &mut entry.of_group);
        if let Some(group) = self.groups.get_mut(number) {
            group.first = first;
        }
        self.entries.remove(index).map(|entry| entry.value)
    }

    /// Puts an entry at the end of a list, and returns the first of the list.
    fn append(&mut self, first: u32, index: u32, links: fn(&mut Entry<T>) -> &mut Links) -> u32 {
        let last =
            self.entries.get_mut(first).map_or(index, |entry| std::mem::replace(&mut links(entry).before, index));
        if first != NONE
            && let Some(entry) = self.entries.get_mut(last)
        {
            links(entry).behind = index;
        }
        if let Some(entry) = self.entries.get_mut(index) {
            *links(entry) = Links { before: last, behind: NONE };
        }
        if first == NONE { index } else { first }
    }

    /// Takes an entry out of a list, and returns the first of the list.
    fn unlink(&mut self, first: u32, index: u32, links: fn(&mut Entry<T>) -> &mut Links) -> u32 {
        let Some(entry) = self.entries.get_mut(index) else { return first };
        let Links { before, behind } = *links(entry);
        let now_first = if index == first { behind } else { first };
        if index != first
            && let Some(entry) = self.entries.get_mut(before)
        {
            links(entry).behind = behind;
        }
        // Behind the last is nobody; then the one before is the last, which the first knows.
        let next = if behind == NONE { now_first } else { behind };
        if let Some(entry) = self.entries.get_mut(next) {
            links(entry).before = before;
        }
        now_first
    }

    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.entries.chunks()
    }
}

#[cfg(test)]
#[path = "wheel_tests.rs"]
mod tests;
