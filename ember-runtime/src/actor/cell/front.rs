//! A sharded service as the rest of the node finds it: a front, and behind it the shards, each a cell of its own. A call goes to the
//! shard of its key.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::{Cell, tally::Tally};
use crate::{
    actor::{
        about::{Identity, Particulars, Shard, States},
        erased::{AnyCell as _, Host},
        service::Service,
        turn::Limit,
    },
    error::RefusedReason,
    id::Pid,
    message::{Envelope, handler},
    planted::{Bug, planted},
};

/// What stands before the shards of a service, and has their name, id and pid in the view.
pub(crate) struct Front<S: Service> {
    pub(crate) pid: Pid,
    pub(crate) identity: Identity,
    /// The server id of the node.
    pub(crate) server: u32,
    /// There is one at least, and their number never changes.
    pub(crate) shards: Box<[Arc<Cell<S>>]>,
    pub(crate) states: States,
    /// So many of them are at work at once, if there is a limit.
    pub(crate) limit: Option<Arc<Limit>>,
    /// What they had handled when it was last looked at.
    pub(crate) handled: AtomicU64,
    /// How far they are.
    tally: Arc<Tally>,
    /// All have been started.
    is_established: AtomicBool,
    /// All have been told to end.
    all_retire: AtomicBool,
    stops_alone: bool,
    host: Weak<dyn Host>,
}

impl<S: Service> Front<S> {
    /// The front of these.
    pub(crate) fn new(
        (pid, server): (Pid, u32),
        particulars: Particulars,
        shards: Box<[Arc<Cell<S>>]>,
        stops_alone: bool,
        host: Weak<dyn Host>,
    ) -> Arc<Self> {
        let tally = Arc::new(Tally::new(shards.len()));
        for shard in &shards {
            let tally = Arc::clone(&tally);
            shard.on_change(Box::new(move |from, to| tally.moved(from, to)));
        }
        Arc::new(Self {
            pid,
            identity: Identity::new(particulars),
            server,
            limit: shards.first().and_then(|shard| shard.identity.workers().cloned()),
            handled: AtomicU64::new(0),
            shards,
            states: States::new(),
            tally,
            is_established: AtomicBool::new(false),
            all_retire: AtomicBool::new(false),
            stops_alone,
            host,
        })
    }

    /// The shard of a call, by the key that its contract names.
    ///
    /// # Errors
    /// It has none: its caller knows of none, which is another version of the contract. Or it would wait for itself there.
    pub(crate) fn shard_of(&self, envelope: Option<&Envelope>, method: &str) -> Result<&Arc<Cell<S>>, RefusedReason> {
        let key = envelope.and_then(|envelope| envelope.key).ok_or_else(|| {
            RefusedReason::Undecodable(format!(
                "a call of `{method}` has a key, by which its shard is found, and this has none"
            ))
        })?;
        let of = match &self.limit {
            Some(limit) if planted(Bug::ShardByWorkers) => limit.now() as usize,
            _ => self.shards.len(),
        };
        let shard = &self.shards[place_of(key, of)];
        shard.waits_not_for_itself(envelope, method).map(|()| shard)
    }

    /// All shards have been started.
    pub(crate) fn establish(&self) {
        self.is_established.store(true, Ordering::Release);
        self.join();
    }

    /// Takes up what has become of the shards. One that has ended takes the others with it: a part of the keys would have no service.
    pub(crate) fn join(&self) {
        if self.tally.has_one_ended() && !self.all_retire.load(Ordering::Acquire) {
            let one = self.shards.iter().find(|shard| shard.state().has_ended());
            let shard = one.and_then(|one| one.identity.shard()).map_or(0, Shard::number);
            // Where all of the node's services end, so do they, one after the other.
            let is_alone = self.host.upgrade().is_some_and(|host| !host.is_ending());
            if is_alone {
                tracing::warn!(target: "ember::service", service = S::SPEC.name, pid = %self.pid, shard, "a shard has ended: the others end as well");
            }
            self.retire_all();
        }
        let joint =
            || self.tally.joint(self.is_established.load(Ordering::Acquire), self.all_retire.load(Ordering::Acquire));
        if let Some(state) = self.states.follow(joint)
            && state.has_ended()
            && let Some(host) = self.host.upgrade()
        {
            host.ended(self.pid, state);
        }
    }

    /// Takes up each change of a shard, until all have ended.
    pub(crate) async fn keep(self: Arc<Self>) {
        while !self.states.now().has_ended() {
            self.tally.changed.notified().await;
            self.join();
        }
    }

    pub(crate) fn retire_all(&self) {
        if !self.all_retire.swap(true, Ordering::AcqRel) {
            self.shards.iter().for_each(|shard| shard.retire());
        }
    }

    pub(crate) fn is_stopped_alone(&self) -> bool {
        self.stops_alone
    }
}

/// Which of so many shards has the key. Part of the contract, as the hash is: what a shard keeps on a disk stays its own.
fn place_of(key: u64, shards: usize) -> usize {
    (key % shards as u64) as usize
}

impl<S: Service> Cell<S> {
    /// As whom it waits for calls that its handlers make: a shard as one of the whole, which other nodes know.
    pub(crate) fn waits_as(&self) -> Pid {
        let shard = if const { S::SPEC.shards > 0 } { self.identity.shard() } else { None };
        shard.map_or(self.pid, |shard| handler(shard.service(), u64::from(shard.number()) + 1))
    }

    /// # Errors
    /// The call would come back to this shard, which waits for it.
    fn waits_not_for_itself(&self, envelope: Option<&Envelope>, method: &str) -> Result<(), RefusedReason> {
        let Some(chain) = envelope.and_then(|envelope| envelope.chain.as_ref()) else { return Ok(()) };
        let own = self.waits_as();
        if chain.links().all(|link| link.pid != own) {
            return Ok(());
        }
        chain.cycle(own, &format!("{}.{method}", S::SPEC.name)).map(RefusedReason::Cycle).map_or(Ok(()), Err)
    }

    /// Whether a call may be run here: if this is a shard, its key is to be one of its own. Whoever has its pid could call it past the
    /// front.
    ///
    /// # Errors
    /// It belongs to another shard, or there is none. Or the call would wait for itself.
    pub(crate) fn has_own_key(&self, envelope: Option<&Envelope>, method: &str) -> Result<(), RefusedReason> {
        let Some(shard) = self.identity.shard() else { return Ok(()) };
        let key = envelope.and_then(|envelope| envelope.key);
        if key.is_some_and(|key| place_of(key, shard.of().into()) == usize::from(shard.number())) {
            return self.waits_not_for_itself(envelope, method);
        }
        let (name, service, number, of) = (S::SPEC.name, shard.service(), shard.number(), shard.of());
        Err(RefusedReason::NoTarget(format!(
            "{name} {}: this is shard {number} of {of}, and the key of this call of `{method}` is not one of its own: call the whole service, {service}",
            self.pid
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spread_over_all_shards_and_stay_where_they_are() {
        let places = [0, 1, 63, 64, u64::MAX].map(|key| place_of(key, 64));
        assert_eq!(places, [0, 1, 63, 0, 63]);
        assert!((0..1_000).all(|key| place_of(key, 7) < 7));
    }
}
