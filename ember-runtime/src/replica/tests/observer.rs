//! Who sees everything in a [`World`], and says what is broken.

use super::world::{Checked, Node, Role, World, check};
use crate::replica::Point;

impl World {
    /// What masters have acknowledged since.
    pub(super) fn observe(&mut self) -> Checked {
        self.all_know_their_set()?;
        for node in &mut self.nodes {
            let Role::Leads(leader) = &node.role else { continue };
            for index in node.seen + 1..=leader.commit() {
                let record = leader.held().log().get(index).ok_or("a master has committed what it has not")?;
                let found = (Point { epoch: record.epoch, index }, record.entries.clone());
                match self.truth.get(index as usize - 1) {
                    Some(before) => check(*before == found, "an acknowledged record is lost")?,
                    None => self.truth.push(found),
                }
            }
            node.seen = node.seen.max(leader.commit());
        }
        Ok(())
    }

    /// Who has acknowledged a record would claim for the set under which it was.
    fn all_know_their_set(&self) -> Checked {
        for node in &self.nodes {
            let Role::Leads(leader) = &node.role else { continue };
            let needed = leader.set().members.iter().chain(leader.next().into_iter().flatten());
            let moved = leader.commit() > node.seen && leader.commit() >= leader.barrier();
            for member in needed.filter(|member| moved && self.alive(**member)) {
                let knows = match &self.nodes[Self::at(member.pid)].role {
                    Role::Down => None,
                    Role::Follows(follower) => follower.knows(),
                    Role::Leads(leader) => Some(leader.knows()),
                };
                check(knows >= Some(leader.knows()), "a record is acknowledged by who does not know the set")?;
            }
        }
        Ok(())
    }

    /// Whether every member is in sync and has everything.
    pub(super) fn is_settled(&self) -> bool {
        let has_all = |node: &Node| {
            let all = node
                .held()
                .is_some_and(|held| held.applied() == held.commit() && held.log().last().index == held.commit());
            all && node.state == self.truth && self.record.set.names(node.me)
        };
        let led = (0..self.nodes.len()).any(|of| self.is_master(of));
        led && self.record.set.members.len() == self.nodes.len() && self.nodes.iter().all(has_all)
    }
}
