//! The slots of one level of a wheel.

use super::slab::NONE;

/// Of a tick's number, those that say which slot of a level it lies in.
pub(super) const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;

/// It has its slots in two banks.
pub(super) struct Level {
    /// The first entry of each slot.
    slots: [[u32; SLOTS]; 2],
    /// A bit for each slot that is not empty. Those of the present are its own, or later ones: none is behind it.
    occupied: [u64; 2],
    /// Which bank is that of the present.
    pub(super) present: u8,
    /// What the other one is for: the slot of the level above, counted from the beginning of time.
    pub(super) ahead: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    bank: u8,
    pub(super) level: u8,
    slot: u8,
}

impl Place {
    /// The slot of a level in which a tick lies.
    pub(super) fn of(tick: u64, level: usize, bank: u8) -> Self {
        Self { bank, level: level as u8, slot: (tick >> (BITS * level as u32) & (SLOTS as u64 - 1)) as u8 }
    }
}

impl Level {
    pub(super) const EMPTY: Self = Self { slots: [[NONE; SLOTS]; 2], occupied: [0; 2], present: 0, ahead: 0 };

    /// The first slot of a bank that is not empty.
    pub(super) fn next(&self, bank: u8) -> Option<u64> {
        let slot = self.occupied[bank as usize].trailing_zeros();
        (slot < u64::BITS).then_some(slot.into())
    }

    /// Whether something lies in the bank that is not the present's.
    pub(super) fn is_ahead(&self) -> bool {
        self.occupied[usize::from(self.present ^ 1)] != 0
    }

    /// The first entry of a slot.
    pub(super) fn first(&self, place: Place) -> u32 {
        self.slots[place.bank as usize][place.slot as usize]
    }

    pub(super) fn set_first(&mut self, Place { bank, slot, .. }: Place, first: u32) {
        self.slots[bank as usize][slot as usize] = first;
        let bit = 1 << slot;
        if first == NONE {
            self.occupied[bank as usize] &= !bit;
        } else {
            self.occupied[bank as usize] |= bit;
        }
    }
}
