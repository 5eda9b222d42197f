//! Reads that miss nothing: a client sees the registry, begins one, and hears those in sync.

use crate::{
    model::Model,
    properties::{Property::S5, Stop, holds, when},
    rules::Members,
    world::{Fresh, View, World},
};

/// What it sees of the registry may be old when it is used.
pub(super) fn see(world: &mut World) -> Result<(), Stop> {
    let data = &world.registry.data;
    let (Some(group), Some(master)) = (data.group, data.master) else { return Err(Stop::NotNow) };
    when(world.registry.up)?;
    world.view = Some(View { group, master });
    Ok(())
}

pub(super) fn read(model: &Model, world: &mut World) -> Result<(), Stop> {
    let Some(view) = world.view else { return Err(Stop::NotNow) };
    when(world.fresh.is_none() && world.spent.fresh < model.bounds.fresh)?;
    world.spent.fresh += 1;
    let open = view.group.set.each().fold(0, |open, member| open | 1 << member.place());
    let least = world.observer.truth.last();
    world.fresh = Some(Fresh { view, open, least, upto: 0 });
    Ok(())
}

/// One of them says how far it is; the last word decides. Where it is not what the client has seen, the round was in vain.
pub(super) fn word(model: &Model, world: &mut World, of: usize) -> Result<(), Stop> {
    let Some(mut fresh) = world.fresh else { return Err(Stop::NotNow) };
    let Some(member) = fresh.view.group.set.at(of) else { return Err(Stop::NotNow) };
    when(model.asked(&fresh) >> of & 1 == 1 && model.is_reached(world, member))?;
    let node = &world.nodes[of];
    world.fresh = None;
    if of == fresh.view.master.place() {
        let Some(upto) = model.vouches(&fresh, node) else { return Ok(()) };
        fresh.upto = upto;
    } else if !model.knows_no_later(&fresh, node) {
        return Ok(());
    }
    fresh.open &= !(1 << of);
    if model.asked(&fresh) != 0 {
        world.fresh = Some(fresh);
        return Ok(());
    }
    let is_named = fresh.view.group.set.at(fresh.view.master.place()).is_some();
    holds(S5, !is_named || fresh.upto >= fresh.least, "a fresh read misses what was acknowledged when it began")
}
