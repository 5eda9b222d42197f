//! What elections ask of it, and tell it.

use std::{mem, sync::atomic::Ordering, time::Duration};

use tokio::time::Instant;

use super::{Part, Replica, Standing};
use crate::{
    id::Epoch,
    replica::{Follower, InSync, Member, Point},
};

impl Replica {
    /// As whom it takes part.
    pub(crate) fn member(&self) -> Member {
        self.lock().part.me()
    }

    /// The registry's record names this set.
    pub(crate) fn sees(&self, set: &InSync) {
        let is_named = set.names(self.lock().part.me());
        self.spare.store(!is_named, Ordering::Relaxed);
    }

    pub(crate) fn standing(&self) -> Standing {
        let inner = self.lock();
        let (member, last) = (inner.part.me(), inner.part.held().log().last().index);
        match &inner.part {
            Part::Follows(it) => Standing { member, epoch: it.epoch(), knows: it.knows(), set: it.set().clone(), last },
            Part::Leads(it) => {
                Standing { member, epoch: it.epoch(), knows: Some(it.knows()), set: it.set().clone(), last }
            }
        }
    }

    /// Promises a master to take no office for so long, where the registry does not answer here either: as whom, if it does. Where the registry
    /// answers, that says who is the master. Nobody is promised more than a lease that is known here.
    pub(crate) fn promises(&self, master: (Member, Epoch), lasts: Duration, now: Instant) -> Option<Member> {
        let mut inner = self.lock();
        let is_cut_off = self.place.get().is_some_and(|place| (place.is_cut_off)());
        let me = match &inner.part {
            Part::Follows(follower) if follower.may_promise(master) && !inner.bids && !inner.is_broken() => {
                follower.me()
            }
            _ => return None,
        };
        if !is_cut_off || self.longest_known().is_none_or(|longest| lasts > longest) {
            return None;
        }
        inner.promised = inner.promised.max(Some(now.checked_add(lasts)?));
        Some(me)
    }

    /// Whether it goes on from a journal, and has heard of no master since.
    pub(crate) fn is_back(&self) -> bool {
        matches!(&self.lock().part, Part::Follows(follower) if follower.is_back())
    }

    /// It takes no office before then.
    pub(crate) fn promised(&self) -> Option<Instant> {
        self.lock().promised
    }

    /// It is about to ask the registry for its office, if it has not promised to take none: then it promises nothing until that is
    /// [over](Self::bid_is_over).
    pub(crate) fn bids(&self, now: Instant) -> bool {
        let mut inner = self.lock();
        inner.bids = inner.promised.is_none_or(|until| until <= now);
        inner.bids
    }

    /// The outcome of its bid is known, if it has made one.
    pub(crate) fn bid_is_over(&self) {
        self.lock().bids = false;
    }

    /// It has been elected by a record that names this set. It leads when its first record has been acknowledged: see [`led`](Self::led). It does
    /// not, as long as its service applies a record of an earlier epoch: if that panics, the record must have gone to nobody.
    ///
    /// Whoever waited is told by the next [`tell`](Self::tell).
    pub(crate) fn elect(&self, epoch: Epoch, set: InSync) {
        // From now on the group has its types.
        self.told.store(false, Ordering::Relaxed);
        self.change_quietly(|inner| {
            if inner.is_broken() || inner.applies.is_some() {
                return;
            }
            let me = inner.part.me();
            let part = mem::replace(&mut inner.part, Part::Follows(Follower::new(me)));
            let follower = match part {
                Part::Follows(follower) => follower,
                Part::Leads(leader) => leader.depose(true),
            };
            let how = (inner.kept.is_some(), self.terms.min_in_sync);
            inner.part = follower.lead_on(epoch, set, how).map_or_else(Part::Follows, Part::Leads);
        });
        self.parts.send_replace(());
    }

    /// It leads no more. With nothing outstanding it can follow as it is. Whoever waited is told by the next [`tell`](Self::tell).
    pub(crate) fn step_down(&self) {
        self.change_quietly(|inner| {
            if matches!(inner.part, Part::Leads(_)) {
                let me = inner.part.me();
                if let Part::Leads(leader) = mem::replace(&mut inner.part, Part::Follows(Follower::new(me))) {
                    // What a handler that still runs commits is not taken any more.
                    inner.part = Part::Follows(leader.depose(false));
                }
            }
        });
        self.parts.send_replace(());
    }

    /// Waits until its first record as the master of this epoch is acknowledged; `false` if it will not be.
    pub(crate) async fn led(&self, epoch: Epoch) -> bool {
        self.waits(|part| match part.leads(epoch) {
            Some(leader) => (leader.commit() >= leader.barrier()).then_some(true),
            None => Some(false),
        })
        .await
    }

    /// Waits until all that it has is acknowledged, or it leads no more.
    pub(crate) async fn settled(&self) {
        self.waits(|part| match part {
            Part::Leads(leader) => (leader.held().log().last().index <= leader.acknowledged()).then_some(()),
            Part::Follows(_) => Some(()),
        })
        .await;
    }

    /// Waits until this record is acknowledged; `false` if it will not be, or is not known here any more. Another may have come to stand in its
    /// place.
    pub(crate) async fn is_acknowledged(&self, at: Point) -> bool {
        self.waits(|part| match part {
            Part::Leads(leader) if leader.commit() < at.index => None,
            Part::Follows(follower) if follower.is_deposed() || follower.held().commit() < at.index => Some(false),
            part => Some(part.held().log().point_at(at.index) == Some(at)),
        })
        .await
    }

    async fn waits<T>(&self, mut until: impl FnMut(&Part) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let done = until(&self.lock().part);
            if let Some(done) = done {
                return done;
            }
            let _open = changes.changed().await;
        }
    }
}
