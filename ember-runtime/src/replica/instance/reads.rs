//! Which states it shows, and to whom: nothing older than what they have seen, and nothing that nobody has vouched for lately.

use std::{
    sync::{Arc, MutexGuard, atomic::Ordering},
    time::Duration,
};

use super::{
    Inner, Part, Replica,
    word::{At, Far, Place},
};
use crate::{
    office::Shown,
    planted::{Bug, planted},
    sync::lock,
};

/// How new a state is to be: it has this record, and misses nothing that was acknowledged longer ago than that, or than one lease.
pub(crate) type Wanted = (At, Option<Duration>);

impl Replica {
    /// Where it stands. Once.
    pub(crate) fn stands_at(&self, place: Place) {
        let _already = self.place.set(place);
    }

    /// How long one of its group may act who is not heard of.
    pub(crate) fn lasts(&self, lease: Duration) {
        self.lease.store(u64::try_from(lease.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn longest_known(&self) -> Option<Duration> {
        Some(self.lease.load(Ordering::Relaxed)).filter(|lease| *lease != u64::MAX).map(Duration::from_nanos)
    }

    fn longest(&self) -> Duration {
        Duration::from_nanos(self.lease.load(Ordering::Relaxed))
    }

    /// On the clock of leases.
    pub(crate) fn now(&self) -> Duration {
        self.place.get().map(|place| place.seat.tenure().now()).unwrap_or_default()
    }

    /// Whether its service, whose state is that of this incarnation after the record `applied`, may show it to who has seen this, and is to miss
    /// nothing that was acknowledged longer ago than `within`, or than one lease. `acts`: as the master. `None`: it has to [catch up](Self::due)
    /// first.
    pub(crate) fn shows_at_once(&self, (incarnation, applied): (u32, u64), acts: bool, wanted: Wanted) -> Option<bool> {
        let inner = self.lock();
        let held = inner.part.held();
        let committed = if planted(Bug::ApplyOnReceipt) { held.log().last().index } else { held.commit() };
        if inner.learnt.is_some() || incarnation != inner.part.me().incarnation || committed > applied {
            return None;
        }
        Some(self.may_show_in(inner, applied, acts, wanted))
    }

    /// The same of a service that has caught up as far as it can.
    pub(crate) fn may_show(&self, (incarnation, applied): (u32, u64), acts: bool, wanted: Wanted) -> bool {
        let inner = self.lock();
        let is_its = inner.learnt.is_none() && incarnation == inner.part.me().incarnation;
        is_its && self.may_show_in(inner, applied, acts, wanted)
    }

    fn may_show_in(&self, inner: MutexGuard<'_, Inner>, applied: u64, acts: bool, (seen, within): Wanted) -> bool {
        let follows = matches!(inner.part, Part::Follows(_));
        let has = inner.part.held().log().point_at(applied).map(|point| (point.epoch, point.index));
        let has = has.filter(|_| !self.is_blank(&inner));
        let of = inner.part.me().incarnation;
        drop(inner);
        let Some(has) = has else { return false };
        let Some(place) = self.place.get() else { return has >= seen };
        let is_new = has >= seen.max(place.shown.get());
        is_new && if follows { self.is_sure(place, (of, has), within) } else { acts }
    }

    /// What its service shows is not what was acknowledged, or nobody knows: it has no state, or was deposed, or is sent nothing.
    pub(crate) fn shows_nothing(&self) -> bool {
        self.is_blank(&self.lock())
    }

    fn is_blank(&self, inner: &Inner) -> bool {
        match &inner.part {
            Part::Follows(follower) => {
                !follower.has_state()
                    || follower.is_deposed()
                    || follower.is_back()
                    || self.spare.load(Ordering::Relaxed)
            }
            Part::Leads(_) => false,
        }
    }

    /// Whether its state, which is that of this incarnation and has this record, has all that was acknowledged so long ago. If it soon has not, its
    /// master is asked.
    fn is_sure(&self, place: &Place, (of, has): (u32, At), within: Option<Duration>) -> bool {
        let lease = self.longest();
        let within = within.map_or(lease, |within| within.min(lease));
        let now = place.seat.tenure().now();
        let mut word = lock(&self.word);
        word.reaches(of, has);
        let age = word.sure.map(|at| now.saturating_sub(at));
        let asks = !word.asked && age.is_none_or(|age| age > within / 2);
        word.asked |= asks;
        drop(word);
        if asks {
            (place.asks)();
        }
        age.is_some_and(|age| age <= within)
    }

    /// What its master has said to a question that was sent then, on the clock of leases; nothing if it has not answered, or is none.
    pub(crate) fn has_heard(&self, asked: Duration, upto: Option<At>) {
        lock(&self.word).hears(asked, upto, self.longest());
    }

    /// What a reply that leaves now may depend on has been shown to whoever gets it.
    pub(crate) fn shows(&self) {
        self.shows_in(self.lock());
    }

    /// The same of a reply that is made now, by a handler that has ended, unless it waits: for the record of this index.
    pub(crate) fn shows_or_waits(&self) -> Option<u64> {
        let mut inner = self.lock();
        if matches!(&inner.part, Part::Leads(leader) if leader.has_closed()) {
            drop(inner);
            self.open();
            inner = self.lock();
        }
        let waits = inner.last_unsettled().filter(|_| self.holds_back_in(&inner));
        if waits.is_none() {
            self.shows_in(inner);
        }
        waits
    }

    fn shows_in(&self, inner: MutexGuard<'_, Inner>) {
        let Some(place) = self.place.get() else { return };
        let index = match &inner.part {
            Part::Leads(leader) if self.terms.waits => leader.acknowledged(),
            Part::Leads(leader) => leader.held().log().last().index,
            Part::Follows(follower) => follower.held().applied(),
        };
        let point = inner.part.held().log().point_at(index);
        drop(inner);
        if let Some(point) = point {
            place.shown.raise((point.epoch, point.index));
        }
    }

    /// What clients here have seen of its group.
    pub(crate) fn shown(&self) -> Option<&Arc<Shown>> {
        self.place.get().map(|place| &place.shown)
    }

    /// How far it is.
    pub(crate) fn far(&self) -> Far {
        let inner = self.lock();
        let (epoch, version, leads, changes) = match &inner.part {
            Part::Follows(follower) => (follower.epoch(), follower.set().version, None, false),
            Part::Leads(leader) => {
                let upto = if self.terms.waits { leader.acknowledged() } else { leader.opened() };
                let upto = Some(upto).filter(|_| leader.acknowledged() >= leader.barrier());
                let point = upto.and_then(|upto| leader.held().log().point_at(upto));
                let point = point.map(|point| (point.epoch, point.index));
                (leader.epoch(), leader.set().version, point, leader.next().is_some())
            }
        };
        drop(inner);
        // Looked at last: what was said above was so while it acted.
        let acts = self.place.get().is_some_and(|place| place.seat.acting() == Some(epoch));
        Far { epoch, version, leads, changes, acts }
    }
}
