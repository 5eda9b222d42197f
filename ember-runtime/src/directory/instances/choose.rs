//! Picking one of several.

use std::sync::Arc;

use super::{
    balance::Balancers,
    instance::Instance,
    selecting::{Among, Choice, Selector},
    weights::{drawn, load, place_of},
};
use crate::{
    actor::ServiceState,
    directory::breakers::BreakerState,
    error::RefusedReason,
    id::{NodeId, Pid},
    message::Lane,
    rng::Rng,
};

/// Whom a call may go to.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) selector: &'a Selector,
    pub(crate) lane: Lane,
    /// The node that chooses.
    pub(crate) here: NodeId,
    /// The key that the contract of the calls names. To say who may be chosen, any key does.
    pub(crate) key: Option<u64>,
}

/// What a choice is made by.
pub(crate) struct Chance<'a> {
    /// Have refused this call already.
    pub(crate) excluded: &'a [Pid],
    /// The number of this choice; for taking turns.
    pub(crate) turn: usize,
    pub(crate) probing: Probing,
    pub(crate) rng: &'a Rng,
    pub(crate) balancers: &'a Balancers,
}

/// What a call is to an instance behind a breaker that is half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probing {
    /// Its probe, if there is none yet.
    Probe,
    /// No probe: its end is not heard of. It may go there.
    Pass,
}

impl Terms<'_> {
    /// Whether an instance takes such calls.
    pub(crate) fn takes(&self, instance: &Instance) -> bool {
        match instance.state {
            ServiceState::Running => true,
            ServiceState::Paused => self.lane == Lane::System,
            // Its node takes no new callers, and goes on.
            ServiceState::Retiring => self.selector.pid.is_some() && instance.node.retired && !instance.node.retiring,
            _ => false,
        }
    }

    /// Whether it has no share of such calls, and is none that is named.
    pub(crate) fn passes_over(&self, instance: &Instance) -> bool {
        let is_placed = || matches!(*self.selector.choice.for_key(self.key), Choice::ByKey(_));
        instance.weight == 0 && !self.selector.addresses(instance) && !is_placed()
    }

    /// Whether it is one of those that are preferred.
    pub(crate) fn prefers(&self, instance: &Instance) -> bool {
        self.selector.choice == Choice::LocalFirst && self.key.is_none() && instance.pid.node.id == self.here
    }
}

/// One of `instances` that match, which are all of the right interest. It looks at each of them once: what is remembered of a
/// choice ([`Kept`](super::kept::Kept)) gives the same without.
///
/// # Errors
/// Why there is none: all that match are paused, retiring, or have refused already; `None` if nothing matches. Or that the balancer
/// which is named has not chosen.
pub(crate) fn choose<'a>(
    instances: impl Iterator<Item = &'a Arc<Instance>>,
    terms: &Terms<'_>,
    by: &Chance<'_>,
) -> Result<(&'a Arc<Instance>, Option<u64>), Option<RefusedReason>> {
    let mut usable: Vec<&Arc<Instance>> = Vec::new();
    let mut refusal = None;
    let (mut without_master, mut broken, mut weightless) = (0, 0, 0);
    let mut group = None;
    // Whether nobody of an elected group can become its master before a pause ends: some pause, and no other does anything but retire.
    let (mut some_pause, mut others_go) = (false, true);
    for instance in instances.filter(|it| terms.selector.names(it)) {
        let pauses = instance.state == ServiceState::Paused;
        some_pause |= pauses;
        others_go &= pauses || instance.state.has_ended() || instance.state == ServiceState::Retiring;
        if !terms.selector.fits(instance) {
            without_master += usize::from(!instance.state.has_ended());
            group = group.or(instance.standing.as_ref());
            continue;
        }
        if terms.passes_over(instance) {
            weightless += usize::from(!instance.state.has_ended());
            continue;
        }
        if terms.takes(instance) && !by.excluded.contains(&instance.pid) {
            match instance.breaker {
                BreakerState::HalfOpen if by.probing == Probing::Probe && !instance.in_flight.wants_probe() => {
                    broken += 1
                }
                BreakerState::Closed | BreakerState::HalfOpen => usable.push(instance),
                BreakerState::Open => broken += 1,
            }
            continue;
        }
        match instance.state {
            // These may take the call yet: one that retires is no reason beside that.
            ServiceState::Starting => {
                refusal = refusal.filter(|first| *first == RefusedReason::Paused).or(Some(RefusedReason::Starting))
            }
            ServiceState::Running => {
                let refused = || RefusedReason::Unreachable("every instance has refused".into());
                refusal = refusal.filter(|first| *first != RefusedReason::Retiring).or_else(|| Some(refused()));
            }
            // It hands its office over.
            ServiceState::Paused if instance.epoch().is_some() && terms.selector.pid.is_none() => without_master += 1,
            ServiceState::Paused => refusal = Some(RefusedReason::Paused),
            ServiceState::Retiring => refusal = refusal.or(Some(RefusedReason::Retiring)),
            ServiceState::Stopped | ServiceState::Failed => {}
        }
    }
    if refusal.is_none() && without_master > 0 {
        let all_pause = some_pause && others_go;
        let vacancy = group.and_then(|standing| standing.office.vacancy());
        let none = || no_master(terms.selector, without_master, vacancy.as_deref());
        refusal = Some(if all_pause { RefusedReason::Paused } else { none() });
    }
    loop {
        let Some(instance) = pick(&usable, terms, by)? else {
            // Those who may take the call yet are a better reason, and so is one that retires: its successor is about to come.
            use RefusedReason::{Retiring, Starting, Unreachable};
            let waits = matches!(refusal, Some(Starting | Retiring | Unreachable(_)));
            let refusal = refusal.or_else(|| (weightless > 0).then(|| no_weight(terms.selector, weightless)));
            return Err(if broken > 0 && !waits { Some(breaker_open(terms.selector, broken)) } else { refusal });
        };
        if instance.breaker != BreakerState::HalfOpen || by.probing == Probing::Pass {
            return Ok((instance, None));
        }
        match instance.in_flight.begin().circuit.probe() {
            Some(number) => return Ok((instance, Some(number))),
            // Another call is the probe since.
            None => usable.retain(|other| other.pid != instance.pid),
        }
        broken += 1;
    }
}

