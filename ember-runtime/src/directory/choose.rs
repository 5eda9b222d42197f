//! Picking one of several.

use std::sync::Arc;

use super::{Choice, Instance, Selector, View};
use crate::{
    actor::ServiceState,
    error::RefusedReason,
    id::{NodeId, Pid},
    message::Lane,
    rng::Rng,
};

/// What a choice is made from, and by.
pub(crate) struct Candidates<'a> {
    pub(crate) view: &'a View,
    pub(crate) selector: &'a Selector,
    pub(crate) lane: Lane,
    /// Have refused this call already.
    pub(crate) excluded: &'a [Pid],
    /// The node that chooses.
    pub(crate) here: NodeId,
    /// The number of this choice; for taking turns.
    pub(crate) turn: usize,
    pub(crate) rng: &'a Rng,
}

/// One of the instances that match. It looks at each of them once.
///
/// # Errors
/// Why there is none: nothing matches at all, or all that match are paused, retiring, or have refused already.
pub(crate) fn choose<'a>(from: &Candidates<'a>) -> Result<&'a Arc<Instance>, RefusedReason> {
    if from.excluded.is_empty()
        && let Some(only) = only(from.view, from.selector, from.lane, from.here)
    {
        return Ok(only);
    }
    let mut usable: Vec<&Arc<Instance>> = Vec::new();
    let mut refusal = None;
    for instance in from.view.of_interest(&from.selector.interest).filter(|it| from.selector.matches(it)) {
        let excluded = from.excluded.contains(&instance.pid);
        match instance.state {
            ServiceState::Running if !excluded => usable.push(instance),
            ServiceState::Paused if !excluded && from.lane == Lane::System => usable.push(instance),
            ServiceState::Running | ServiceState::Starting => {
                refusal = refusal.or(Some(RefusedReason::Unreachable("every instance has refused".into())));
            }
            ServiceState::Paused => refusal = Some(RefusedReason::Paused),
            ServiceState::Retiring => refusal = refusal.or(Some(RefusedReason::Retiring)),
            ServiceState::Stopped | ServiceState::Failed => {}
        }
    }
    if usable.iter().any(|instance| !instance.suspect) {
        usable.retain(|instance| !instance.suspect);
    }
    let nobody = || super::nobody::no_target(from.view, from.selector, from.here);
    pick(&usable, from).ok_or_else(|| refusal.unwrap_or_else(nobody))
}

/// The instance that every choice now gives, if there is such a one.
pub(crate) fn only<'a>(view: &'a View, selector: &Selector, lane: Lane, here: NodeId) -> Option<&'a Arc<Instance>> {
    let matching = view.of_interest(&selector.interest).filter(|it| selector.matches(it));
    let usable = matching.filter(|it| match it.state {
        ServiceState::Running => true,
        ServiceState::Paused => lane == Lane::System,
        _ => false,
    });
    let is_local = |it: &&Arc<Instance>| selector.choice == Choice::LocalFirst && it.pid.node.id == here;
    let (mut first, mut local) = (None, None);
    let (mut others, mut other_locals) = (false, false);
    for instance in usable.filter(|it| !it.suspect) {
        if is_local(&instance) {
            other_locals |= local.replace(instance).is_some();
        }
        others |= first.replace(instance).is_some();
    }
    if local.is_some() { local.filter(|_| !other_locals) } else { first.filter(|_| !others) }
}

fn pick<'a>(usable: &[&'a Arc<Instance>], from: &Candidates<'_>) -> Option<&'a Arc<Instance>> {
    let in_turn = |set: &[&'a Arc<Instance>]| set.get(from.turn.checked_rem(set.len())?).copied();
    match from.selector.choice {
        Choice::RoundRobin => in_turn(usable),
        Choice::Random => usable.get(from.rng.below(usable.len())).copied(),
        Choice::LeastInFlight => {
            let any = || usable.get(from.rng.below(usable.len())).copied();
            let (a, b) = (any()?, any()?);
            Some(if b.in_flight() < a.in_flight() { b } else { a })
        }
        Choice::LocalFirst => {
            let local: Vec<_> = usable.iter().copied().filter(|it| it.pid.node.id == from.here).collect();
            in_turn(if local.is_empty() { usable } else { &local })
        }
        Choice::ByKey(key) => usable.iter().copied().max_by_key(|it| (weight(key, it.pid), it.pid)),
    }
}

/// Rendezvous hashing: the instance with the highest weight for a key gets it. The incarnation does not count, so that a
/// node that restarts with the same services gets its keys back.
fn weight(key: u64, pid: Pid) -> u64 {
    let mut hash = key ^ pid.node.id.0.rotate_left(32) ^ pid.number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    hash ^ (hash >> 32)
}
