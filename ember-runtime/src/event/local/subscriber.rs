//! One handler of one service that takes events of one type.

use std::{
    any::TypeId,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    gone::let_go,
    lying::{Lies, Lying},
    misses::{Misses, Open},
};
use crate::{
    actor::{
        Cell, EventFn, EventSource, Missed, MissedHook, MissedReason, Scope, ScopeKind, Service, Subscription, Takes,
        TaskJob,
    },
    error::RefusedReason,
    event::kinds::AnyEvent,
    id::Pid,
    message::{Keys, Lane},
    sync::lock,
};

/// The last event of a publisher.
pub(super) type Last = (Arc<AnyEvent>, EventSource);

/// What became of an event at a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Taken,
    /// Its mailbox has no room, or takes nothing for now.
    Full,
    /// It takes no new work: it is a subscriber no more.
    Ended,
}

/// One that takes events.
pub(super) trait Subscriber: Send + Sync {
    /// Gives it an event; and what its bytes come to, if it is of another node.
    fn give(&self, event: &Arc<AnyEvent>, source: &EventSource, digest: Option<u64>) -> Given;

    /// Tells it what it has missed.
    fn tell(&self, missed: Missed);

    fn takes(&self) -> Takes;

    /// The service that it belongs to.
    fn service(&self) -> Pid;

    /// Which handler it is, and what still waits for that; nothing if nothing of it is for a subscription that follows.
    fn leaves(&self) -> Option<(Place, &Arc<Lying>)>;

    /// Whether it takes what comes from there.
    fn fits(&self, source: &EventSource) -> bool {
        let (takes, is_own) = (self.takes(), source.service == Some(self.service()));
        takes.goes(ScopeKind::of(source.scope))
            && (takes.retain || !source.retained)
            && (is_own || source.scope != Scope::Service)
    }
}

