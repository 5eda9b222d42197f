//! What it has written down, and what waits for that.

use std::{collections::VecDeque, mem, sync::Arc};

use bytes::Bytes;

use super::{
    Inner, Learnt, Part, Replica,
    kept::{Kept, Mark},
};
use crate::{
    id::Pid,
    replica::{
        Follower, Held, Point,
        journal::{Change, Keeps, Known, Restored},
    },
};

/// Waits until all that an instance had to write down when this was made is on the disk.
pub(crate) struct OnDisk(Option<(Arc<Replica>, u64)>);

impl Inner {
    pub(super) fn is_broken(&self) -> bool {
        self.kept.as_ref().is_some_and(Kept::is_broken)
    }

    /// Has the journal take down what has changed. After each change of its part, before anybody hears of it.
    pub(super) fn note(&mut self) {
        let Some(kept) = self.kept.as_mut().filter(|kept| !kept.is_broken) else { return };
        let known = self.part.known();
        let upto = match &self.part {
            // Without what a handler may still take back.
            Part::Leads(leader) => leader.to_keep(),
            Part::Follows(follower) => {
                let last = follower.held().log().last();
                // Nor what is applied yet, and may be taken back.
                if self.applies == Some(last) { last.index - 1 } else { last.index }
            }
        };
        let news = self.part.held_mut().log.news(upto);
        let mut changes = Vec::new();
        if let Some(base) = news.begins {
            let state = self.learnt.as_ref().filter(|it| it.at == base).map(|it| it.bytes.clone());
            changes.push(Change::Begins { known: known.clone(), base, state: state.unwrap_or_default() });
        } else {
            if kept.known.as_ref() != Some(&known) {
                changes.push(Change::Knows(known.clone()));
            }
            changes.extend(news.cut.map(Change::Cut));
        }
        changes.extend((news.first..).zip(news.records).map(|(index, record)| Change::Record(index, record)));
        if changes.is_empty() {
            return;
        }
        kept.given = kept.keeps.keep(changes);
        if matches!(self.part, Part::Leads(_)) {
            let upto = self.part.held().log().written();
            kept.marks.push_back(Mark { given: kept.given, epoch: known.epoch, upto, version: known.set.version });
        }
        kept.known = Some(known);
    }
}

impl Part {
    pub(super) fn held_mut(&mut self) -> &mut Held {
        match self {
            Self::Follows(follower) => follower.held_mut(),
            Self::Leads(leader) => leader.held_mut(),
        }
    }

    fn known(&self) -> Known {
        match self {
            Self::Follows(it) => {
                Known { member: it.me(), epoch: it.epoch(), set: it.set().clone(), has_state: it.has_state() }
            }
            Self::Leads(it) => Known { member: it.me(), epoch: it.epoch(), set: it.set().clone(), has_state: true },
        }
    }
}

impl Replica {
    /// It writes down what it has, after what was `restored`, if anything was. Before anybody else knows of it.
    pub(crate) fn keeps(&self, keeps: Arc<dyn Keeps>, restored: Option<Restored>) {
        self.change(|inner| {
            let mut known = None;
            if let Some(Restored { known: found, base, state, records, .. }) = restored {
                known = Some(found.clone());
                inner.part = Part::Follows(Follower::restored(self.pid, found, Held::restored(base, records)));
                // Its service begins with that.
                inner.learnt = (base != Point::NOTHING).then_some(Learnt { at: base, bytes: state });
            }
            inner.kept =
                Some(Kept { keeps, known, given: 0, done: 0, marks: VecDeque::new(), is_broken: false, syncs: 0 });
        });
    }

    /// Whether it has a journal.
    pub(crate) fn is_kept(&self) -> bool {
        self.lock().kept.is_some()
    }

    /// Whether it takes part no more, since its journal does not write, or cannot be applied.
    pub(crate) fn is_broken(&self) -> bool {
        self.lock().is_broken()
    }

    /// As whom its group knows it, if that is not by its pid.
    pub(crate) fn name(&self) -> Option<Pid> {
        Some(self.lock().part.me().pid).filter(|name| *name != self.pid)
    }

