//! What a member says who is asked how far its group is, and what a read that is to miss nothing believes: as `call/paths/fresh.rs` and
//! `replica/instance/reads.rs` of the runtime have it.

use super::Model;
use crate::{
    left_out::Rule,
    set::Member,
    world::{Fresh, Node, World},
};

impl Model {
    /// Whether it is reached by what it was named: its process goes on, or has started again with what it had.
    pub(crate) fn is_reached(&self, world: &World, member: Member) -> bool {
        let node = &world.nodes[member.place()];
        node.up && member.life() >= node.born
    }

    /// The places whose word is needed.
    pub(crate) fn asked(&self, fresh: &Fresh) -> u8 {
        let master = 1 << fresh.view.master.place();
        if self.lacks(Rule::FreshAsksAll) { fresh.open & master } else { fresh.open }
    }

    /// What the master, by what a client knows, says that is acknowledged; nothing if it is not that any more.
    pub(crate) fn vouches(&self, fresh: &Fresh, node: &Node) -> Option<u8> {
        let group = fresh.view.group;
        let version = if self.lacks(Rule::FreshByVersion) { group.version } else { node.version };
        let changes = !node.next.is_empty() && !self.lacks(Rule::FreshWithoutChange);
        let begun = node.acknowledged >= node.barrier() || self.lacks(Rule::FreshAfterBarrier);
        let still = (node.epoch, version) == (group.epoch, group.version) && !changes;
        (node.is_master() && begun && still).then_some(node.acknowledged)
    }

    /// Whether another in sync knows of no later master, and of no later set.
    pub(crate) fn knows_no_later(&self, fresh: &Fresh, node: &Node) -> bool {
        let group = fresh.view.group;
        (node.epoch, node.version) <= (group.epoch, group.version)
    }
}
