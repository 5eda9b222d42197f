//! Liveness: the faults end, everything else goes on, and then a master acts that has all that was acknowledged.

use super::chance::Chance;
use crate::{
    action::Action,
    log::ROOM,
    model::{Bounds, Model},
    observer::{EPOCHS, Observer},
    properties::{Broken, Property, Stop},
    rules::Members,
    set::{PLACES, Set},
    world::{Role, World},
};

/// How it ended.
#[derive(Debug)]
pub(crate) enum End {
    /// A master acts, has all, and is named by the registry (or the model has no room left to say).
    Master,
    /// The rules ask for an operator: nobody lives whom the record names, or a claim waits for somebody who does not.
    Operator,
    /// Neither.
    Nobody(Broken),
}

/// Steps in which it must have come back.
const STEPS: usize = 6000;
/// Records that a recovery may need.
const NEEDED_ROOM: u8 = 4;

/// Lets the faults end.
pub(crate) fn recover(model: &Model, mut world: World, seed: u64) -> End {
    let mut chance = Chance::new(seed);
    let epochs = EPOCHS as u8 - 1;
    let free = Model { bounds: Bounds { epochs, versions: 200, operator: false, ..model.bounds }, ..*model };
    let actions = Action::all(&free.bounds);
    if world.nodes.iter().any(|node| node.log.last() + NEEDED_ROOM > ROOM as u8) {
        return End::Master;
    }
    for _ in 0..STEPS {
        if (0..PLACES).any(|place| is_back(&free, &world, place)) || world.observer.highest + 1 >= epochs {
            return End::Master;
        }
        let action = if world.registry.up { chance.one_of(&actions) } else { Action::Return };
        if !goes_on(&world, action) {
            continue;
        }
        match free.after(&world, action) {
            Err(Stop::NotNow) => {}
            Err(Stop::Broken(broken)) => return End::Nobody(broken),
            Ok(next) => world = next,
        }
    }
    if asks_for_operator(model, &world) {
        return End::Operator;
    }
    let how = "the faults have ended, no master comes back with all, and the rules ask for no operator";
    End::Nobody(Broken { property: Property::L1, how })
}

fn is_back(model: &Model, world: &World, place: usize) -> bool {
    let node = &world.nodes[place];
    let has_all = node.commit == node.log.last() && model.has_paid(node);
    model.acts(world, place) && node.lease && world.holds_office(place) && has_all
}

/// Whether this still happens when nothing fails: no faults, no calls; leases of those who live are kept; who follows is not taken out.
fn goes_on(world: &World, action: Action) -> bool {
    match action {
        Action::Begin(..) | Action::Ask(..) | Action::Commit(_) | Action::Enter(_) | Action::End(_) => false,
        Action::See | Action::Read => false,
        Action::LeaseEnds => !world.registry.data.master.is_some_and(|master| world.lives(master)),
        Action::Shrink(_, other) => {
            let node = &world.nodes[other];
            !(node.up && node.role == Role::Follows && world.observer.in_sync.names(world.member(other)))
        }
        action => !action.is_fault(),
    }
}

/// Whether it is said that an operator is to decide, or nobody is left of whom anything was promised.
fn asks_for_operator(model: &Model, world: &World) -> bool {
    let dead = |set: Set| set.each().any(|member| !world.lives(member));
    let nobody = !Observer::somebody_is_left(world) && world.registry.data.group.is_some_and(|group| dead(group.set));
    // Those for whom a claim waits can still say what they have, unless they are gone.
    let waits_in_vain = model.is_vacant(world) && model.waits_for_the_dead(world);
    waits_in_vain || nobody
}