/// One of those that take calls; `None` if there are none.
///
/// # Errors
/// The balancer that is named has not chosen.
fn pick<'a>(
    usable: &[&'a Arc<Instance>],
    terms: &Terms<'_>,
    by: &Chance<'_>,
) -> Result<Option<&'a Arc<Instance>>, Option<RefusedReason>> {
    let mut usable = usable.to_vec();
    if usable.iter().any(|instance| !instance.suspect) {
        usable.retain(|instance| !instance.suspect);
    }
    if usable.iter().any(|instance| terms.prefers(instance)) {
        usable.retain(|instance| terms.prefers(instance));
    }
    if let Some(name) = terms.selector.balancer() {
        let place = by.balancers.choose(name, &usable, (terms.key, by.rng)).map_err(Some)?;
        return Ok(place.and_then(|place| usable.get(place).copied()));
    }
    let weight = |place: usize| usable[place].weight;
    let uneven = usable.iter().any(|it| it.weight != 1);
    let place = match *terms.selector.choice.for_key(terms.key) {
        // Of exactly one there is no choice.
        Choice::Named(_) => (!usable.is_empty()).then_some(0),
        Choice::RoundRobin | Choice::LocalFirst => in_turn(by.turn, usable.len(), uneven, weight),
        Choice::Random => at_random(by.rng, usable.len(), uneven, weight),
        Choice::LeastInFlight => less(usable.len(), by.rng, |place| load(usable[place].in_flight(), weight(place))),
        Choice::LeastBusy => less(usable.len(), by.rng, |place| load(usable[place].busy(), weight(place))),
        Choice::ByKey(key) => heaviest(key, usable.iter().map(|it| (seed(it.pid), it.pid))),
    };
    Ok(place.and_then(|place| usable.get(place).copied()))
}

/// Why none of those that take calls is called now, of which there are so many.
pub(crate) fn breaker_open(selector: &Selector, instances: usize) -> RefusedReason {
    RefusedReason::BreakerOpen(match instances {
        1 => format!(
            "{selector}: the only instance that takes calls has not answered this node, and its breaker is open"
        ),
        _ => format!(
            "{selector}: the {instances} instances that take calls have not answered this node, and their breakers are open"
        ),
    })
}

