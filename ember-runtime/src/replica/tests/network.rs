//! What is on its way in a [`World`], and what its members make of it.

use super::world::{Checked, Message, Role, State, World, check, pid};
use crate::{
    id::{Epoch, Pid},
    replica::{Answer, Follower, Heard, Kind, Record},
};

impl World {
    pub(super) fn deliver(&mut self, message: Message) -> Checked {
        match message {
            Message::Batch(batch) => {
                let (of, from, epoch) = (Self::at(batch.to), batch.from.pid, batch.epoch);
                let running = self.rng.below(2) == 0;
                self.meet(of, from, epoch, running, |follower, _| Some(follower.receive(batch)))
            }
            Message::Snapshot { from, to, epoch, set, point, state } => {
                let install = |follower: &mut Follower, current: &mut State| {
                    let installed = follower.install(from, epoch, set, point);
                    if installed.is_ok() {
                        *current = state;
                    }
                    Some(installed.unwrap_or_else(|answer| answer))
                };
                self.meet(Self::at(to), from.pid, epoch, false, install)
            }
            Message::Answer(to, answer) => {
                self.answered(Self::at(to), answer);
                Ok(())
            }
        }
    }

    pub(super) fn repeat(&mut self, which: usize) {
        self.net.push(self.net[which].clone());
    }

    pub(super) fn unanswered(&mut self, of: usize, peer: usize) {
        if let Some(leader) = self.nodes[of].leader() {
            leader.unanswered(pid(peer));
        }
    }

    /// A member meets a master: what becomes of its state is looked at.
    fn meet(
        &mut self,
        of: usize,
        master: Pid,
        epoch: Epoch,
        running: bool,
        take: impl FnOnce(&mut Follower, &mut State) -> Option<Answer>,
    ) -> Checked {
        let node = &mut self.nodes[of];
        if let Some(leader) = node.leader() {
            if leader.epoch() >= epoch {
                let kind = Kind::Newer { epoch: leader.epoch() };
                let answer = Answer { member: node.me, epoch, kind };
                self.net.push(Message::Answer(master, answer));
                return Ok(());
            }
            node.depose(running);
        }
        let Role::Follows(follower) = &mut node.role else { return Ok(()) };
        let (before, had, applied) = (follower.me(), follower.has_state(), follower.held().applied());
        let mut state = std::mem::take(&mut node.state);
        let answer = take(follower, &mut state);
        if follower.me() != before {
            check(!self.record.set.names(before), "a member of the set has dropped its state")?;
            check(follower.me().incarnation == before.incarnation + 1, "an incarnation is left out")?;
        } else {
            let less = follower.held().applied() < applied || had && !follower.has_state();
            check(!less, "a member has dropped its state, and goes by the same name")?;
        }
        state.truncate(follower.held().applied() as usize);
        node.me = follower.me();
        let log = follower.held().log();
        for index in log.base().index + 1..=log.last().index {
            let Record { epoch, entries, .. } = log.get(index).expect("it is in the log");
            check(self.written.get(&(*epoch, index)) == Some(entries), "a record is not what was written there")?;
        }
        if !follower.is_deposed() {
            check(self.truth.starts_with(&state), "a state is not what was acknowledged")?;
        }
        node.state = state;
        self.net.extend(answer.map(|answer| Message::Answer(master, answer)));
        Ok(())
    }

    fn answered(&mut self, of: usize, answer: Answer) {
        let node = &mut self.nodes[of];
        let Role::Leads(leader) = &mut node.role else { return };
        let to = answer.member.pid;
        match leader.answered(to, answer) {
            Heard::WantsSnapshot | Heard::WantsState => {
                let index = leader.commit().min(leader.held().applied());
                let point = leader
                    .held()
                    .log()
                    .point_at(index)
                    .expect("what is committed and applied is in the log, or its base");
                leader.learns(to, point);
                let (from, epoch, set) = (node.me, leader.epoch(), leader.set().clone());
                let state = node.state[..index as usize].to_vec();
                self.net.push(Message::Snapshot { from, to, epoch, set, point, state });
            }
            Heard::Newer(_) => node.depose(false),
            _ => {}
        }
    }
}
