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
    lying::Lying,
    misses::{Misses, Open},
    tally::{Given, Tallies},
};
use crate::{
    actor::{
        Came, Cell, EventSource, Events, Filter, Hearer, Item, Missed, MissedHook, MissedReason, Scope, ScopeKind,
        Service, Subscription, Takes, TaskJob, ToldFn,
    },
    error::RefusedReason,
    event::kinds::AnyEvent,
    id::Pid,
    message::{Keys, Lane},
    sync::lock,
    threads::Work,
};

/// The last event of a publisher.
pub(super) type Last = (Arc<AnyEvent>, EventSource);

/// One that takes events.
pub(super) trait Subscriber: Send + Sync {
    /// Gives it an event.
    fn give(&self, item: &Item) -> Given;

    /// Gives it several of one publisher and scope, in their order.
    fn give_all(&self, events: &Events, tallies: &mut Tallies) {
        give_each(self, events, tallies);
    }

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

/// Gives them to it one by one.
fn give_each(to: &(impl Subscriber + ?Sized), events: &Events, tallies: &mut Tallies) {
    for (place, item) in events.iter().enumerate() {
        tallies.note(place..place + 1, to.give(item));
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
    Event(Item),
    Missed(Missed),
}

/// One of the service `S`.
pub(super) struct Handler<S: Service> {
    cell: Arc<Cell<S>>,
    name: &'static str,
    /// Of the events.
    event: &'static str,
    hearer: Arc<Hearer<S>>,
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
        let Subscription { name, start, unit, takes, .. } = *subscription;
        let (cell, keys) = (Arc::clone(cell), keys.clone());
        let hooks = hooks(&cell.blueprint.table.missed, unit, &keys);
        let is_watched = cell.host.upgrade().is_some_and(|host| host.is_watched());
        let work = if is_watched { Work::of(S::SPEC.name, name) } else { Work::UNWATCHED };
        let hearer = Arc::new(Hearer { start, keys: keys.clone(), work });
        let life = cell.lives();
        let lying = takes.retain.then(|| before.unwrap_or_default());
        lying.iter().for_each(|lying| lying.begin(life));
        Self {
            cell,
            name,
            event,
            hearer,
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
    pub(super) fn open(&self, kept: Vec<(Last, Came)>) {
        for ((event, source), came) in kept {
            self.put(&Item::new(&event, source, Some(came.digest)).of_bytes(came.bytes));
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
                    Early::Event(item) => drop(self.put(&item)),
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
    fn put(&self, item: &Item) -> Given {
        let Some(event) = item.event() else { return Given::Ended };
        let (source, digest) = (&item.source, item.digest);
        let lying = self.lying.as_ref();
        if source.retained && lying.is_some_and(|lying| lying.has(event, (source, digest.unwrap_or(0)), self.life)) {
            return Given::Taken;
        }
        let filter = || {
            // What is kept for nobody is nobody's last value, and comes whichever subscription has put it.
            let lies = lying?.put(event, (source, digest?), self.life);
            Some(Box::new(move |life| lies.reaches(life)) as Filter)
        };
        match self.put_all(&Events::from([item.clone()]), source, filter) {
            Some(0) => Given::Full,
            Some(_) => Given::Taken,
            None => Given::Ended,
        }
    }

    /// Puts as many of these into the mailbox as there is room for, and notes the others.
    fn put_all(&self, events: &Events, source: &EventSource, filter: impl FnOnce() -> Option<Filter>) -> Option<usize> {
        let taken = match self.cell.put_events(events, &self.hearer, filter) {
            Ok(taken) => {
                self.misses.passed(source.node, source.scope);
                taken
            }
            Err(RefusedReason::Stopped) => return None,
            Err(_) => 0,
        };
        let missed = events.len() - taken;
        if missed > 0 {
            let (publisher, scope, count) = (source.node, source.scope, Some(missed as u64));
            self.note(Missed { publisher, event: self.event, scope, count, why: MissedReason::MailboxFull });
        }
        Some(taken)
    }

    /// Tells it what it has missed.
    fn note(&self, missed: Missed) {
        self.all_missed.fetch_add(missed.count.unwrap_or(0), Ordering::Relaxed);
        let Some(note) = self.misses.note(missed) else { return };
        let (service, pid, handler, why) = (S::SPEC.name, self.cell.pid, self.name, missed.why.text());
        let Missed { publisher, event, .. } = missed;
        // Who is told need not read it in the log.
        if self.hooks.is_empty() {
            tracing::warn!(target: "ember::event", service, %pid, handler, event, %publisher, why, "events are missed: `#[on(missed)]` is told how many");
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
    fn give(&self, item: &Item) -> Given {
        if self.is_early(|| Early::Event(item.clone())) {
            return Given::Taken;
        }
        self.put(item)
    }

    fn give_all(&self, events: &Events, tallies: &mut Tallies) {
        let first = events.first().filter(|_| self.lying.is_none() && self.is_open.load(Ordering::Acquire));
        let Some(first) = first else { return give_each(self, events, tallies) };
        if let Some(taken) = self.put_all(events, &first.source, || None) {
            tallies.note(0..taken, Given::Taken);
            tallies.note(taken..events.len(), Given::Full);
        }
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

/// What was missed, on its way to one hook.
struct Note<S: Service> {
    note: Arc<Open>,
    run: ToldFn<S>,
    keys: Keys,
}

#[cfg(test)]
#[path = "subscriber_tests.rs"]
mod tests;
