//! What a service can do: its methods, hooks, timers and event handlers, and those of its modules.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
    time::Duration,
};

use futures_util::future::BoxFuture;

use super::{Body, Keyed, StartRaw};
use crate::{
    actor::turn::Pace,
    error::Result,
    id::MethodId,
    message::{Keys, MethodInfo},
};

/// What the runtime asks when fingerprints differ: the signature of a method, for the message.
pub(crate) const SIGNATURE_OF: MethodId = MethodId::of("ember: signature");

/// A hook, bound to its unit.
pub(crate) type HookFn<S> = for<'a> fn(&'a mut Body<S>) -> BoxFuture<'a, Result<()>>;

/// An event handler, bound to its unit.
pub(crate) type EventFn<S> = for<'a> fn(&'a mut Body<S>, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>>;

/// Everything that a service can do. Built once per type and node.
pub struct Table<S> {
    /// Sorted by id.
    pub(crate) methods: Vec<Entry<S>>,
    pub(crate) contracts: Vec<&'static str>,
    /// Parents before their children.
    pub(crate) hooks: Vec<(HookKind, HookFn<S>)>,
    pub(crate) timers: Vec<Timer<S>>,
    pub(crate) events: Vec<Subscription<S>>,
    /// What runs when a watched service has ended.
    pub(crate) downs: Vec<(&'static str, EventFn<S>)>,
    /// The fields that hold modules under keys; outer ones before those within.
    pub(crate) keyed: Vec<Keyed<S>>,
    /// Whose hooks are being entered: those of a module under a key run for each such module, not for the service.
    pub(crate) within: Option<usize>,
}

/// One method.
pub(crate) struct Entry<S> {
    pub(crate) id: MethodId,
    /// With the modules it belongs to: `bag.rpc_drop`.
    pub(crate) name: String,
    pub(crate) info: &'static MethodInfo,
    pub(crate) fingerprint: u64,
    /// The structure of its types, for people.
    pub(crate) signature: fn() -> &'static str,
    /// A `Port<M>`.
    pub(crate) port: &'static (dyn Any + Send + Sync),
    /// Begins a call from another node.
    pub(crate) raw: StartRaw<S>,
    /// How long its handlers keep a thread.
    pub(crate) pace: Pace,
}

/// One declared timer.
pub(crate) struct Timer<S> {
    pub(crate) name: &'static str,
    pub(crate) schedule: Schedule,
    pub(crate) run: HookFn<S>,
}

/// One event handler.
pub(crate) struct Subscription<S> {
    pub(crate) event: TypeId,
    pub(crate) name: &'static str,
    pub(crate) run: EventFn<S>,
}

impl<S> Clone for Timer<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Timer<S> {}

impl<S> Clone for Subscription<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Subscription<S> {}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    /// Before anything else; must not call other services.
    Init,
    /// Before the service is registered.
    Start,
    /// After the service has been registered.
    Started,
    /// At the end; children before their parents.
    Stop,
}

/// When a timer fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again; a tick that is due while the last one still waits or runs is skipped.
    Every(Duration),
    /// Once, this long after the start.
    After(Duration),
    /// Whenever a clock on the wall shows what the pattern says. Of times that were missed, because the process was held up
    /// or the clock was set forward, one tick makes up for all; none comes twice when the clock is set back.
    #[cfg(feature = "cron")]
    Cron(crate::actor::about::Cron),
}

impl<S> Table<S> {
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

    /// Whether it can have modules under keys.
    pub(crate) fn has_keyed(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// Whether a service is ready as soon as its state is made: nothing has to run before, and nothing begins by itself.
    pub(crate) fn is_plain(&self) -> bool {
        self.hooks.is_empty() && self.timers.is_empty() && self.events.is_empty() && self.keyed.is_empty()
    }

    /// Where the owners of a field stand.
    pub(crate) fn owners(&self, service: &mut S, index: usize) -> Vec<Keys> {
        match self.keyed[index].outer {
            None => vec![Keys::default()],
            Some(outer) => self.modules(service, outer),
        }
    }

    /// All modules of a field, wherever its owners stand.
    pub(crate) fn modules(&self, service: &mut S, index: usize) -> Vec<Keys> {
        let all = self.keyed[index].field.all;
        self.owners(service, index).iter().flat_map(|owner| all(service, owner)).collect()
    }
}

impl<S> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.methods.iter().map(|entry| &entry.name).collect();
        f.debug_struct("Table").field("service", &type_name::<S>()).field("methods", &methods).finish_non_exhaustive()
    }
}
