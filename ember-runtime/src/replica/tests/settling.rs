//! What becomes of a group when the faults have ended.

use super::world::{Checked, Role, World};
use crate::replica::Member;

const ROUNDS: usize = 60;
const BYTES: usize = 4096;

impl World {
    /// Everybody comes back, nothing is lost any more: all must come to be in sync, with everything.
    pub(super) fn settle(&mut self) -> Checked {
        for round in 0..ROUNDS {
            for of in 0..self.nodes.len() {
                self.restart(of);
                self.notice(of, false);
                self.registry_changes(of);
                self.learn(of);
            }
            self.elect();
            let Some(master) = (0..self.nodes.len()).find(|of| self.is_master(*of)) else {
                return Err("nobody can become master".to_owned());
            };
            self.commit(master, true)?;
            self.open(master);
            self.observe()?;
            self.exchange(master, round)?;
            for of in 0..self.nodes.len() {
                for _ in 0..2_000 {
                    if self.nodes[of].held().and_then(|held| held.unapplied()).is_none() {
                        break;
                    }
                    self.apply(of)?;
                }
            }
            if self.is_settled() {
                return Ok(());
            }
            if round.is_multiple_of(2) {
                self.mend_set(master);
            }
        }
        Err("the faults have ended, and not all members come to be in sync".to_owned())
    }

    fn elect(&mut self) {
        if !(0..self.nodes.len()).any(|of| self.is_master(of)) {
            self.record.master = None;
            for of in 0..self.nodes.len() {
                self.take_office(of);
            }
        }
    }

    /// Until nobody has anything to say.
    fn exchange(&mut self, master: usize, round: usize) -> Checked {
        for other in (0..self.nodes.len()).filter(|other| round.is_multiple_of(3) && *other != master) {
            self.unanswered(master, other);
        }
        for _ in 0..2_000 {
            let mut any = false;
            for other in 0..self.nodes.len() {
                any |= self.ship(master, other, BYTES);
            }
            any |= !self.net.is_empty();
            if !any {
                return Ok(());
            }
            for message in std::mem::take(&mut self.net) {
                self.deliver(message)?;
            }
            self.observe()?;
        }
        Err("members go on asking each other, without end".to_owned())
    }

    /// Who does not acknowledge is taken out; who has everything is added.
    fn mend_set(&mut self, master: usize) {
        let Role::Leads(leader) = &self.nodes[master].role else { return };
        let lagging: Vec<Member> = leader.lagging(leader.held().log().last().index);
        match lagging.first() {
            Some(member) => self.shrink(master, *member),
            None => (0..self.nodes.len()).for_each(|other| self.grow(master, other)),
        }
    }
}
