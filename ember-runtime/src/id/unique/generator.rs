//! The rule by which one id follows another, on one slot, within the time that is reserved for it.

use super::layout::{Place, UniqueId};

/// Makes the ids of one slot. Each is larger than the one before, and has a time that is reserved.
#[derive(Debug, Clone)]
pub(crate) struct Generator {
    slot: u16,
    /// No id is before this place.
    next: Place,
    /// Milliseconds; no id has this time or a later one.
    until: u64,
}

/// There is no id before more time is reserved: the next one would have this time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) wanted: u64,
}

impl Generator {
    /// On a slot whose ids may have times from `from` on, until before `until`.
    pub(crate) fn new(slot: u16, from: u64, until: u64) -> Self {
        Self { slot, next: Place::first(from), until }
    }

    pub(crate) fn slot(&self) -> u16 {
        self.slot
    }

    pub(crate) fn until(&self) -> u64 {
        self.until
    }

    /// More time is reserved. Never less.
    pub(crate) fn extend(&mut self, until: u64) {
        self.until = self.until.max(until);
    }

    /// The first millisecond in which it has made no id.
    pub(crate) fn unused(&self) -> u64 {
        if Place::first(self.next.millis()) == self.next { self.next.millis() } else { self.next.millis() + 1 }
    }

    /// The next id, on a clock that shows `now`: of this millisecond, or, if there was a later one already, the one after that. So a clock that
    /// was set back, and more than 4,096 ids in a millisecond, borrow from the future, as far as it is reserved.
    #[inline]
    pub(crate) fn next(&mut self, now: u64) -> Result<UniqueId, Short> {
        let place = self.next.max(Place::first(now));
        let short = Short { wanted: place.millis() };
        if place.millis() >= self.until {
            return Err(short);
        }
        let id = UniqueId::at(place, self.slot).ok_or(short)?;
        self.next = place.next();
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn ids_have_the_time_of_the_clock_and_follow_each_other_within_a_millisecond() {
        let mut ids = Generator::new(5, 100, 200);
        let made: Vec<_> = [100, 100, 101, 150].into_iter().map(|now| ids.next(now).unwrap()).collect();
        let parts: Vec<_> = made.iter().map(|id| (id.millis(), id.slot(), id.sequence())).collect();
        assert_eq!(parts, [(100, 5, 0), (100, 5, 1), (101, 5, 0), (150, 5, 0)]);
        assert_eq!(ids.next(200), Err(Short { wanted: 200 }));
        ids.extend(201);
        assert_eq!(ids.next(200).unwrap().millis(), 200);
    }

    #[test]
    fn what_is_too_fast_for_the_clock_borrows_to_the_end_of_what_is_reserved_and_no_further() {
        let mut ids = Generator::new(0, 10, 12);
        let made: Vec<_> = std::iter::from_fn(|| ids.next(3).ok()).collect();
        assert_eq!(made.len(), 2 * 4_096);
        assert!(made.windows(2).all(|two| two[0] < two[1]));
        assert_eq!((ids.next(3), ids.unused()), (Err(Short { wanted: 12 }), 12));
        // The clock catches up.
        ids.extend(14);
        assert_eq!(ids.next(13).unwrap().millis(), 13);
        assert_eq!(ids.unused(), 14);
    }

    #[test]
    fn the_time_of_ids_ends_without_a_repeat() {
        let mut ids = Generator::new(0, UniqueId::END - 1, u64::MAX);
        let made = std::iter::from_fn(|| ids.next(u64::MAX >> 12).ok()).count();
        assert_eq!(made, 0);
        let made = std::iter::from_fn(|| ids.next(0).ok()).count();
        assert_eq!(made, 4_096);
    }

    /// Holders that follow each other on one slot, each with a clock of its own that jumps, and reservations of which some are never used: as the
    /// registry keeps them.
    #[test]
    fn no_id_comes_twice_whatever_the_clocks_do() {
        for seed in 0..40 {
            let rng = Rng::from_seed(seed);
            let (mut reserved, mut all) = (0, Vec::new());
            for _ in 0..12 {
                let mut clock = 1_000 + rng.below(5_000) as u64;
                let from = clock.max(reserved);
                reserved = from + 20;
                let (mut ids, mut last) = (Generator::new(3, from, reserved), None);
                for _ in 0..rng.below(400) {
                    match rng.below(40) {
                        0 => clock = clock.saturating_sub(rng.below(2_000) as u64),
                        1 => clock += rng.below(2_000) as u64,
                        2..10 => clock += 1,
                        _ => {}
                    }
                    if rng.below(100) == 0 {
                        // A burst, which borrows.
                        (0..rng.below(6_000)).for_each(|_| all.extend(ids.next(clock).ok()));
                    }
                    match ids.next(clock) {
                        Ok(id) => {
                            assert!(last < Some(id) && id.millis() < reserved, "seed {seed}");
                            last = Some(id);
                            all.push(id);
                        }
                        Err(Short { wanted }) => {
                            assert!(wanted >= reserved, "seed {seed}");
                            reserved = reserved.max(clock + 20);
                            ids.extend(reserved);
                        }
                    }
                }
            }
            let made = all.len();
            // They were made in order, too.
            assert!(all.windows(2).all(|two| two[0] < two[1]), "seed {seed}: out of order");
            all.dedup();
            assert_eq!(all.len(), made, "seed {seed}: an id came twice");
        }
    }
}
