//! Calls under an id, repeated and asked for (which the runtime does not have yet): what they do, and what their callers are told.

use crate::{
    left_out::Rule,
    log::{Record, What},
    model::Model,
    properties::{
        Property::{S2, S4, S8},
        Stop, holds, when,
    },
    world::{Run, World},
};

/// How often a call under one id reaches a master.
const TIMES: u8 = 2;

pub(super) fn begin(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(world.spent.begun[id as usize] < TIMES && model.acts(world, at) && node.run.is_none())?;
    when(!node.log.is_full() && model.is_open(node, id) && model.enough(node))?;
    world.spent.begun[id as usize] += 1;
    world.nodes[at].run = Some(Run { id, began: node.epoch });
    Ok(())
}

/// A handler commits, or hears that it cannot any more. Either way it is over.
pub(super) fn commit(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let me = world.member(at);
    let node = &mut world.nodes[at];
    let Some(run) = node.run else { return Err(Stop::NotNow) };
    when(node.up && !node.log.is_full())?;
    node.run = None;
    if model.may_commit(node, run.began) {
        node.log.append(Record::new(node.epoch, me, What::Done(run.id)));
    }
    Ok(())
}

/// Ok is released: to the call, or to whoever asks what became of it.
pub(super) fn reply(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(world.observer.told_done >> id & 1 == 0 && node.epoch >= world.observer.base && model.answers(world, at))?;
    let Some(index) = model.outcome(node, What::Done(id)) else { return Err(Stop::NotNow) };
    when(index <= node.commit || model.lacks(Rule::ReplyWhenAcknowledged))?;
    when(model.enough(node) || model.lacks(Rule::EnoughAtRelease))?;
    let seen = &mut world.observer;
    holds(S4, seen.told_void >> id & 1 == 0, "Ok and NothingCommitted were both answered")?;
    let acknowledged = seen.truth.at(index).is_some() && seen.truth.at(index) == node.log.at(index);
    holds(S4, acknowledged, "Ok was answered for what is not acknowledged")?;
    let enough = seen.held[id as usize].len() >= model.bounds.enough || model.bounds.enough == 1;
    holds(S8, enough, "Ok was answered for what fewer members had than the least number in sync")?;
    seen.token = seen.token.max((node.log.epoch_at(index).unwrap_or(0), index));
    seen.told_done |= 1 << id;
    Ok(())
}

/// Somebody asks what became of a call of which there is nothing: it becomes void.
pub(super) fn ask(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let me = world.member(at);
    when(world.spent.asked[id as usize] == 0 && model.acts(world, at))?;
    let node = &mut world.nodes[at];
    let runs = node.run.is_some_and(|run| run.id == id) && !model.lacks(Rule::AskWaitsForHandler);
    when(!node.log.is_full() && model.is_open(node, id) && !runs)?;
    world.spent.asked[id as usize] += 1;
    node.log.append(Record::new(node.epoch, me, What::Void(id)));
    Ok(())
}

pub(super) fn reply_void(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(world.observer.told_void >> id & 1 == 0 && node.epoch >= world.observer.base && model.answers(world, at))?;
    let index = model.outcome(node, What::Void(id));
    when(index.is_some_and(|index| index <= node.commit))?;
    let seen = &mut world.observer;
    holds(S4, seen.told_done >> id & 1 == 0, "Ok and NothingCommitted were both answered")?;
    holds(S2, index <= Some(seen.truth.last()), "NothingCommitted was answered for what is not acknowledged")?;
    let done = seen.truth.find(What::Done(id), 0).is_some();
    holds(S4, !done, "NothingCommitted was answered for what has been executed")?;
    seen.told_void |= 1 << id;
    Ok(())
}