/// Why none of the instances of a group, of which there are so many, is the one that is asked for. `vacancy`: why none can be elected.
fn no_master(selector: &Selector, instances: usize, vacancy: Option<&str>) -> RefusedReason {
    if selector.among == Among::Slaves {
        return RefusedReason::NoTarget(format!(
            "{selector}: there is no slave, every instance that is seen is a master"
        ));
    }
    if let Some(why) = vacancy {
        return RefusedReason::NoMaster(format!(
            "{selector}: {why}. Until one of them is back, or an operator accepts the loss (`node.accept_loss(…)`), there is none"
        ));
    }
    RefusedReason::NoMaster(match instances {
        1 => format!("{selector}: its only instance has not been elected yet"),
        _ => format!(
            "{selector}: of its {instances} instances one is elected when the lease of the last master has ended, or been given up"
        ),
    })
}

/// Why none is asked, where the one that was the master has refused.
pub(crate) fn no_master_yet(selector: &Selector) -> RefusedReason {
    RefusedReason::NoMaster(format!(
        "{selector}: whoever was asked is not the master, or not any more, and no other is known to this node: one is elected when the lease \
         of the last master has ended, or been given up, and its `#[on(master)]` has succeeded"
    ))
}

/// Why none is asked, where so many take calls and none has a share of them.
fn no_weight(selector: &Selector, instances: usize) -> RefusedReason {
    let (them, have) =
        if instances == 1 { ("the only one that is left has", "it") } else { ("those that are left have", "one") };
    RefusedReason::NoTarget(format!(
        "{selector}: {them} the weight 0, and no share of the calls: give {have} another, by `node.set_weight(…)` on its node or its tag \
         `weight`, or name it by its pid or id"
    ))
}

/// Whose turn it is. If weights are `uneven`, they say how many turns each has; if all are 0, each has one.
#[inline]
pub(crate) fn in_turn(turn: usize, places: usize, uneven: bool, weight: impl Fn(usize) -> u16) -> Option<usize> {
    let by_weight = || place_of(turn, places, weight);
    uneven.then(by_weight).flatten().or_else(|| turn.checked_rem(places))
}

/// One at random; by their weights, if they are `uneven` and not all 0.
pub(crate) fn at_random(rng: &Rng, places: usize, uneven: bool, weight: impl Fn(usize) -> u16) -> Option<usize> {
    let all = if uneven { (0..places).map(|place| usize::from(weight(place))).sum() } else { 0 };
    if all > 0 {
        return drawn(rng.below(all), places, weight);
    }
    (places > 0).then(|| rng.below(places))
}

/// The power of two choices: of two different places at random, the one that has less; none if there are none.
pub(crate) fn less<L: PartialOrd>(places: usize, rng: &Rng, load: impl Fn(usize) -> L) -> Option<usize> {
    if places < 2 {
        return (places == 1).then_some(0);
    }
    let bits = rng.u64();
    // Half of the bits each: no view has four thousand million instances.
    let below = |half: u64, bound: usize| ((half * bound as u64) >> 32) as usize;
    let a = below(bits >> 32, places);
    let b = below(bits & 0xffff_ffff, places - 1);
    // All places but `a`.
    let b = b + usize::from(b >= a);
    Some(if load(b) < load(a) { b } else { a })
}

/// Rendezvous hashing: the place of the instance with the highest weight for a key.
pub(crate) fn heaviest(key: u64, seeds: impl Iterator<Item = (u64, Pid)>) -> Option<usize> {
    let weights = seeds.map(|(seed, pid)| (weight(key, seed), pid));
    weights.enumerate().max_by_key(|(_, weight)| *weight).map(|(place, _)| place)
}

