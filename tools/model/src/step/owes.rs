//! Calls that were committed with an entry: made, and written as answered.

use crate::{
    left_out::Rule,
    log::{Record, What},
    model::Model,
    properties::{Property::S9, Stop, holds, when},
    world::World,
};

/// The master makes it, the other service runs it or has, and the answer comes.
pub(super) fn send(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let node = &world.nodes[at];
    when(node.leads().is_some() && node.answered >> id & 1 == 0)?;
    let Some(owed) = model.owed(node, id) else { return Err(Stop::NotNow) };
    when(owed.before & !node.answered == 0)?;
    when(owed.index <= node.acknowledged || model.lacks(Rule::OwedWhenAcknowledged))?;
    let promised = node.epoch >= world.observer.base;
    if !model.has_run(world, owed.key) {
        let seen = &mut world.observer;
        if promised {
            holds(S9, seen.truth.executed(id, 0).is_some(), "a call was made for what is not acknowledged")?;
            holds(S9, seen.ran >> id & 1 == 0, "a call that is owed was run twice")?;
        }
        seen.ran |= 1 << id;
        let place = world.callee.iter_mut().find(|known| known.is_none_or(|known| known.0 == owed.key.0));
        *place.ok_or(Stop::NotNow)? = Some(owed.key);
    }
    world.nodes[at].answered |= 1 << id;
    Ok(())
}

pub(super) fn pay(model: &Model, world: &mut World, at: usize, id: u8) -> Result<(), Stop> {
    let me = world.member(at);
    let node = &mut world.nodes[at];
    when(node.leads().is_some() && !node.log.is_full() && model.owed(node, id).is_some())?;
    when(node.answered >> id & 1 == 1 || model.lacks(Rule::PaidWhenAnswered))?;
    node.answered &= !(1 << id);
    node.log.append(Record::new(node.epoch, me, What::Paid(id)));
    Ok(())
}
