//! What a service can do: its methods, hooks, timers and event handlers, and those of its modules.

use std::{
    any::{Any, type_name},
    fmt,
};

use super::{Followed, HookFn, HookKind, Keyed, MissedHook, StartRaw, Subscription, Timer, ToldFn, tasks::of_kind};
use crate::{
    actor::{about::Lends, turn::Pace},
    id::MethodId,
    message::{MethodInfo, Signature},
    meters::Meters,
    office::Role,
    threads::{self, Work},
};

/// What the runtime asks when fingerprints differ: the signature of a method, for the message.
pub(crate) const SIGNATURE_OF: MethodId = MethodId::of("ember: signature");

/// Everything that a service can do. Built once per type and node.
pub struct Table<S: Lends> {
    /// Sorted by id.
    pub(crate) methods: Vec<Entry<S>>,
    pub(crate) contracts: Vec<&'static str>,
    /// Parents before their children.
    pub(crate) hooks: Vec<(HookKind, HookFn<S>)>,
    pub(crate) timers: Vec<Timer<S>>,
    pub(crate) events: Vec<Subscription<S>>,
    /// What runs when a watched service has ended.
    pub(crate) downs: Vec<(&'static str, ToldFn<S>)>,
    /// What runs when the instance becomes master, or slave.
    pub(crate) roles: Vec<(Role, &'static str, ToldFn<S>)>,
    /// What is told of events that were missed, by the service, its modules, and those under keys.
    pub(crate) missed: Vec<MissedHook<S>>,
    /// The replicated services that it follows.
    pub(crate) followed: Vec<Followed<S>>,
    /// What was entered that cannot be.
    pub(crate) problem: Option<String>,
    /// The fields that hold modules under keys; outer ones before those within.
    pub(crate) keyed: Vec<Keyed<S>>,
    /// Whose hooks are being entered: those of a module under a key run for each such module, not for the service.
    pub(crate) within: Option<usize>,
}

/// One method.
pub(crate) struct Entry<S: Lends> {
    pub(crate) id: MethodId,
    /// With the modules it belongs to: `bag.rpc_drop`.
    pub(crate) name: String,
    pub(crate) info: &'static MethodInfo,
    pub(crate) fingerprint: u64,
    /// The structure of its types; `None` if it stays on its node.
    pub(crate) signature: fn() -> Option<&'static Signature>,
    /// A `Port<M>`.
    pub(crate) port: &'static (dyn Any + Send + Sync),
    /// Begins a call from another node.
    pub(crate) raw: StartRaw<S>,
    /// How long its handlers keep a thread.
    pub(crate) pace: Pace,
    /// What a thread that runs them shows.
    pub(crate) work: Work,
}

impl<S: Lends> Entry<S> {
    /// What its fingerprint is made from, for people; for one that stays on its node, what was written.
    pub(crate) fn text(&self) -> &'static str {
        (self.signature)().map_or(self.info.signature, Signature::text)
    }
}

impl<S: Lends> Table<S> {
    /// Its hooks of one kind, but those of modules under keys.
    pub(crate) fn of(&self, kind: HookKind) -> impl DoubleEndedIterator<Item = HookFn<S>> {
        of_kind(&self.hooks, kind)
    }

    /// All timers, those of modules under keys included.
    pub(crate) fn all_timers(&self) -> impl Iterator<Item = &Timer<S>> {
        self.timers.iter().chain(self.keyed.iter().flat_map(|part| &part.timers))
    }

    pub(crate) fn find(&self, id: MethodId) -> Option<&Entry<S>> {
        self.methods.get(self.index(id)?)
    }

    pub(crate) fn index(&self, id: MethodId) -> Option<usize> {
        self.methods.binary_search_by_key(&id, |entry| entry.id).ok()
    }

    /// What a thread shows that runs the method at this place.
    #[inline]
    pub(crate) fn work(&self, index: usize) -> Work {
        self.methods.get(index).map_or(Work::UNWATCHED, |entry| entry.work)
    }

    /// From now on somebody looks how long the methods keep a thread, and hooks, timers and event handlers.
    pub(crate) fn watch(&mut self, service: &'static str) {
        threads::begin();
        self.methods.iter_mut().for_each(|entry| entry.work = Work::of(service, &entry.name));
    }

    /// From now on the handlers of the methods are counted.
    pub(crate) fn count(&mut self, service: &'static str, meters: &Meters) {
        for entry in &mut self.methods {
            let work = if entry.work == Work::UNWATCHED { Work::of(service, &entry.name) } else { entry.work };
            entry.work = work.counted(meters.meter(service, &entry.name));
        }
    }

    /// Whether it can have modules under keys.
    pub(crate) fn has_keyed(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// Whether a service is ready as soon as its state is made: nothing has to run before, and nothing begins by itself.
    pub(crate) fn is_plain(&self) -> bool {
        let does_nothing = self.hooks.is_empty() && self.timers.is_empty() && self.events.is_empty();
        does_nothing && self.followed.is_empty() && self.keyed.is_empty()
    }
}

impl<S: Lends> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.methods.iter().map(|entry| &entry.name).collect();
        f.debug_struct("Table").field("service", &type_name::<S>()).field("methods", &methods).finish_non_exhaustive()
    }
}
