//! What the registry shows of a group that has no master: as `directory/views/vacancy.rs` of the runtime has it.

use super::Model;
use crate::{
    rules::{self, Members},
    set::{Member, PLACES, Set},
    world::{Claim, Node, World},
};

impl Model {
    /// Whether the one at `place` is down, and would know better than the registry's record if its process was started on its journal.
    pub(crate) fn would_know_better(&self, world: &World, place: usize) -> bool {
        let disk = world.disks[place].filter(|disk| !world.nodes[place].up && disk.has_state && !disk.damaged);
        let own = disk.map(|disk| self.order(disk.epoch, disk.version));
        rules::knows_better(own, self.record(world))
    }

    /// The claims that say the most, if they are above the record.
    fn best_claims<'a>(&self, world: &'a World) -> Vec<&'a Claim> {
        let highest = self.highest_claim(world).filter(|highest| Some(*highest) > self.record(world));
        let is_best = |claim: &&Claim| Some(self.order(claim.epoch, claim.version)) == highest;
        world.registry.data.claims.iter().flatten().filter(is_best).collect()
    }

    /// Whether nobody can be elected, as far as the registry shows.
    pub(crate) fn is_vacant(&self, world: &World) -> bool {
        let data = &world.registry.data;
        let best = self.best_claims(world);
        if best.is_empty() {
            return data.group.is_some_and(|group| !group.set.each().any(|member| world.lives(member)));
        }
        let said = |member: Member| {
            data.claims[member.number() as usize].is_some_and(|claim| claim.round == world.registry.round)
        };
        let wins = |claim: &&Claim| world.lives(claim.by) && claim.set.names(claim.by) && claim.set.each().all(said);
        data.master.is_none() && !best.iter().any(wins)
    }

    /// Whether some of those are gone who would have to claim, or who are named by the record.
    pub(crate) fn waits_for_the_dead(&self, world: &World) -> bool {
        let best = self.best_claims(world);
        let is_gone = |claim: &&Claim| {
            !world.lives(claim.by) || !claim.set.names(claim.by) || claim.set.each().any(|member| !world.lives(member))
        };
        best.iter().all(is_gone)
    }

    /// Those who are in sync, as far as the registry shows, and live.
    pub(crate) fn in_sync_and_alive(&self, world: &World) -> Set {
        let best = self.best_claims(world);
        let sets: Vec<Set> = match world.registry.data.group {
            Some(group) if best.is_empty() => vec![group.set],
            _ => best.iter().map(|claim| claim.set).collect(),
        };
        Set::of(
            (0..PLACES)
                .map(|place| world.member(place))
                .filter(|member| world.lives(*member) && sets.iter().any(|set| set.names(*member))),
        )
    }

    /// Whether another lives that has more than the one at `at`. (Who asks has waited until all have said what they have.)
    pub(crate) fn has_less(&self, world: &World, at: usize) -> bool {
        let has = |node: &Node| (self.order(node.epoch, node.version), node.log.last());
        world.nodes.iter().any(|node| node.up && node.has_state && has(node) > has(&world.nodes[at]))
    }

    /// A later epoch than the registry and those who have claimed know.
    pub(crate) fn next_epoch_of_registry(&self, world: &World) -> u8 {
        self.later(world, None)
    }
}