    /// How often its journal has waited for the disk, if it has one.
    pub(crate) fn syncs(&self) -> Option<u64> {
        self.lock().kept.as_ref().map(|kept| kept.syncs)
    }

    /// What was given to the journal up to this number is on the disk, for which it has waited so often.
    pub(crate) fn is_on_disk(&self, number: u64, syncs: u64) {
        self.change(|inner| {
            let Some(kept) = &mut inner.kept else { return };
            kept.done = kept.done.max(number);
            kept.syncs = syncs;
            let mut last = None;
            while kept.marks.front().is_some_and(|mark| mark.given <= number) {
                last = kept.marks.pop_front();
            }
            if let (Some(mark), Part::Leads(leader)) = (last, &mut inner.part)
                && mark.epoch == leader.epoch()
            {
                leader.has_kept(mark.upto, mark.version);
            }
        });
    }

    /// Waits until all that it has to write down by now is on the disk; `false` if it never will be.
    pub(crate) fn on_disk(self: &Arc<Self>) -> OnDisk {
        let given = self.lock().kept.as_ref().map(|kept| kept.given);
        OnDisk(given.map(|given| (Arc::clone(self), given)))
    }

    /// Its state as it was at an acknowledged point, by which the journal is made shorter.
    pub(crate) fn shorten(&self, base: Point, state: Bytes) {
        let mut inner = self.lock();
        inner.note();
        let Inner { part, kept: Some(kept), .. } = &mut *inner else { return };
        let known = part.known();
        let log = part.held().log();
        // It may have got another state meanwhile; or dropped what comes after this one.
        if kept.is_broken || log.point_at(base.index) != Some(base) {
            return;
        }
        let Some(records) = log.after(base.index, log.written(), usize::MAX) else { return };
        kept.given = kept.keeps.keep(vec![Change::Shortened { known, base, state, records }]);
    }

    /// It can write down nothing any more, or not go on with what it has: it gives up its office and its state, says nothing, and takes
    /// no part until it is started again.
    pub(crate) fn breaks(&self, why: &str) {
        let is_new = self.change(|inner| {
            let Some(kept) = &mut inner.kept else { return false };
            let is_new = !mem::replace(&mut kept.is_broken, true);
            if is_new {
                let me = inner.part.me();
                let part = mem::replace(&mut inner.part, Part::Follows(Follower::new(me)));
                let follower = match part {
                    Part::Leads(leader) => leader.depose(true),
                    Part::Follows(follower) => follower,
                };
                inner.learnt = None;
                inner.part = Part::Follows(follower.lost());
            }
            is_new
        });
        if is_new {
            let pid = self.pid;
            tracing::error!(
                target: "ember::cluster", %pid, why,
                "the journal of a replicated service is of no use to this process: the instance takes no part in its group any more, and the others go on \
                 without it. What it has acknowledged is in the journal; see to the cause (is the disk full?), and start the process again"
            );
            self.parts.send_replace(());
        }
    }
}

impl OnDisk {
    /// Whether there is nothing to wait for.
    pub(crate) fn is_there(&self) -> bool {
        self.0.as_ref().is_none_or(|(replica, given)| replica.keeping(*given) == Some(true))
    }

    /// Waits; `false` if it never will be.
    pub(crate) async fn waits(self) -> bool {
        let Some((replica, given)) = self.0 else { return true };
        let mut changes = replica.changes();
        loop {
            changes.mark_unchanged();
            if let Some(known) = replica.keeping(given) {
                return known;
            }
            if changes.changed().await.is_err() {
                return false;
            }
        }
    }
}

impl Replica {
    /// Whether what the journal was given up to this number is on the disk; nothing as long as that is not known.
    fn keeping(&self, given: u64) -> Option<bool> {
        match &self.lock().kept {
            Some(kept) if kept.done >= given => Some(true),
            Some(kept) => kept.is_broken.then_some(false),
            None => Some(true),
        }
    }
}

#[cfg(test)]
impl Replica {
    /// What its log has after this point, if it begins no later.
    pub(crate) fn logged(&self, base: Point) -> Option<Vec<crate::replica::Record>> {
        self.lock().part.held().log().after(base.index, u64::MAX, usize::MAX)
    }
}