/// One handler of a service, in all its lives: its unit, and its name.
pub(super) type Place = (Pid, TypeId, &'static str);

impl Takes {
    pub(super) fn goes(self, scope: ScopeKind) -> bool {
        self.scope.is_none_or(|only| only == scope)
    }
}

/// What comes while a subscriber is given what was kept for it, and lies behind that.
enum Early {
    Event(Arc<AnyEvent>, EventSource, Option<u64>),
    Missed(Missed),
}

/// One of the service `S`.
pub(super) struct Handler<S: Service> {
    cell: Arc<Cell<S>>,
    name: &'static str,
    /// Of the events.
    event: &'static str,
    run: EventFn<S>,
    unit: TypeId,
    takes: Takes,
    /// If it is given the last value first: what lies in the mailbox, and its life.
    lying: Option<Arc<Lying>>,
    life: u64,
    /// The module that it is in.
    keys: Keys,
    /// What is told of what it misses: that of its module, otherwise that of the service.
    hooks: Box<[(MissedHook<S>, Keys)]>,
    misses: Misses,
    /// It has what was kept for it: what comes goes straight into its mailbox.
    is_open: AtomicBool,
    /// What has come before that.
    early: Mutex<Option<Vec<Early>>>,
    /// How many events this node's subscribers have missed.
    all_missed: Arc<AtomicU64>,
}

impl<S: Service> Handler<S> {
    pub(super) fn new(
        cell: &Arc<Cell<S>>,
        subscription: &Subscription<S>,
        (event, keys): (&'static str, &Keys),
        before: Option<Arc<Lying>>,
        all_missed: Arc<AtomicU64>,
    ) -> Self {
        let Subscription { name, run, unit, takes, .. } = *subscription;
        let (cell, keys) = (Arc::clone(cell), keys.clone());
        let hooks = hooks(&cell.blueprint.table.missed, unit, &keys);
        let life = cell.lives();
        let lying = takes.retain.then(|| before.unwrap_or_default());
        lying.iter().for_each(|lying| lying.begin(life));
        Self {
            cell,
            name,
            event,
            run,
            unit,
            takes,
            lying,
            life,
            keys,
            hooks,
            misses: Misses::default(),
            is_open: AtomicBool::new(false),
            early: Mutex::new(Some(Vec::new())),
            all_missed,
        }
    }

    /// Gives it the last events from before it, and then what has come since it was entered.
    pub(super) fn open(&self, kept: Vec<(Last, u64)>) {
        for ((event, source), digest) in kept {
            self.put(&event, &source, Some(digest));
            let_go([event]);
        }
        loop {
            let come = match &mut *lock(&self.early) {
                Some(come) if !come.is_empty() => std::mem::take(come),
                early => {
                    *early = None;
                    self.is_open.store(true, Ordering::Release);
                    return;
                }
            };
            for it in come {
                match it {
                    Early::Event(event, source, digest) => {
                        self.put(&event, &source, digest);
                        let_go([event]);
                    }
                    Early::Missed(missed) => self.note(missed),
                }
            }
        }
    }

    /// Whether it waits behind what was kept.
    fn is_early(&self, it: impl FnOnce() -> Early) -> bool {
        if self.is_open.load(Ordering::Acquire) {
            return false;
        }
        lock(&self.early).as_mut().map(|early| early.push(it())).is_some()
    }
}

fn hooks<S: Service>(all: &[MissedHook<S>], unit: TypeId, keys: &Keys) -> Box<[(MissedHook<S>, Keys)]> {
    let own = || all.iter().filter(|hook| hook.unit == unit).map(|hook| (*hook, keys.clone()));
    if own().next().is_some() {
        return own().collect();
    }
    all.iter().filter(|hook| hook.is_service).map(|hook| (*hook, Keys::default())).collect()
}

impl<S: Service> Handler<S> {
    fn put(&self, event: &Arc<AnyEvent>, source: &EventSource, digest: Option<u64>) -> Given {
        let lying = self.lying.as_ref();
        if source.retained && lying.is_some_and(|lying| lying.has(event, (source, digest.unwrap_or(0)), self.life)) {
            return Given::Taken;
        }
        let job = || -> Box<_> {
            // What is kept for nobody is nobody's last value, and comes whichever subscription has put it.
            let lies = lying.zip(digest).map(|(lying, digest)| lying.put(event, (source, digest), self.life));
            let (event, source, keys) = (Arc::clone(event), *source, self.keys.clone());
            let data = Delivery { event, source, run: self.run, keys, lies };
            Box::new(TaskJob {
                name: self.name,
                life: None,
                data,
                run: |it: &Delivery<S>, body| {
                    if it.lies.as_ref().is_some_and(|lies| !lies.reaches(body.core.cell.life())) {
                        return Box::pin(std::future::ready(Ok(())));
                    }
                    body.core.keys = it.keys.clone();
                    body.core.event = Some(it.source);
                    (it.run)(body, &*it.event)
                },
            })
        };
        match self.cell.put_job(|| job()) {
            Ok(()) => {
                self.misses.passed(source.node, source.scope);
                Given::Taken
            }
            Err(RefusedReason::Stopped) => Given::Ended,
            Err(_) => {
                let (publisher, scope) = (source.node, source.scope);
                let why = MissedReason::MailboxFull;
                self.note(Missed { publisher, event: self.event, scope, count: Some(1), why });
                Given::Full
            }
        }
    }

    /// Tells it what it has missed.
    fn note(&self, missed: Missed) {
        self.all_missed.fetch_add(missed.count.unwrap_or(0), Ordering::Relaxed);
        let Some(note) = self.misses.note(missed) else { return };
        let (service, pid, handler, why) = (S::SPEC.name, self.cell.pid, self.name, missed.why.text());
        let Missed { publisher, event, .. } = missed;
        // Who is told need not read it in the log.
        if self.hooks.is_empty() {
            tracing::warn!(target: "ember::event", service, %pid, handler, event, %publisher, why, "events are missed");
        } else {
            tracing::debug!(target: "ember::event", service, %pid, handler, event, %publisher, why, "events are missed");
        }
        for (hook, keys) in &self.hooks {
            let data = Note { note: Arc::clone(&note), run: hook.run, keys: keys.clone() };
            let job = TaskJob {
                name: hook.name,
                life: None,
                data,
                run: |it: &Note<S>, body| {
                    body.core.keys = it.keys.clone();
                    let missed = it.note.close();
                    Box::pin(async move { (it.run)(body, &missed).await })
                },
            };
            // Refused only if the service is ending.
            self.cell.owe(Lane::User, Box::new(job));
        }
    }
}

impl<S: Service> Subscriber for Handler<S> {
    fn give(&self, event: &Arc<AnyEvent>, source: &EventSource, digest: Option<u64>) -> Given {
        if self.is_early(|| Early::Event(Arc::clone(event), *source, digest)) {
            return Given::Taken;
        }
        self.put(event, source, digest)
    }

    fn tell(&self, missed: Missed) {
        if !self.is_early(|| Early::Missed(missed)) {
            self.note(missed);
        }
    }

    fn takes(&self) -> Takes {
        self.takes
    }

    fn service(&self) -> Pid {
        self.cell.pid
    }

    fn leaves(&self) -> Option<(Place, &Arc<Lying>)> {
        // What waits for a module with a key is for that one only.
        let lying = self.lying.as_ref().filter(|_| self.keys.is_empty())?;
        Some(((self.cell.pid, self.unit, self.name), lying))
    }
}

/// An event on its way to one handler.
struct Delivery<S: Service> {
    event: Arc<AnyEvent>,
    source: EventSource,
    run: EventFn<S>,
    keys: Keys,
    lies: Option<Lies>,
}

/// What was missed, on its way to one hook.
struct Note<S: Service> {
    note: Arc<Open>,
    run: EventFn<S>,
    keys: Keys,
}

#[cfg(test)]
#[path = "subscriber_tests.rs"]
mod tests;
