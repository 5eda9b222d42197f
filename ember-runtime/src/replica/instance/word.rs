//! What is known of who has seen what, and of who has vouched for it.

use std::{mem, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    id::Epoch,
    office::{OfficeSeat, Shown},
};

/// A record: its epoch and its index.
pub(super) type At = (Epoch, u64);

/// Where an instance stands on its node.
pub(crate) struct Place {
    pub(crate) seat: Arc<OfficeSeat>,
    /// What clients here have seen of its group.
    pub(crate) shown: Arc<Shown>,
    /// The registry does not answer here.
    pub(crate) is_cut_off: Box<dyn Fn() -> bool + Send + Sync>,
    /// Has its master asked for its word, which then comes, and told who asks.
    pub(crate) asks: Box<dyn Fn() + Send + Sync>,
}

/// What its master has said of its state.
#[derive(Default)]
pub(super) struct Word {
    /// On the clock of leases: what was acknowledged before that is in the state.
    pub(super) sure: Option<Duration>,
    /// The same, as soon as this record is. It is not put off by what the master says meanwhile: who follows close behind it would never get there.
    pub(super) next: Option<(Duration, At)>,
    /// Of whose state that is said: of the next incarnation's nothing is known.
    of: u32,
    /// The master is being asked.
    pub(super) asked: bool,
}

impl Word {
    /// The state of this incarnation has this record.
    pub(super) fn reaches(&mut self, of: u32, has: At) {
        if mem::replace(&mut self.of, of) != of {
            self.sure = None;
        }
        if let Some((at, _)) = self.next.take_if(|(_, upto)| has >= *upto) {
            self.sure = self.sure.max(Some(at));
        }
    }

    /// What the master has said to a question that was sent then. `lease`: what is older says nothing any more.
    pub(super) fn hears(&mut self, asked: Duration, upto: Option<At>, lease: Duration) {
        self.asked = false;
        let is_past = self.next.is_none_or(|(at, _)| asked.saturating_sub(at) > lease);
        if let Some(upto) = upto.filter(|_| is_past) {
            self.next = Some((asked, upto));
        }
    }
}

/// How far one member is, as it tells others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Far {
    /// What it knows the set by.
    pub(crate) epoch: Epoch,
    pub(crate) version: u64,
    /// Of the master in office: no reply has left that depends on a later record.
    pub(crate) leads: Option<At>,
    /// Another set is under way.
    pub(crate) changes: bool,
    /// The master acts: by its lease, or by what its group has promised.
    pub(crate) acts: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(5);

    fn at(index: u64) -> At {
        (Epoch(1), index)
    }

    #[test]
    fn who_is_always_a_little_behind_its_master_is_sure_of_what_was_a_little_ago() {
        let mut word = Word::default();
        for second in 1..20 {
            word.hears(Duration::from_secs(second), Some(at(second)), LEASE);
            word.reaches(0, at(second - 1));
            let sure = word.sure.unwrap_or_default();
            assert!(sure >= Duration::from_secs(second.saturating_sub(2)), "{sure:?} in second {second}");
        }
    }

    #[test]
    fn what_was_never_reached_gives_way_to_what_is_said_a_lease_later() {
        let mut word = Word::default();
        word.hears(Duration::from_secs(1), Some(at(100)), LEASE);
        word.hears(Duration::from_secs(6), Some(at(5)), LEASE);
        word.reaches(0, at(5));
        assert_eq!(word.sure, None);
        word.hears(Duration::from_secs(7), Some(at(6)), LEASE);
        word.reaches(0, at(6));
        assert_eq!(word.sure, Some(Duration::from_secs(7)));
    }

    #[test]
    fn what_one_state_had_says_nothing_of_the_next() {
        let mut word = Word::default();
        word.hears(Duration::from_secs(1), Some(at(5)), LEASE);
        word.reaches(0, at(5));
        assert_eq!(word.sure, Some(Duration::from_secs(1)));
        word.hears(Duration::from_secs(2), Some(at(7)), LEASE);
        word.reaches(1, at(6));
        assert_eq!(word.sure, None);
        word.reaches(1, at(7));
        assert_eq!(word.sure, Some(Duration::from_secs(2)));
    }
}
