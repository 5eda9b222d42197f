//! Calls that a group owes to another service, and how that tells them apart: as `replica/outcomes/outbox.rs` of the runtime has them.

use crate::{
    left_out::Rule,
    log::{Record, What},
    model::Model,
    world::{Node, OwedKey, World},
};

/// One that has not been answered, as far as a member's log says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owed {
    /// Of the record by which it is owed.
    pub(crate) index: u8,
    pub(crate) key: OwedKey,
    /// Those that were owed before it (as bits) and have not been answered.
    pub(crate) before: u8,
}

impl Model {
    /// The call that is owed because of the call `id`, if it has not been answered.
    pub(crate) fn owed(&self, node: &Node, id: u8) -> Option<Owed> {
        let (mut since, mut number, mut before) = (0, 0, 0_u8);
        for index in node.outbox_from + 1..=node.log.last() {
            let record = node.log.at(index)?;
            let Some(owes) = record.executes() else { continue };
            number += 1;
            if since == 0 {
                since = record.epoch();
            }
            let is_paid = node.log.find(What::Paid(owes), index).is_some();
            if owes == id {
                let epoch = if self.lacks(Rule::OwedByItsEpoch) { since } else { record.epoch() };
                return (!is_paid).then_some(Owed { index, key: (epoch, number), before });
            }
            before |= if is_paid { 0 } else { 1 << owes };
        }
        None
    }

    /// Whether everything that is owed by its log has been answered.
    pub(crate) fn has_paid(&self, node: &Node) -> bool {
        let owes = node.log.all().iter().copied().filter_map(Record::executes);
        !self.bounds.owes || owes.into_iter().all(|id| node.log.find(What::Paid(id), 0).is_some())
    }

    /// Whether the callee has run this call, or knows that its caller does not ask for it any more: in one row, none is asked for that is lower than
    /// another that was.
    pub(crate) fn has_run(&self, world: &World, key: OwedKey) -> bool {
        let one_row = self.lacks(Rule::OwedInRows);
        let is_there = |known: &OwedKey| if one_row { *known >= key } else { known.0 == key.0 && known.1 >= key.1 };
        !self.lacks(Rule::CalleeDedupes) && world.callee.iter().flatten().any(is_there)
    }
}
