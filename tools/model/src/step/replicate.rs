//! Batches, their answers, and what is acknowledged by them.

use super::office::step_down;
use crate::{
    left_out::Rule,
    log::Log,
    model::Model,
    observer::Observer,
    properties::{Stop, when},
    rules::Members,
    set::{LIVES, PLACES},
    world::{Ack, Batch, Disk, Node, Role, Told, World},
};

pub(super) fn ship(model: &Model, world: &mut World, from: usize, to: usize) -> Result<(), Stop> {
    let batch = batch(world, from, to)?;
    arrive(model, world, batch)
}

fn batch(world: &World, from: usize, to: usize) -> Result<Batch, Stop> {
    let master = &world.nodes[from];
    when(master.is_master() && world.nodes[to].up)?;
    let Node { epoch, version, set, next, log, acknowledged: commit, .. } = *master;
    Ok(Batch { from: world.member(from), to: to as u8, epoch, version, set, next, log, commit })
}

/// With the record after those that are applied there, and no more.
pub(super) fn piece(model: &Model, world: &mut World, from: usize, to: usize) -> Result<(), Stop> {
    let mut batch = batch(world, from, to)?;
    let next = world.nodes[to].applied + 1;
    when(next < batch.log.last())?;
    batch.log.cut(next);
    batch.commit = batch.commit.min(next);
    arrive(model, world, batch)
}

pub(super) fn linger(model: &Model, world: &mut World, from: usize, to: usize) -> Result<(), Stop> {
    when(world.late.is_none() && world.spent.late < model.bounds.late)?;
    world.late = Some(batch(world, from, to)?);
    world.spent.late += 1;
    Ok(())
}

pub(super) fn late(model: &Model, world: &mut World) -> Result<(), Stop> {
    let Some(batch) = world.late.take() else { return Err(Stop::NotNow) };
    arrive(model, world, batch)
}

/// Begins anew, as a member whom no set has named.
fn drop_state(model: &Model, node: &mut Node) -> Result<(), Stop> {
    let another = !model.lacks(Rule::DroppedIsAnother) && !model.lacks(Rule::KeptWhileNamed);
    when(!another || node.life + 1 < LIVES)?;
    let life = node.life + u8::from(another);
    *node = Node { epoch: node.epoch, run: node.run, born: node.born, ..Node::empty(life) };
    Ok(())
}

fn arrive(model: &Model, world: &mut World, batch: Batch) -> Result<(), Stop> {
    let (to, from) = (batch.to as usize, batch.from);
    let me = world.member(to);
    let named = batch.set.names(me) || batch.next.names(me);
    let node = &mut world.nodes[to];
    when(node.up && model.may_follow(node, batch.epoch))?;
    if node.is_master() {
        step_down(model, node);
        return Ok(());
    }
    if node.role == Role::Deposed {
        when(model.must_drop(&batch.set, batch.next, me))?;
        return drop_state(model, node);
    }
    if node.has_state && node.log.parts_from(&batch.log).is_some_and(|index| index <= node.applied) {
        return drop_state(model, node);
    }
    if !node.has_state {
        node.has_state = true;
        node.table_from = if model.lacks(Rule::TableInSnapshot) { batch.log.last() } else { 0 };
        node.outbox_from = if model.lacks(Rule::OutboxInSnapshot) { batch.log.last() } else { 0 };
    }
    take_records(model, node, &batch);
    node.commit = node.commit.max(batch.commit);
    node.applied = if model.lacks(Rule::AppliedWhenCommitted) { node.log.last() } else { node.commit };
    if model.may_learn(node, &batch) {
        (node.set, node.version) = (batch.set, batch.version);
    }
    node.epoch = batch.epoch;
    when(!node.bids || model.lacks(Rule::BidderIsSilent))?;
    node.holds |= model.bounds.windows && (named || !model.lacks(Rule::LearnersHold));
    let (epoch, upto, version) = (batch.epoch, batch.log.last(), node.version);
    let on_disk = world.disks[to].is_some_and(|disk| disk == Disk::of(node));
    let kept = on_disk || !model.bounds.journal || model.lacks(Rule::SaidWhenOnDisk);
    world.acks[to][from.place()] = Some(Ack { from: me, to: from, epoch, upto, version, fresh: true, kept });
    Ok(())
}

/// From the first record that differs on, the follower's give way.
fn take_records(model: &Model, node: &mut Node, batch: &Batch) {
    if let Some(index) = node.log.parts_from(&batch.log) {
        node.log.cut(index - 1);
    }
    for record in batch.log.all().iter().skip(node.log.last() as usize) {
        node.log.append(*record);
    }
    if model.lacks(Rule::TailKept) {
        node.log.cut(batch.log.last());
    }
}

pub(super) fn acked(model: &Model, world: &mut World, from: usize, to: usize) -> Result<(), Stop> {
    let Some(ack) = world.acks[from][to].take().filter(|ack| ack.kept) else { return Err(Stop::NotNow) };
    let here = world.lives(ack.to);
    let node = &mut world.nodes[to];
    when(here && node.is_master() && node.epoch == ack.epoch)?;
    let told = &mut node.told[from];
    if told.by != Some(ack.from) {
        *told = Told { by: Some(ack.from), upto: 0 };
        node.heard &= !(1 << from);
    }
    if model.counts(ack.version, node.version) {
        told.upto = told.upto.max(ack.upto);
    }
    if model.bounds.windows && (ack.fresh || model.lacks(Rule::WindowFromSending)) {
        node.heard |= 1 << from;
    }
    Ok(())
}

/// The commit index of a master moves; with its barrier it begins.
pub(super) fn advance(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(node.is_master())?;
    let Some(upto) = model.committed(world, at) else { return Err(Stop::NotNow) };
    let acknowledged = model.acknowledged(node, upto);
    when(upto > node.commit || acknowledged > node.acknowledged)?;
    let upto = upto.max(node.commit);
    Observer::acknowledged(world, at, upto)?;
    let node = &mut world.nodes[at];
    (node.commit, node.applied, node.role) = (upto, upto, Role::Leads);
    node.acknowledged = node.acknowledged.max(acknowledged);
    Ok(())
}

/// What a master has been told counts anew, under another version of the set.
pub(super) fn forget_told(model: &Model, node: &mut Node) {
    if !model.lacks(Rule::ToldAnew) {
        for place in 0..PLACES {
            node.told[place].upto = 0;
        }
    }
}

/// Nothing of a master that has begun anew.
pub(super) fn without_log(node: &mut Node) {
    node.log = Log::default();
    (node.commit, node.acknowledged, node.applied) = (0, 0, 0);
}

/// Answers under way of the one at this place.
pub(super) fn acks_of(world: &mut World, at: usize) -> impl Iterator<Item = &mut Ack> {
    world.acks[at].iter_mut().flatten()
}
