//! A sharded service as the rest of the node finds it: a front, and behind it the shards, each a cell of its own. A call goes to the
//! shard of its key.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::sync::Notify;

use super::Cell;
use crate::{
    actor::{
        about::{Identity, Particulars, ServiceState, States},
        erased::{AnyCell as _, Host},
        service::Service,
        turn::Limit,
    },
    error::RefusedReason,
    id::Pid,
    message::Envelope,
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
    pub(super) limit: Option<Arc<Limit>>,
    /// What they had handled when it was last looked at.
    pub(super) handled: AtomicU64,
    /// All have been started.
    is_established: AtomicBool,
    has_ended: AtomicBool,
    stops_alone: bool,
    host: Weak<dyn Host>,
    /// The state of a shard has changed.
    changed: Arc<Notify>,
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
        let changed = Arc::<Notify>::default();
        for shard in &shards {
            let changed = Arc::clone(&changed);
            shard.on_change(Box::new(move || changed.notify_one()));
        }
        Arc::new(Self {
            pid,
            identity: Identity::new(particulars),
            server,
            limit: shards.first().and_then(|shard| shard.identity.workers().cloned()),
            handled: AtomicU64::new(0),
            shards,
            states: States::new(),
            is_established: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            stops_alone,
            host,
            changed,
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
        let shard = &self.shards[place_of(key, self.shards.len())];
        let chain = envelope.and_then(|envelope| envelope.chain.as_ref());
        match chain.and_then(|chain| chain.cycle(shard.pid, &format!("{}.{method}", S::SPEC.name))) {
            Some(cycle) => Err(RefusedReason::Cycle(cycle)),
            None => Ok(shard),
        }
    }

    /// All shards have been started.
    pub(crate) fn establish(&self) {
        self.is_established.store(true, Ordering::Release);
        self.join();
    }

    /// Takes up what has become of the shards. One that has failed takes the others with it: a part of the keys would have no service.
    pub(crate) fn join(&self) {
        loop {
            let state = self.joint();
            if state.has_ended() {
                return self.end(state);
            }
            self.states.change_to(&[ServiceState::Starting, ServiceState::Running, ServiceState::Paused], state);
            // Another may have looked before, and have said so after.
            if self.joint() == state {
                return;
            }
        }
    }

    fn joint(&self) -> ServiceState {
        let states: Vec<ServiceState> = self.shards.iter().map(|shard| shard.state()).collect();
        if states.contains(&ServiceState::Failed) {
            self.retire_all();
        }
        joint(&states, self.is_established.load(Ordering::Acquire))
    }

    fn end(&self, state: ServiceState) {
        if self.has_ended.swap(true, Ordering::AcqRel) {
            return;
        }
        self.states.set(state);
        if let Some(host) = self.host.upgrade() {
            host.ended(self.pid, state);
        }
    }

    /// Takes up each change of a shard, until all have ended.
    pub(crate) async fn keep(self: Arc<Self>) {
        while !self.has_ended.load(Ordering::Acquire) {
            self.changed.notified().await;
            self.join();
        }
    }

    pub(crate) fn retire_all(&self) {
        self.shards.iter().for_each(|shard| shard.retire());
    }

    pub(crate) fn is_stopped_alone(&self) -> bool {
        self.stops_alone
    }
}

/// Which of so many shards has the key. Part of the contract, as the hash is: what a shard keeps on a disk stays its own.
fn place_of(key: u64, shards: usize) -> usize {
    (key % shards as u64) as usize
}

/// The state of a service whose shards have these. One that is started again keeps its mailbox, and the others take calls meanwhile.
fn joint(shards: &[ServiceState], is_established: bool) -> ServiceState {
    use ServiceState as State;
    let any = |state| shards.contains(&state);
    if shards.iter().all(|state| state.has_ended()) {
        return if any(State::Failed) { State::Failed } else { State::Stopped };
    }
    if any(State::Retiring) || any(State::Failed) || any(State::Stopped) {
        return State::Retiring;
    }
    match is_established {
        false => State::Starting,
        true if any(State::Paused) && !any(State::Running) => State::Paused,
        true => State::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceState::{Failed, Paused, Retiring, Running, Starting, Stopped};

    #[test]
    fn the_state_of_all_is_that_of_each_taken_together() {
        let cases = [
            (&[Starting, Running][..], false, Starting),
            (&[Starting, Running], true, Running),
            (&[Starting, Starting], true, Running),
            (&[Paused, Paused], true, Paused),
            (&[Paused, Starting], true, Paused),
            (&[Paused, Running], true, Running),
            (&[Retiring, Running], true, Retiring),
            (&[Failed, Running], true, Retiring),
            (&[Failed, Starting], false, Retiring),
            (&[Stopped, Running], true, Retiring),
            (&[Failed, Stopped], true, Failed),
            (&[Stopped, Stopped], true, Stopped),
        ];
        for (shards, is_established, expected) in cases {
            assert_eq!(joint(shards, is_established), expected, "{shards:?}");
        }
    }

    #[test]
    fn keys_are_spread_over_all_shards_and_stay_where_they_are() {
        let places = [0, 1, 63, 64, u64::MAX].map(|key| place_of(key, 64));
        assert_eq!(places, [0, 1, 63, 0, 63]);
        assert!((0..1_000).all(|key| place_of(key, 7) < 7));
    }
}
