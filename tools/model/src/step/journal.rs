//! What a member has on its disk, and what is found there when its process starts again.

use super::replicate::acks_of;
use crate::{
    left_out::Rule,
    log::Log,
    model::Model,
    observer::Observer,
    properties::{Stop, when},
    world::{Disk, Node, World},
};

/// What it has been given reaches the disk.
pub(super) fn keep(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(model.bounds.journal && node.up)?;
    let disk = Some(Disk::of(node));
    when(world.disks[at] != disk)?;
    world.disks[at] = disk;
    acks_of(world, at).for_each(|ack| ack.kept = true);
    Ok(())
}

/// The disk of a process that has ended loses the end of what had been written.
pub(super) fn damage(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.spent.damages < model.bounds.damages && !world.nodes[at].up)?;
    let Some(disk) = &mut world.disks[at] else { return Err(Stop::NotNow) };
    when(!disk.damaged && disk.log.last() > 0)?;
    disk.log.cut(disk.log.last() - 1);
    // If that is seen, it is not the same member any more. If not, everybody takes it for that.
    disk.damaged = !model.lacks(Rule::DamageIsRefused);
    world.spent.damages += 1;
    Observer::count_the_lost(world);
    Ok(())
}

/// The same member, as it was on the disk, or nothing. What of its log is acknowledged it does not know.
pub(super) fn back(model: &Model, disk: Disk) -> Node {
    let Disk { life, born, epoch, version, set, has_state, log, .. } = disk;
    let holds = model.bounds.windows && !model.lacks(Rule::BackHolds);
    let log = if has_state { log } else { Log::default() };
    Node { born, epoch, version, set, has_state, log, holds, ..Node::empty(life) }
}
