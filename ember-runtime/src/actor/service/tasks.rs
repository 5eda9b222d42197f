//! What a unit does by itself: hooks, timers, and what it does with events.

use std::{
    any::{Any, TypeId},
    time::Duration,
};

use futures_util::future::BoxFuture;

use super::{Body, StartEvent};
use crate::{
    actor::about::{Lends, MissedTicks, Scope},
    error::Result,
};

/// A hook, bound to its unit.
pub(crate) type HookFn<S> = for<'a> fn(&'a mut Body<S>) -> BoxFuture<'a, Result<()>>;

/// A handler that is told something, bound to its unit.
pub(crate) type ToldFn<S> = for<'a> fn(&'a mut Body<S>, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>>;

/// One declared timer.
pub(crate) struct Timer<S: Lends> {
    pub(crate) name: &'static str,
    pub(crate) schedule: Schedule,
    pub(crate) run: TimerRun<S>,
}

/// What a timer does.
pub(crate) enum TimerRun<S: Lends> {
    Hook(HookFn<S>),
    /// It is told which [`Tick`](crate::actor::about::Tick) it is.
    Told(ToldFn<S>),
}

/// One event handler.
pub(crate) struct Subscription<S: Lends> {
    pub(crate) event: TypeId,
    pub(crate) type_name: &'static str,
    pub(crate) name: &'static str,
    pub(crate) start: StartEvent<S>,
    /// The path of its unit.
    pub(crate) unit: TypeId,
    pub(crate) takes: Takes,
}

/// Which events of its type a handler takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Takes {
    /// Only those that go so far; all, if nothing is said.
    pub scope: Option<ScopeKind>,
    /// The last one from before the subscription comes first.
    pub retain: bool,
}

/// A kind of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeKind {
    /// One service.
    Service,
    /// One node.
    Node,
    /// A server id.
    Server,
    /// The cluster.
    Cluster,
}

impl ScopeKind {
    pub(crate) fn of(scope: Scope) -> Self {
        match scope {
            Scope::Service => Self::Service,
            Scope::Node => Self::Node,
            Scope::Server(_) => Self::Server,
            Scope::Cluster => Self::Cluster,
        }
    }
}

/// What is told of events that were missed.
pub(crate) struct MissedHook<S: Lends> {
    pub(crate) name: &'static str,
    pub(crate) run: ToldFn<S>,
    /// The path of its unit, and whether that is the service itself.
    pub(crate) unit: TypeId,
    pub(crate) is_service: bool,
}

impl<S: Lends> Clone for MissedHook<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Lends> Copy for MissedHook<S> {}

impl<S: Lends> Clone for Timer<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Lends> Copy for Timer<S> {}

impl<S: Lends> Clone for TimerRun<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Lends> Copy for TimerRun<S> {}

impl<S: Lends> Clone for Subscription<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S: Lends> Copy for Subscription<S> {}

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
    /// Again and again, never beside itself.
    Every(Duration, MissedTicks),
    /// Once, this long after the start.
    After(Duration),
    /// Whenever a clock on the wall shows what the pattern says. Of times that were missed, because the process was held up
    /// or the clock was set forward, one tick makes up for all; none comes twice when the clock is set back.
    #[cfg(feature = "cron")]
    Cron(crate::actor::about::Cron),
}

/// Those of one kind, in their order.
pub(super) fn of_kind<S: Lends>(
    hooks: &[(HookKind, HookFn<S>)],
    kind: HookKind,
) -> impl DoubleEndedIterator<Item = HookFn<S>> {
    hooks.iter().filter(move |(of, _)| *of == kind).map(|(_, hook)| *hook)
}
