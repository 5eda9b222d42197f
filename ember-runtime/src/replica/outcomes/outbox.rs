//! Calls that a group owes to others: committed with the entry that they follow from, and gone when they have been answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::note::Note;
use crate::{
    id::Epoch,
    message::{CodecError, append, whole},
};

/// Those of one group. It changes by what the log says only.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    /// The epoch of the first: a group that has begun anew begins to count anew.
    since: u64,
    last: u64,
    owed: BTreeMap<u64, Owed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Owed(#[serde(with = "whole")] Bytes);

impl Outbox {
    /// Takes what a record of this epoch says.
    pub(crate) fn take(&mut self, epoch: Epoch, note: &Note) {
        match note {
            Note::Owes(call) => {
                if self.last == 0 {
                    self.since = epoch.0;
                }
                self.last += 1;
                self.owed.insert(self.last, Owed(call.clone()));
            }
            Note::Paid(number) => drop(self.owed.remove(number)),
            Note::Begun(_) | Note::Ended(..) | Note::Void(_) => {}
        }
    }

    /// The number of the last that there was.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    pub(crate) fn owes(&self, number: u64) -> bool {
        self.owed.contains_key(&number)
    }

    /// Those after this number.
    pub(crate) fn after(&self, number: u64) -> Vec<(u64, Bytes)> {
        let from = number.saturating_add(1);
        self.owed.range(from..).map(|(number, call)| (*number, call.0.clone())).collect()
    }

    /// Appends it as others learn it.
    ///
    /// # Errors
    /// Only for a mistake in Ember.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        append(self, out).map_err(CodecError::new)
    }

    /// Reads one, and gives back what comes after it.
    ///
    /// # Errors
    /// It is none, or that of another build.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), CodecError> {
        postcard::take_from_bytes(bytes)
            .map_err(|error| CodecError::new(format_args!("the calls that a group owes cannot be read: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owes(text: &'static str) -> Note {
        Note::Owes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn what_is_owed_is_numbered_in_the_order_of_the_log_and_goes_when_it_is_paid() {
        let mut outbox = Outbox::default();
        outbox.take(Epoch(3), &owes("a"));
        outbox.take(Epoch(4), &owes("b"));
        outbox.take(Epoch(4), &owes("c"));
        outbox.take(Epoch(4), &Note::Paid(2));
        outbox.take(Epoch(4), &Note::Paid(2));
        outbox.take(Epoch(4), &Note::Paid(9));
        let all =
            |outbox: &Outbox, after| outbox.after(after).into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!((all(&outbox, 0), all(&outbox, 1), outbox.since(), outbox.last()), (vec![1, 3], vec![3], 3, 3));
        assert!(outbox.owes(1) && !outbox.owes(2));
        let mut bytes = Vec::new();
        outbox.write(&mut bytes).unwrap();
        bytes.push(7);
        let (mut other, rest) = Outbox::read(&bytes).unwrap();
        other.take(Epoch(5), &owes("d"));
        assert_eq!(
            (all(&other, 0), rest, other.since()),
            (vec![1, 3, 4], &[7_u8][..], 3),
            "numbers are not used again"
        );
        assert!(Outbox::read(&[0xff; 3]).is_err());
    }
}
