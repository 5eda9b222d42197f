//! Where the time, the slot and the sequence are in an id.

use std::time::{Duration, SystemTime};

/// When the time of ids begins: 2026-01-01T00:00:00Z, in milliseconds since 1970.
const BEGINNING: u64 = 1_767_225_600_000;
const SEQUENCE_BITS: u32 = 12;
const SLOT_BITS: u32 = 10;
const TIME_BITS: u32 = 41;

/// An id that no other node of the cluster has made or will make: 64 bits, in the order of time.
///
/// | bits | hold |
/// | --- | --- |
/// | 63 | 0, so that it fits into the signed integers of databases |
/// | 22 to 62 | milliseconds since 2026-01-01T00:00:00Z: 69 years, to September 2095 |
/// | 12 to 21 | the slot of the node that made it, 0 to 1023 |
/// | 0 to 11 | a number within the millisecond |
///
/// The ids of one node ascend. Those of different nodes are in the order of their time, as well as the clocks of the nodes agree; a node that
/// has made more than 4,096 ids in a millisecond, whose clock was set back, or that has followed another on its slot, may be
/// ahead of its clock for a while: 40 s at most, but for a clock that was set back.
///
/// As text it is a decimal number. Serde writes text where people read (JSON: a number above 2⁵³ is not what it was in JavaScript), and
/// reads a number there too; elsewhere it is a `u64`.
///
/// ```
/// use ember_runtime::id::UniqueId;
///
/// let id = UniqueId::from_number(7 << 22 | 3 << 12 | 5).unwrap();
/// assert_eq!((id.slot(), id.sequence()), (3, 5));
/// assert_eq!("29372421".parse(), Ok(id));
/// assert_eq!(serde_json::to_string(&id).unwrap(), r#""29372421""#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(u64);

impl UniqueId {
    /// The last slot.
    pub(crate) const LAST_SLOT: u16 = (1 << SLOT_BITS) - 1;
    /// Behind the last millisecond that an id can have.
    pub(crate) const END: u64 = 1 << TIME_BITS;

    /// Of a number, such as one that was kept in a database; `None` for one above 2⁶³, which is none.
    pub const fn from_number(number: u64) -> Option<Self> {
        if number >> (SEQUENCE_BITS + SLOT_BITS + TIME_BITS) == 0 { Some(Self(number)) } else { None }
    }

    /// As a number. It is below 2⁶³, so that it fits into the integers of databases: `id.number() as i64` loses nothing.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// When it was made, as well as the clock of its node was right: whole milliseconds.
    pub fn time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(BEGINNING + self.millis())
    }

    /// The slot of the node that made it, 0 to 1023. Over the years several nodes may have had it.
    pub const fn slot(self) -> u16 {
        (self.0 >> SEQUENCE_BITS) as u16 & Self::LAST_SLOT
    }

    /// Its number among those of its slot and millisecond, 0 to 4095.
    pub const fn sequence(self) -> u16 {
        self.0 as u16 & ((1 << SEQUENCE_BITS) - 1)
    }

    /// Milliseconds since the beginning of the time of ids.
    pub(crate) const fn millis(self) -> u64 {
        self.0 >> (SEQUENCE_BITS + SLOT_BITS)
    }

    /// The one at this place of a slot, if there is such an id.
    pub(super) const fn at(place: Place, slot: u16) -> Option<Self> {
        if place.millis() >= Self::END || slot > Self::LAST_SLOT {
            return None;
        }
        let sequence = place.0 & ((1 << SEQUENCE_BITS) - 1);
        Some(Self(place.millis() << (SEQUENCE_BITS + SLOT_BITS) | (slot as u64) << SEQUENCE_BITS | sequence))
    }

    /// What a wall clock that shows `since_1970` says in the time of ids; what is before or behind that, is its beginning or its end.
    pub(crate) fn millis_of(since_1970: Duration) -> u64 {
        let millis = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        millis.saturating_sub(BEGINNING).min(Self::END)
    }
}

/// A place in the order of the ids of one slot: milliseconds and sequence together, so that one more than the last of a millisecond is the first
/// of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

impl Place {
    /// The first of a millisecond.
    pub(super) const fn first(millis: u64) -> Self {
        Self(millis.saturating_mul(1 << SEQUENCE_BITS))
    }

    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub(super) const fn millis(self) -> u64 {
        self.0 >> SEQUENCE_BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_slot_and_sequence_are_where_the_table_says() {
        let id = UniqueId::at(Place::first(1_000).next().next(), 1_023).unwrap();
        assert_eq!(id.number(), 1_000 << 22 | 1_023 << 12 | 2);
        assert_eq!((id.millis(), id.slot(), id.sequence()), (1_000, 1_023, 2));
        let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_601);
        assert_eq!(id.time(), second);
        assert_eq!(UniqueId::millis_of(Duration::from_secs(1_767_225_601)), 1_000);
    }

    #[test]
    fn no_id_is_made_outside_of_its_bits() {
        let last = UniqueId::at(Place(Place::first(UniqueId::END).0 - 1), 1_023).unwrap();
        assert_eq!(last.number(), i64::MAX as u64);
        assert_eq!(UniqueId::at(Place::first(UniqueId::END), 0), None);
        assert_eq!(UniqueId::at(Place::first(u64::MAX), 0), None);
        assert_eq!(UniqueId::at(Place::first(1), 1_024), None);
        assert_eq!(UniqueId::from_number(1 << 63), None);
        assert_eq!(UniqueId::millis_of(Duration::ZERO), 0);
        assert_eq!(UniqueId::millis_of(Duration::MAX), UniqueId::END);
    }
}
