//! Who is master: leases, elections, hand-overs.

use crate::{
    left_out::Rule,
    log::{Record, What},
    model::Model,
    observer::EPOCHS,
    properties::{Property::S6, Stop, holds, when},
    rules::Members,
    set::{PLACES, Set},
    world::{CLAIMS, Group, Node, Role, Told, World},
};

/// In the registry; by its holder's clock it has ended before.
pub(super) fn lease_ends(world: &mut World) -> Result<(), Stop> {
    when(world.registry.up)?;
    let Some(master) = world.registry.data.master else { return Err(Stop::NotNow) };
    if world.lives(master) && world.holds_office(master.place()) {
        world.nodes[master.place()].lease = false;
    }
    world.registry.data.master = None;
    Ok(())
}

/// The registry names it master of an office that it does not hold.
pub(super) fn give_up(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &world.nodes[at];
    let its = node.is_master() && node.lease && world.holds_office(at);
    let named = node.up && world.registry.data.master == Some(world.member(at));
    when(world.registry.up && named && !its && !model.lacks(Rule::KeyGivenUp))?;
    world.registry.data.master = None;
    Ok(())
}

pub(super) fn bid(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &mut world.nodes[at];
    let can = node.up && !node.holds && node.role == Role::Follows;
    when(model.lacks(Rule::BidderIsSilent) && world.registry.up && can)?;
    node.bids = true;
    Ok(())
}

pub(super) fn elect(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let (me, node) = (world.member(at), &world.nodes[at]);
    let Some(group) = world.registry.data.group else { return Err(Stop::NotNow) };
    when(world.registry.up && world.registry.data.master.is_none())?;
    when(node.up && (!node.holds || node.bids) && can_be_master(model, world, at))?;
    when(model.may_stand(world, at, group))?;
    // Where another incarnation of it is named (which may not be), it takes its place.
    let others = group.set.each().filter(|member| member.place() != at || !model.lacks(Rule::NamesAreIncarnations));
    let set = if group.set.names(me) { group.set } else { Set::of(others).with(me) };
    begin(model, world, at, set, group.version)
}

/// Whether the model has room for another epoch.
pub(super) fn can_be_master(model: &Model, world: &World, at: usize) -> bool {
    let highest = world.observer.highest;
    !world.nodes[at].log.is_full() && highest < model.bounds.epochs && (highest as usize) < EPOCHS - 1
}

/// The one at `at` is master, by the registry.
pub(super) fn begin(model: &Model, world: &mut World, at: usize, set: Set, version: u8) -> Result<(), Stop> {
    let (me, epoch) = (world.member(at), model.next_epoch(world, at));
    holds(S6, epoch > world.observer.highest, "an epoch is not higher than one before")?;
    world.observer.highest = epoch;
    world.observer.in_sync = set;
    world.registry.data.group = Some(Group { epoch, version, set });
    world.registry.data.master = Some(me);
    world.registry.data.claims = [None; CLAIMS];
    let node = &mut world.nodes[at];
    let commit = known_to_be_acknowledged(model, node);
    *node = Node {
        role: Role::Elected,
        has_state: true,
        epoch,
        version,
        set,
        next: Set::default(),
        told: [Told::default(); PLACES],
        commit,
        acknowledged: commit,
        answered: 0,
        lease: true,
        heard: 0,
        holds: false,
        bids: false,
        ..*node
    };
    if model.lacks(Rule::BarrierFirst) {
        node.role = Role::Leads;
        node.commit = node.log.last();
        (node.applied, node.acknowledged) = (node.commit, node.commit);
    } else {
        node.log.append(Record::new(epoch, me, What::Barrier));
    }
    Ok(())
}

/// What too few had does not count as acknowledged when a master of before leads again.
fn known_to_be_acknowledged(model: &Model, node: &Node) -> u8 {
    let counts = !node.is_master() || model.lacks(Rule::FoundWaits);
    if counts { node.commit } else { node.commit.min(node.acknowledged) }
}

/// It acts no more, and follows the next one if it can.
pub(super) fn step_down(model: &Model, node: &mut Node) {
    node.commit = known_to_be_acknowledged(model, node);
    node.role = if model.may_go_on(node) { Role::Follows } else { Role::Deposed };
    (node.lease, node.heard, node.next) = (false, 0, Set::default());
    (node.acknowledged, node.answered) = (0, 0);
    if node.role == Role::Follows {
        // On a master all of its log is applied.
        node.applied = node.log.last();
    }
}

/// A master sees a later one in the registry.
pub(super) fn notice(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    let node = &mut world.nodes[at];
    let later = world.registry.data.group.is_some_and(|group| group.epoch > node.epoch);
    when(world.registry.up && node.is_master() && later)?;
    step_down(model, node);
    Ok(())
}

/// A planned one: its right ends first, then its key.
pub(super) fn hand_over(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.spent.hands < model.bounds.hands && world.registry.up && world.holds_office(at))?;
    let node = &mut world.nodes[at];
    when(node.role == Role::Leads)?;
    step_down(model, node);
    world.spent.hands += 1;
    world.registry.data.master = None;
    Ok(())
}

/// After a member's last acknowledgement; the master's window, which counts from its sending, has ended before.
pub(super) fn window_ends(model: &Model, world: &mut World, at: usize) -> Result<(), Stop> {
    when(world.nodes[at].holds)?;
    world.nodes[at].holds = false;
    if !model.lacks(Rule::WindowHeld) {
        for place in 0..PLACES {
            world.nodes[place].heard &= !(1 << at);
            if let Some(ack) = &mut world.acks[at][place] {
                ack.fresh = false;
            }
        }
    }
    Ok(())
}
