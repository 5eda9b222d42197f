//! What it ships as a master, and takes from one.

use std::sync::atomic::Ordering;

use super::{Inner, Kept, Learnt, Part, Replica};
use crate::{
    id::{Epoch, NodeKey, Pid},
    replica::{Answer, Batch, InSync, Leader, Member},
};

impl Replica {
    /// Does something as the master of this epoch; nothing if it is not that any more.
    pub(crate) fn lead<T>(&self, epoch: Epoch, act: impl FnOnce(&mut Leader) -> T) -> Option<T> {
        self.change(|inner| match &mut inner.part {
            Part::Leads(leader) if leader.epoch() == epoch => Some(act(leader)),
            _ => None,
        })
    }

    /// Another of its group, on that node, says as whom it takes part. If its master knows it as the one that it was, which had a state, it hears that
    /// this is gone, also while there is nothing to ship.
    pub(crate) fn hears(&self, node: NodeKey, member: Member) {
        let is_behind = |inner: &Inner| match &inner.part {
            Part::Leads(leader) => leader.knows_as_before(node, member),
            Part::Follows(_) => None,
        };
        let Some(peer) = is_behind(&self.lock()) else { return };
        self.change(|inner| {
            if let Part::Leads(leader) = &mut inner.part {
                leader.is_anew(peer, member);
            }
        });
    }

    /// The same for what changes nothing that others wait for.
    pub(crate) fn look<T>(&self, epoch: Epoch, look: impl FnOnce(&mut Leader) -> T) -> Option<T> {
        match &mut self.lock().part {
            Part::Leads(leader) if leader.epoch() == epoch => Some(look(leader)),
            _ => None,
        }
    }

    /// What goes to another of its group next, of about so many bytes; nothing if this is not the master of this epoch.
    pub(crate) fn batch_for(&self, epoch: Epoch, to: Pid, bytes: usize) -> Option<Option<Batch>> {
        let mut inner = self.lock();
        let batch = match &mut inner.part {
            Part::Leads(leader) if leader.epoch() == epoch => leader.batch_for(to, bytes),
            _ => return None,
        };
        inner.note();
        Some(batch)
    }

    /// Takes what its master sends; and whether its service is to be asked to apply something. Nothing, if it takes part no more. The answer is told when
    /// what it says is [on the disk](Self::on_disk).
    pub(crate) fn receive(&self, batch: Batch) -> Option<(Answer, bool)> {
        let is_over = matches!(&self.lock().part, Part::Leads(leader) if leader.epoch() < batch.epoch);
        if is_over {
            // There is a later master, which the elections of this node do not know of yet.
            self.step_down();
            self.tell();
        }
        let mut inner = self.lock();
        if inner.is_broken() {
            return None;
        }
        let (before, committed) = (inner.part.me(), inner.part.held().commit());
        let answer = match &mut inner.part {
            Part::Follows(follower) => follower.receive(batch),
            Part::Leads(leader) => leader.refuses(&batch),
        };
        if answer.member != before {
            inner.learnt = None;
        }
        let is_due = answer.member != before || inner.part.held().unapplied().is_some();
        inner.note();
        let is_news = inner.part.held().commit() != committed;
        drop(inner);
        if is_news {
            // Whoever follows its entries waits for that.
            self.changes.send_replace(());
        }
        Some((answer, is_due && !self.owed.swap(true, Ordering::AcqRel)))
    }

    /// It has got the state of another, as it was at this point, and is to follow the master `from`. What that is to be told, and whether it has
    /// use for it.
    pub(crate) fn learn(&self, (from, epoch, set): (Member, Epoch, InSync), learnt: Learnt) -> Option<(Answer, bool)> {
        self.change(|inner| {
            let Part::Follows(follower) = &mut inner.part else { return None };
            if inner.kept.as_ref().is_some_and(Kept::is_broken) {
                return None;
            }
            match follower.install(from, epoch, set, learnt.at) {
                Ok(answer) => {
                    inner.learnt = Some(learnt);
                    Some((answer, true))
                }
                Err(answer) => Some((answer, false)),
            }
        })
    }
}
