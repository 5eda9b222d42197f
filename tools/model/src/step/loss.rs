//! What an operator accepts: as `node/offices/group/loss.rs` of the runtime has it.

use super::office::can_be_master;
use crate::{
    left_out::Rule,
    model::Model,
    observer::Observer,
    properties::{Property::S2, Stop, holds, when},
    rules::Members,
    set::Set,
    world::{CLAIMS, Group, World},
};

/// A group that cannot go on has the member at `at` go on with what it has claimed: the record names it alone, in a later epoch, in which
/// nobody has the office yet.
pub(super) fn accept(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let me = world.member(at);
    let data = &world.registry.data;
    when(model.bounds.operator && world.registry.up && world.registry.settled && data.master.is_none())?;
    let Some(claim) = data.claims[me.number() as usize] else { return Err(Stop::NotNow) };
    let node = &world.nodes[at];
    when(node.up && node.has_state && model.is_own(node, claim) && can_be_master(model, world, at))?;
    let in_sync = model.in_sync_and_alive(world);
    let refused = !model.is_vacant(world) || !in_sync.is_empty() && !in_sync.names(me);
    when(!refused || model.lacks(Rule::LossIsRefused))?;
    when(!in_sync.is_empty() || !model.has_less(world, at) || model.lacks(Rule::MostGoesOn))?;
    let epoch = model.next_epoch_of_registry(world);
    // Whoever has all that was acknowledged loses nothing.
    let seen = world.observer;
    let has_all = node.log.begins_with(&seen.truth, seen.truth.last());
    let others_live = seen.in_sync.each().any(|member| world.lives(member));
    holds(S2, has_all || !others_live, "a loss is accepted while a member lives that has all")?;
    let log = node.log;
    world.observer.highest = world.observer.highest.max(epoch);
    world.observer.in_sync = Set::of([me]);
    if !has_all {
        Observer::all_is_lost(world);
    }
    world.observer.goes_on_with(&log);
    let set = Set::of([me]);
    world.registry.data.group = Some(Group { epoch, version: 1, set });
    world.registry.data.claims = [None; CLAIMS];
    Ok(())
}
