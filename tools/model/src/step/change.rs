//! The in-sync set: asked for by a master, changed in the registry, heard of.

use super::replicate::forget_told;
use crate::{
    model::Model,
    properties::{Stop, when},
    rules::Members,
    set::Set,
    world::World,
};

pub(super) fn shrink(model: &Model, world: &mut World, at: usize, other: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(node.is_master() && model.may_change(world, at, !node.next.is_empty()))?;
    let Some(gone) = node.set.at(other) else { return Err(Stop::NotNow) };
    let next = node.set.without(gone);
    when(!next.is_empty())?;
    world.nodes[at].next = next;
    Ok(())
}

/// Another incarnation of it has to be taken out before.
pub(super) fn grow(model: &Model, world: &mut World, at: usize, other: usize) -> Result<(), Stop> {
    let (node, learner) = (&world.nodes[at], world.member(other));
    when(node.is_master() && model.may_change(world, at, !node.next.is_empty()))?;
    when(node.set.at(other).is_none() && node.set.len() < model.bounds.replicas && model.may_add(node, learner))?;
    world.nodes[at].next = node.set.with(learner);
    Ok(())
}

/// The transaction compares the office's key, the epoch and the version.
pub(super) fn change(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(node.up && world.registry.up && !node.next.is_empty() && world.holds_office(at))?;
    when(model.may_change(world, at, false))?;
    let Some(group) = &mut world.registry.data.group else { return Err(Stop::NotNow) };
    when(group.version == node.version && group.version < model.bounds.versions)?;
    (group.set, group.version) = (node.next, group.version + 1);
    world.observer.in_sync = node.next;
    Ok(())
}

pub(super) fn hear(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &mut world.nodes[at];
    let Some(group) = world.registry.data.group else { return Err(Stop::NotNow) };
    when(node.up && world.registry.up && !node.next.is_empty())?;
    when(group.epoch == node.epoch && group.version == node.version + 1)?;
    (node.set, node.version, node.next) = (group.set, group.version, Set::default());
    forget_told(model, node);
    Ok(())
}

/// It has not happened, and cannot any more.
pub(super) fn withdraw(world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let same = world.registry.data.group.is_some_and(|group| group.version == node.version);
    when(node.up && world.registry.up && !node.next.is_empty() && world.holds_office(at) && same)?;
    world.nodes[at].next = Set::default();
    Ok(())
}
