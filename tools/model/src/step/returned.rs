//! A registry that has come back, perhaps older, perhaps empty: claims, new groups, and what an operator accepts.

use super::{
    office::{begin, can_be_master},
    replicate::without_log,
};
use crate::{
    left_out::Rule,
    model::Model,
    observer::Observer,
    properties::{Property::S2, Stop, holds, when},
    rules::Members,
    set::{PLACES, Set},
    world::{Claim, World},
};

/// One lease has passed since its return: who knows better has claimed, and what was held by a lease of before has ended.
pub(super) fn settle(model: &Model, world: &mut World) -> Result<(), Stop> {
    when(world.registry.up && !world.registry.settled)?;
    let silent = |place: usize| {
        let claim = world.registry.data.claims[place];
        let said = claim.is_some_and(|claim| {
            claim.by == world.member(place)
                && (claim.round == world.registry.round || model.lacks(Rule::ClaimOfThisRound))
        });
        model.knows_better(world, place) && !said
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

pub(super) fn claim(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let (node, by, round) = (&world.nodes[at], world.member(at), world.registry.round);
    when(world.registry.up && node.up && model.must_claim(world, at))?;
    let claim = Claim { by, round, epoch: node.epoch, version: node.version, set: node.set };
    let standing = world.registry.data.claims[at];
    when(standing != Some(claim) && model.claim_replaces(standing, claim))?;
    world.registry.data.claims[at] = Some(claim);
    if !model.lacks(Rule::ClaimEndsLease) {
        world.nodes[at].lease = false;
    }
    Ok(())
}

pub(super) fn win(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    wins(model, world, at, Set::default())
}

fn wins(model: &Model, world: &mut World, at: usize, lost: Set) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let Some(claim) = world.registry.data.claims[at] else { return Err(Stop::NotNow) };
    when(world.registry.up && node.up && claim.by == world.member(at) && !node.holds)?;
    when(can_be_master(model, world, at) && model.claim_wins(world, claim, lost))?;
    begin(model, world, at, claim.set, claim.version)?;
    world.registry.data.claims = [None; PLACES];
    Ok(())
}

/// An operator names those as lost for whom the claim of the one at `at` waits.
pub(super) fn accept(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let Some(claim) = world.registry.data.claims[at] else { return Err(Stop::NotNow) };
    let lost = Set::of(claim.set.each().filter(|member| !world.lives(*member)));
    when(model.bounds.operator && !lost.is_empty())?;
    wins(model, world, at, lost)
}

pub(super) fn found(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.registry.up && world.nodes[at].up && can_be_master(model, world, at) && model.may_found(world, at))?;
    let left = Observer::somebody_is_left(world) && !model.lacks(Rule::OrderIsAPair);
    holds(S2, !left, "a new group is founded while an in-sync member of the old one lives")?;
    world.observer.all_is_lost();
    without_log(&mut world.nodes[at]);
    begin(model, world, at, Set::of([world.member(at)]), 1)
}
