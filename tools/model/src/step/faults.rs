//! Processes that die and start again; a registry that falls, and comes back as it was, empty or older.

use super::journal;
use crate::{
    left_out::Rule,
    model::Model,
    observer::Observer,
    properties::{Stop, when},
    set::LIVES,
    world::{Claim, Data, Node, World},
};

pub(super) fn crash(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.spent.crashes < model.bounds.crashes && world.nodes[at].up)?;
    world.spent.crashes += 1;
    world.nodes[at] = Node { up: false, ..Node::empty(world.nodes[at].life) };
    for acks in &mut world.acks[at] {
        // What waited for its disk is not said any more.
        *acks = acks.filter(|ack| ack.kept);
    }
    if model.lacks(Rule::ClaimOutlives) {
        let gone = |claim: Claim| claim.by.place() != at;
        world.registry.data.claims.iter_mut().for_each(|claim| *claim = claim.filter(|it| gone(*it)));
    }
    Observer::count_the_lost(world);
    Ok(())
}

/// Without a journal, or with one that is refused and was moved away, it is empty.
pub(super) fn restart(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(!world.nodes[at].up)?;
    if let Some(disk) = world.disks[at].filter(|disk| !disk.damaged) {
        world.nodes[at] = journal::back(model, disk);
        return Ok(());
    }
    let life = world.nodes[at].life + 1;
    when(life < LIVES)?;
    world.disks[at] = None;
    world.nodes[at] = Node::empty(life);
    Ok(())
}

pub(super) fn backup(model: &Model, world: &mut World) -> Result<(), Stop> {
    when(world.registry.up && world.registry.backup.is_none() && world.spent.falls < model.bounds.falls)?;
    world.registry.backup = Some(world.registry.data);
    Ok(())
}

pub(super) fn fall(model: &Model, world: &mut World) -> Result<(), Stop> {
    when(world.registry.up && world.spent.falls < model.bounds.falls)?;
    world.spent.falls += 1;
    world.registry.up = false;
    Ok(())
}

fn back(world: &mut World, data: Data) {
    let registry = &mut world.registry;
    (registry.up, registry.settled, registry.data) = (true, false, data);
    registry.round += 1;
}

pub(super) fn back_the_same(world: &mut World) -> Result<(), Stop> {
    when(!world.registry.up)?;
    back(world, world.registry.data);
    Ok(())
}

pub(super) fn back_empty(world: &mut World) -> Result<(), Stop> {
    when(!world.registry.up)?;
    back(world, Data::default());
    Ok(())
}

pub(super) fn back_older(world: &mut World) -> Result<(), Stop> {
    when(!world.registry.up)?;
    let Some(backup) = world.registry.backup else { return Err(Stop::NotNow) };
    when(backup != world.registry.data)?;
    back(world, backup);
    Ok(())
}
