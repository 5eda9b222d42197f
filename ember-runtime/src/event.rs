//! Typed events within one node. They come through the mailbox of each subscriber, in the order of their publisher, at most
//! once; a subscriber whose mailbox is full misses the event, which is counted and reported.

use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    actor::{Cell, Cx, EventFn, Service, Subscription, TaskJob, Unit},
    message::Keys,
    sync::lock,
};

/// The subscribers of one node.
#[derive(Default)]
pub(crate) struct Bus {
    /// By number, so in the order in which they came.
    subscribers: Mutex<HashMap<TypeId, BTreeMap<u64, Deliver>>>,
    numbers: AtomicU64,
}

type Deliver = Arc<dyn Fn(Arc<dyn Any + Send + Sync>) -> bool + Send + Sync>;

impl Bus {
    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, BTreeMap<u64, Deliver>>> {
        lock(&self.subscribers)
    }

    fn subscribers_of<E: 'static>(&self) -> usize {
        self.lock().get(&TypeId::of::<E>()).map_or(0, BTreeMap::len)
    }

    /// Gives `event` to every subscriber; how many took it.
    pub(crate) fn publish<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let subscribers: Vec<_> =
            self.lock().get(&TypeId::of::<E>()).into_iter().flat_map(BTreeMap::values).cloned().collect();
        let event: Arc<dyn Any + Send + Sync> = Arc::new(event);
        subscribers.iter().filter(|deliver| deliver(Arc::clone(&event))).count()
    }

    /// Subscribes `cell`'s service to what it declares. What is returned ends that when dropped.
    pub(crate) fn subscribe<S: Service>(
        self: &Arc<Self>,
        cell: &Arc<Cell<S>>,
        subscriptions: &[Subscription<S>],
        keys: &Keys,
    ) -> Vec<Box<dyn Any + Send>> {
        let mut ends: Vec<Box<dyn Any + Send>> = Vec::new();
        for subscription in subscriptions {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let (cell, name, run, keys) = (Arc::clone(cell), subscription.name, subscription.run, keys.clone());
            let deliver: Deliver =
                Arc::new(move |event| deliver(&cell, name, Delivery { event, run, keys: keys.clone() }));
            self.lock().entry(subscription.event).or_default().insert(number, deliver);
            ends.push(Box::new(Subscribed { bus: Arc::downgrade(self), event: subscription.event, number }));
        }
        ends
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bus").field(&self.lock().len()).finish()
    }
}

impl<U: Unit> Cx<'_, U> {
    /// Gives `event` to every service on this node that has a handler for it, this one included; how many took it.
    ///
    /// A replicated service that has [committed](Self::commit) what is not acknowledged yet gives it to them when that is, or to nobody if it loses its
    /// office before; then this says how many would take it now. If 16,384 things wait for that already, the event is missed by all, which is logged,
    /// and this is 0.
    pub fn publish<E: Send + Sync + 'static>(&self, event: E) -> usize {
        let bus = self.core.host.get::<Bus>();
        let Some(unsettled) = self.ambient.unsettled() else { return bus.publish(event) };
        if unsettled.is_full() {
            let event = std::any::type_name::<E>();
            tracing::warn!(target: "ember::event", event, "an event was missed by all: too much waits for what is not acknowledged");
            return 0;
        }
        let subscribers = bus.subscribers_of::<E>();
        unsettled.then(move |well| {
            if well {
                bus.publish(event);
            } else {
                let event = std::any::type_name::<E>();
                tracing::warn!(target: "ember::event", event, "not published: what it follows from was not acknowledged");
            }
        });
        subscribers
    }
}

struct Subscribed {
    bus: Weak<Bus>,
    event: TypeId,
    number: u64,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        // It may be the last that holds its service: dropped with nothing locked.
        let _gone = self.bus.upgrade().and_then(|bus| bus.lock().get_mut(&self.event)?.remove(&self.number));
    }
}

struct Delivery<S: Service> {
    event: Arc<dyn Any + Send + Sync>,
    run: EventFn<S>,
    /// The module that it is for.
    keys: Keys,
}

fn deliver<S: Service>(cell: &Cell<S>, name: &'static str, delivery: Delivery<S>) -> bool {
    let job = TaskJob {
        name,
        life: None,
        data: delivery,
        run: |delivery: &Delivery<S>, body| {
            body.core.keys = delivery.keys.clone();
            (delivery.run)(body, &*delivery.event)
        },
    };
    let taken = cell.put_job(|| Box::new(job));
    if let Err(reason) = &taken {
        tracing::warn!(target: "ember::event", service = S::SPEC.name, handler = name, %reason, "an event was missed");
    }
    taken.is_ok()
}
