//! Calls that a group owes to others: committed with the entry that they follow from, and gone when they have been answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::note::{MOST_NUMBERS, Note};
use crate::{
    id::{Epoch, Serial},
    message::{CodecError, append, whole},
    office::Debt,
};

/// Those of one group. It changes by what the log says only.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    /// The number of the last that there was.
    last: u64,
    /// By lane, which is a hash of whom they are for, and number.
    owed: BTreeMap<(u64, u64), Call>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Call {
    /// Of the record that owes it.
    epoch: Epoch,
    #[serde(with = "whole")]
    bytes: Bytes,
}

impl Outbox {
    /// Takes what a record of this epoch says.
    pub(super) fn take(&mut self, epoch: Epoch, note: &Note) {
        match note {
            Note::Owes { lane, call } => {
                self.last += 1;
                self.owed.insert((*lane, self.last), Call { epoch, bytes: call.clone() });
            }
            Note::Paid { lane, number } => drop(self.owed.remove(&(*lane, *number))),
            Note::Begun(_) | Note::Ended(..) | Note::Void(_) => {}
        }
    }

    /// The number of the last that there was.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn owes(&self, lane: u64, number: u64) -> bool {
        self.owed.contains_key(&(lane, number))
    }

    /// The first `most` of each lane but these, in their order.
    pub(crate) fn first(&self, but: &BTreeSet<u64>, most: usize) -> Vec<Debt> {
        let after = |lane: Option<u64>| match lane {
            None => Some(0),
            Some(lane) => lane.checked_add(1),
        };
        let next = |lane| Some(self.owed.range((after(lane)?, 0)..).next()?.0.0);
        let lanes = iter::successors(next(None), |lane| next(Some(*lane)));
        let owed = lanes.filter(|lane| !but.contains(lane)).flat_map(|lane| {
            self.owed.range((lane, 0)..=(lane, u64::MAX)).take(most).map(|((lane, number), call)| Debt {
                lane: *lane,
                serial: Serial { epoch: call.epoch, number: *number },
                call: call.bytes.clone(),
            })
        });
        owed.collect()
    }

    /// Appends it as others learn it.
    ///
    /// # Errors
    /// Only for a mistake in Ember.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        append(self, out).map_err(CodecError::new)
    }

    /// Reads one, and gives back what comes after it.
    ///
    /// # Errors
    /// It is none, or that of another build.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), CodecError> {
        let (outbox, rest) = postcard::take_from_bytes::<Self>(bytes)
            .map_err(|error| CodecError::new(format_args!("the calls that a group owes cannot be read: {error}")))?;
        let is_possible = outbox.last <= MOST_NUMBERS && outbox.owed.keys().all(|(_, number)| *number <= outbox.last);
        let impossible = || CodecError::new("the calls that a group owes cannot be read: there can be no such calls");
        is_possible.then_some((outbox, rest)).ok_or_else(impossible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owes(lane: u64, text: &'static str) -> Note {
        Note::Owes { lane, call: Bytes::from_static(text.as_bytes()) }
    }

    fn paid(lane: u64, number: u64) -> Note {
        Note::Paid { lane, number }
    }

    fn first(outbox: &Outbox, but: &[u64], most: usize) -> Vec<(u64, u64, u64)> {
        let but = but.iter().copied().collect();
        let all = outbox.first(&but, most).into_iter();
        all.map(|Debt { lane, serial, .. }| (lane, serial.epoch.0, serial.number)).collect()
    }

    #[test]
    fn what_is_owed_is_numbered_in_the_order_of_the_log_and_goes_when_it_is_paid() {
        let mut outbox = Outbox::default();
        outbox.take(Epoch(3), &owes(7, "a"));
        for (lane, text) in [(7, "b"), (7, "c"), (u64::MAX, "d"), (0, "e")] {
            outbox.take(Epoch(4), &owes(lane, text));
        }
        for note in [paid(7, 2), paid(7, 2), paid(7, 9), paid(0, 3)] {
            outbox.take(Epoch(4), &note);
        }
        assert_eq!(first(&outbox, &[], 9), [(0, 4, 5), (7, 3, 1), (7, 4, 3), (u64::MAX, 4, 4)]);
        assert_eq!(first(&outbox, &[0], 1), [(7, 3, 1), (u64::MAX, 4, 4)], "of each lane the first");
        assert!(outbox.owes(7, 1) && !outbox.owes(7, 2) && !outbox.owes(0, 1));
        let mut bytes = Vec::new();
        outbox.write(&mut bytes).unwrap();
        bytes.push(7);
        let (mut other, rest) = Outbox::read(&bytes).unwrap();
        other.take(Epoch(5), &owes(0, "f"));
        assert_eq!(rest, [7]);
        assert_eq!(first(&other, &[7, u64::MAX], 9), [(0, 4, 5), (0, 5, 6)], "numbers are not used again");
        assert!(Outbox::read(&[0xff; 3]).is_err());
        let endless = [&[0xff; 9][..], &[1, 0]].concat();
        assert!(Outbox::read(&endless).is_err(), "a number after which there is none");
        assert!(Outbox::read(&[0, 1, 7, 1, 3, 0]).is_err(), "a call with a number that comes again");
        assert!(Outbox::read(&[1, 1, 7, 1, 3, 0]).is_ok());
    }

    #[test]
    fn where_the_end_of_a_log_is_lost_its_numbers_come_again_and_are_others() {
        let mut lost = Outbox::default();
        lost.take(Epoch(3), &owes(7, "a"));
        let mut bytes = Vec::new();
        lost.write(&mut bytes).unwrap();
        let (mut kept, _) = Outbox::read(&bytes).unwrap();
        lost.take(Epoch(3), &owes(7, "b"));
        kept.take(Epoch(9), &owes(7, "c"));
        let last = |outbox: &Outbox| outbox.first(&BTreeSet::new(), 9).pop().unwrap().serial;
        assert_eq!((last(&lost).number, last(&kept).number), (2, 2));
        assert!(last(&kept) > last(&lost), "the callee knows it from that, and that it comes later");
    }
}
