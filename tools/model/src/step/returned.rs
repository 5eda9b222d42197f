//! A registry that has come back, perhaps older, perhaps empty: claims, new groups.

use super::{
    office::{begin, can_be_master},
    replicate::without_log,
};
use crate::{
    left_out::Rule,
    model::Model,
    observer::Observer,
    properties::{Property::S2, Stop, holds, when},
    set::{PLACES, Set},
    world::{Claim, Disk, World},
};

/// One lease has passed since its return: who knows better has claimed, and what was held by a lease of before has ended.
pub(super) fn settle(model: &Model, world: &mut World) -> Result<(), Stop> {
    when(world.registry.up && !world.registry.settled)?;
    let silent = |place: usize| {
        let claim = world.registry.data.claims[world.member(place).number() as usize];
        let said =
            claim.is_some_and(|claim| claim.round == world.registry.round || model.lacks(Rule::ClaimOfThisRound));
        model.knows_better(world, place) && !said || model.would_know_better(world, place)
    };
    when(model.lacks(Rule::KnowersReachRegistry) || !(0..PLACES).any(silent))?;
    world.registry.settled = true;
    for place in 0..PLACES {
        if !world.holds_office(place) {
            world.nodes[place].lease = false;
        }
    }
    Ok(())
}

/// What a member knows; where an operator is to decide, also of those who do not know better.
pub(super) fn claim(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let (node, by, round) = (&world.nodes[at], world.member(at), world.registry.round);
    let must = model.must_claim(world, at);
    let data = &world.registry.data;
    let vacant = model.bounds.operator && world.registry.settled && data.master.is_none() && node.has_state;
    when(world.registry.up && node.up && (must || vacant))?;
    let on_disk = !model.bounds.journal || world.disks[at] == Some(Disk::of(node));
    when(on_disk || model.lacks(Rule::SaidWhenOnDisk))?;
    let claim = Claim { by, round, epoch: node.epoch, version: node.version, set: node.set };
    let key = by.number() as usize;
    when(data.claims[key] != Some(claim) && model.claim_replaces(data.claims[key], claim))?;
    if model.lacks(Rule::ClaimNotLowered) {
        let of_before = |claim: &Claim| claim.by.place() == at;
        world.registry.data.claims.iter_mut().for_each(|claim| *claim = claim.filter(|it| !of_before(it)));
    }
    world.registry.data.claims[key] = Some(claim);
    if must && !model.lacks(Rule::ClaimEndsLease) {
        world.nodes[at].lease = false;
    }
    Ok(())
}

pub(super) fn win(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let Some(claim) = world.registry.data.claims[world.member(at).number() as usize] else { return Err(Stop::NotNow) };
    when(world.registry.up && node.up && model.is_own(node, claim) && !node.holds)?;
    when(can_be_master(model, world, at) && model.claim_wins(world, claim))?;
    begin(model, world, at, claim.set, claim.version)
}

pub(super) fn found(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.registry.up && world.nodes[at].up && can_be_master(model, world, at) && model.may_found(world, at))?;
    let left = Observer::somebody_is_left(world) && !model.lacks(Rule::OrderIsAPair);
    holds(S2, !left, "a new group is founded while an in-sync member of the old one lives")?;
    Observer::all_is_lost(world);
    world.observer.ran = 0;
    without_log(&mut world.nodes[at]);
    begin(model, world, at, Set::of([world.member(at)]), 1)
}
