//! Calls under an id, repeated and asked for: what they do, and what their callers are told.

use crate::{
    decide::outcomes::Known,
    left_out::Rule,
    log::{Record, What},
    model::Model,
    properties::{
        Property::{S4, S8},
        Stop, holds, when,
    },
    world::{Run, World},
};

/// How often a call under one id reaches a master.
const TIMES: u8 = 2;

/// Of calls under ids that ascend the caller asks for none but the last, once it knows what became of those before.
pub(super) fn begin(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(world.spent.begun[id as usize] < TIMES && model.acts(world, at) && node.run.is_none())?;
    when(!node.log.is_full() && model.is_new(node, id) && model.enough(node))?;
    let over = id > 0 && world.observer.is_told(id - 1);
    world.spent.begun[id as usize] += 1;
    world.nodes[at].run = Some(Run { id, began: node.epoch, entered: false, over });
    Ok(())
}

/// A handler commits and comes to its end at once, or hears that it cannot any more. Either way it is over.
pub(super) fn commit(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let run = world.nodes[at].run.filter(|run| !run.entered);
    says(model, world, at, run, What::Done)?;
    world.nodes[at].run = None;
    Ok(())
}

/// A handler commits, and goes on.
pub(super) fn enter(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let run = world.nodes[at].run.filter(|run| !run.entered);
    when(model.bounds.pends)?;
    let can = says(model, world, at, run, What::Begun)?;
    world.nodes[at].run = run.filter(|_| can).map(|run| Run { entered: true, ..run });
    Ok(())
}

/// It comes to its end.
pub(super) fn end(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let run = world.nodes[at].run.filter(|run| run.entered);
    says(model, world, at, run, What::Ended)?;
    world.nodes[at].run = None;
    Ok(())
}

/// Writes a record of a handler's, if that may write any more; whether it may.
fn says(model: &Model, world: &mut World, at: usize, run: Option<Run>, what: fn(u8) -> What) -> Result<bool, Stop> {
    let me = world.member(at);
    let node = &mut world.nodes[at];
    let Some(run) = run else { return Err(Stop::NotNow) };
    when(node.up && !node.log.is_full())?;
    let can = model.may_commit(node, run.began);
    if can {
        node.log.append(Record::new(node.epoch, me, what(run.id)).over(run.over));
    }
    Ok(can)
}

/// Whether a question about this call is answered now, by a table which says so in the record of `index`: whatever replies wait for, what is
/// asked for waits until it is acknowledged.
fn may_tell(model: &Model, world: &World, at: usize, index: u8) -> bool {
    let node = &world.nodes[at];
    let promised = node.epoch >= world.observer.base && model.answers(world, at);
    promised && (index <= node.acknowledged || model.lacks(Rule::ReplyWhenAcknowledged))
}

/// Ok is released: to the call, or to whoever asks what became of it.
pub(super) fn reply(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let Known::Ended(index) = model.known(node, id) else { return Err(Stop::NotNow) };
    when(world.observer.told_done >> id & 1 == 0 && may_tell(model, world, at, index))?;
    let seen = &mut world.observer;
    holds(S4, seen.told_void >> id & 1 == 0, "Ok and NothingCommitted were both answered")?;
    holds(S4, seen.told_unfinished >> id & 1 == 0, "Ok and Unfinished were both answered")?;
    let acknowledged = seen.truth.at(index).is_some() && seen.truth.at(index) == node.log.at(index);
    holds(S4, acknowledged, "Ok was answered for what is not acknowledged")?;
    let enough = seen.held[id as usize].len() >= model.bounds.enough || model.bounds.enough == 1;
    holds(S8, enough, "Ok was answered for what fewer members had than the least number in sync")?;
    seen.token = seen.token.max((node.log.epoch_at(index).unwrap_or(0), index));
    seen.told_done |= 1 << id;
    Ok(())
}

/// The reply leaves before its record is acknowledged, where replies wait for nobody.
pub(super) fn reply_early(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(model.bounds.early && model.answers(world, at) && node.epoch >= world.observer.base)?;
    let Known::Ended(index) = model.known(node, id) else { return Err(Stop::NotNow) };
    when(index > node.acknowledged && world.observer.early[id as usize] == 0)?;
    world.observer.early[id as usize] = node.epoch;
    Ok(())
}

/// Somebody asks what became of a call that has committed something, and is not at its end, nor runs here.
pub(super) fn reply_unfinished(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let Known::Begun(index) = model.known(node, id) else { return Err(Stop::NotNow) };
    let runs = node.run.is_some_and(|run| run.id == id && run.began == node.epoch);
    when(!runs || model.lacks(Rule::AskWaitsForHandler))?;
    when(world.observer.told_unfinished >> id & 1 == 0 && may_tell(model, world, at, index))?;
    let seen = &mut world.observer;
    holds(S4, seen.told_void >> id & 1 == 0, "Unfinished and NothingCommitted were both answered")?;
    holds(S4, seen.told_done >> id & 1 == 0, "Ok and Unfinished were both answered")?;
    let acknowledged = seen.truth.at(index).is_some() && seen.truth.at(index) == node.log.at(index);
    holds(S4, acknowledged, "Unfinished was answered for what is not acknowledged")?;
    seen.told_unfinished |= 1 << id;
    Ok(())
}

/// Somebody asks what became of a call of which there is nothing: it becomes void.
pub(super) fn ask(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let me = world.member(at);
    when(world.spent.asked[id as usize] == 0 && model.acts(world, at))?;
    let node = &mut world.nodes[at];
    let runs = node.run.is_some_and(|run| run.id == id) && !model.lacks(Rule::AskWaitsForHandler);
    when(!node.log.is_full() && model.known(node, id) == Known::Nothing && !runs)?;
    world.spent.asked[id as usize] += 1;
    if model.lacks(Rule::VoidIsWritten) {
        return tell_void(world, id);
    }
    node.log.append(Record::new(node.epoch, me, What::Void(id)));
    Ok(())
}

pub(super) fn reply_void(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(world.observer.told_void >> id & 1 == 0 && node.epoch >= world.observer.base && model.answers(world, at))?;
    let Known::Void(index) = model.known(node, id) else { return Err(Stop::NotNow) };
    when(index <= node.acknowledged || model.lacks(Rule::VoidWhenAcknowledged))?;
    tell_void(world, id)
}

fn tell_void(world: &mut World, id: u8) -> Result<(), Stop> {
    let seen = &mut world.observer;
    holds(S4, seen.told_done >> id & 1 == 0, "Ok and NothingCommitted were both answered")?;
    holds(S4, seen.told_unfinished >> id & 1 == 0, "Unfinished and NothingCommitted were both answered")?;
    let done = seen.truth.executed(id, 0).is_some();
    holds(S4, !done, "NothingCommitted was answered for what has been executed")?;
    seen.told_void |= 1 << id;
    Ok(())
}
