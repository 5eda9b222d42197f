//! Whom a master has heard of as whom, and what it does for an instance that lacks what it would be sent next.

use std::collections::{BTreeMap, BTreeSet};

use super::{Heard, Leader};
use crate::{
    id::{NodeKey, Pid},
    replica::{Member, Point, peer::Way},
};

impl Leader {
    /// Those who have answered.
    pub(crate) fn heard(&self) -> BTreeSet<Pid> {
        self.peers.iter().filter(|(_, peer)| peer.member.is_some()).map(|(pid, _)| *pid).collect()
    }

    /// The others whose acknowledgements are needed, and by what they are reached, if they have answered.
    pub(crate) fn needed(&self) -> BTreeMap<Member, Option<Pid>> {
        self.needed.iter().map(|member| (*member, self.reached(*member))).collect()
    }

    /// By what another is reached that is on this node and is this member now, if it was heard of as an earlier one.
    pub(crate) fn knows_as_before(&self, node: NodeKey, member: Member) -> Option<Pid> {
        let is_it = |pid: &Pid| pid.node == node && *self.names.get(pid).unwrap_or(pid) == member.pid;
        let (pid, peer) = self.peers.iter().find(|(pid, _)| is_it(pid))?;
        peer.member.filter(|known| known.incarnation < member.incarnation).map(|_| *pid)
    }

    /// This one is another member now: it has nothing, and is asked what it has.
    pub(crate) fn is_anew(&mut self, peer: Pid, member: Member) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.is_now(member);
        }
    }

    /// No answer came to what was sent to this instance: it is sent again, from what is acknowledged. A snapshot that was on its way did
    /// not come.
    pub(crate) fn unanswered(&mut self, peer: Pid) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.unanswered();
        }
    }

    /// A snapshot at `point` is on its way to this instance: the records after it are kept until it is there ([`answered`](Self::answered)),
    /// or not ([`unanswered`](Self::unanswered)).
    pub(crate) fn learns(&mut self, peer: Pid, point: Point) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.way = Way::Learns { at: Some(point.index) };
        }
    }

    pub(super) fn lacks(&mut self, peer: Pid, previous: u64, applied: Point) -> Heard {
        let (log, open) = (&self.held.log, self.open);
        let Some(known) = self.peers.get_mut(&peer) else { return Heard::Nothing };
        if known.has > 0 && known.has >= log.base().index {
            known.probe(known.has + 1);
        } else if applied.index < log.base().index {
            // Its log may go on beyond what it has committed: then what is here is enough.
            if previous == log.base().index {
                known.way = Way::Learns { at: None };
                return Heard::WantsSnapshot;
            }
            known.probe(log.base().index + 1);
        } else {
            let shared = applied.index.min(open);
            known.probe(shared + 1);
            if log.point_at(shared) != Some(applied) {
                return Heard::Diverged(applied);
            }
        }
        Heard::Nothing
    }

    pub(super) fn is_empty(&mut self, peer: Pid) -> Heard {
        let Some(known) = self.peers.get_mut(&peer) else { return Heard::Nothing };
        match known.way {
            Way::Learns { .. } => Heard::Nothing,
            _ if self.held.log.base() == Point::NOTHING => {
                if known.next != 1 {
                    known.probe(1);
                }
                Heard::Nothing
            }
            _ => {
                known.way = Way::Learns { at: None };
                Heard::WantsSnapshot
            }
        }
    }
}