/// What of an instance counts for keys. The incarnation does not, so that a node that restarts with the same services gets its
/// keys back.
pub(crate) fn seed(pid: Pid) -> u64 {
    pid.node.id.0.rotate_left(32) ^ pid.number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn weight(key: u64, seed: u64) -> u64 {
    let mut hash = key ^ seed;
    for _ in 0..2 {
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{selecting::Interest, standing::Standing};
    use super::*;
    use crate::{
        actor::ServiceIdentity,
        directory::records::NodeRecord,
        id::{Epoch, Incarnation, NodeKey},
        office::Role,
    };

    #[test]
    fn two_choices_are_of_two_different_places_and_reach_all() {
        let rng = Rng::from_seed(7);
        for places in 2..9 {
            let mut taken = BTreeSet::new();
            for _ in 0..1_000 {
                // Whichever is looked at first has less: if both were one place, it could not be told.
                let looked = std::cell::RefCell::new(Vec::new());
                let place = less(places, &rng, |place| {
                    looked.borrow_mut().push(place);
                    place
                });
                let looked = looked.into_inner();
                assert!(looked.len() == 2 && looked[0] != looked[1], "{looked:?} of {places}");
                assert_eq!(place, looked.iter().min().copied());
                taken.extend(looked);
            }
            assert_eq!(taken.len(), places);
        }
        assert_eq!((less(0, &rng, |_| 0), less(1, &rng, |_| 0)), (None, Some(0)));
    }

    fn instance(number: u64, state: ServiceState) -> Arc<Instance> {
        let node = NodeKey { id: NodeId(1), incarnation: Incarnation(1) };
        let record = Arc::new(NodeRecord::new(node, "a".into(), "127.0.0.1:1".parse().unwrap(), 0));
        let identity = Arc::new(ServiceIdentity::supposed("ward", number, 0));
        Arc::new(Instance::new(Pid { node, number }, identity, record, state))
    }

    #[test]
    fn one_that_may_take_the_call_yet_is_the_reason_beside_one_that_retires_whichever_comes_first() {
        let selector = Selector::new(Interest::Service("ward".into()));
        let rng = Rng::from_seed(1);
        let (terms, by) = (
            Terms { selector: &selector, lane: Lane::User, here: NodeId(1), key: None },
            Chance { excluded: &[], turn: 0, probing: Probing::Probe, rng: &rng, balancers: &Balancers::default() },
        );
        for states in
            [[ServiceState::Retiring, ServiceState::Starting], [ServiceState::Starting, ServiceState::Retiring]]
        {
            let both = [instance(1, states[0]), instance(2, states[1])];
            let reason = choose(both.iter(), &terms, &by).unwrap_err();
            assert_eq!(reason, Some(RefusedReason::Starting), "{states:?}");
        }
        let retires = [instance(1, ServiceState::Retiring)];
        assert_eq!(choose(retires.iter(), &terms, &by).unwrap_err(), Some(RefusedReason::Retiring));
        // Of a group: one that retires becomes no master any more.
        let paused = |number, state, role| {
            let standing = Some(Standing { role, epoch: Some(Epoch(5)), office: Arc::default() });
            Arc::new(Instance { standing, ..Instance::clone(&instance(number, state)) })
        };
        let master = paused(1, ServiceState::Paused, Role::Master);
        for (state, of_masters) in [(ServiceState::Retiring, false), (ServiceState::Running, true)] {
            let both = [Arc::clone(&master), paused(2, state, Role::Slave)];
            let reason = choose(both.iter(), &terms, &by).unwrap_err().expect("somebody is there");
            assert_eq!(
                (reason.is_of_masters(), reason == RefusedReason::Paused),
                (of_masters, !of_masters),
                "{state:?}"
            );
        }
        let goes = [paused(2, ServiceState::Retiring, Role::Slave)];
        let reason = choose(goes.iter(), &terms, &by).unwrap_err().expect("somebody is there");
        assert!(reason.is_of_masters(), "its successor is about to come: {reason:?}");
    }

    #[test]
    fn one_that_retires_or_starts_is_the_reason_beside_one_behind_an_open_breaker() {
        let (rng, selector) = (Rng::from_seed(1), Selector::new(Interest::Service("ward".into())));
        let (terms, by) = (
            Terms { selector: &selector, lane: Lane::User, here: NodeId(1), key: None },
            Chance { excluded: &[], turn: 0, probing: Probing::Probe, rng: &rng, balancers: &Balancers::default() },
        );
        let open =
            Arc::new(Instance { breaker: BreakerState::Open, ..Instance::clone(&instance(1, ServiceState::Running)) });
        for (state, reason) in
            [(ServiceState::Retiring, RefusedReason::Retiring), (ServiceState::Starting, RefusedReason::Starting)]
        {
            let both = [Arc::clone(&open), instance(2, state)];
            assert_eq!(choose(both.iter(), &terms, &by).unwrap_err(), Some(reason));
        }
        let reason = choose([open].iter(), &terms, &by).unwrap_err();
        assert!(matches!(reason, Some(RefusedReason::BreakerOpen(_))), "{reason:?}");
    }
}
