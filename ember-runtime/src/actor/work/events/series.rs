//! Events on their way to one handler.

use std::sync::Arc;

use super::super::job::{Driving, Job};
use crate::{
    actor::{
        about::{Events, Item},
        service::{Body, Service, Start, StartEvent, Stepping},
    },
    error::RefusedReason,
    message::Keys,
    threads::Work,
};

/// One handler of events.
pub(crate) struct Hearer<S: Service> {
    pub(crate) start: StartEvent<S>,
    /// The module that it is in.
    pub(crate) keys: Keys,
    /// What a thread shows that runs it.
    pub(crate) work: Work,
}

/// Asked in the life of the service in which an event has its turn: whether it is for it.
pub(crate) type Filter = Box<dyn FnOnce(u64) -> bool + Send>;

/// Events for one handler, one after the other.
pub(crate) struct Series<S: Service> {
    to: Arc<Hearer<S>>,
    events: Events,
    next: usize,
    /// Of the first event, if it has one.
    filter: Option<Filter>,
}

impl<S: Service> Series<S> {
    pub(crate) fn new(to: &Arc<Hearer<S>>, events: Events, filter: Option<Filter>) -> Self {
        Self { to: Arc::clone(to), events, next: 0, filter }
    }

    /// Whether the next one is the last.
    pub(crate) fn is_at_its_last(&self) -> bool {
        self.next + 1 >= self.events.len()
    }

    /// The next one is not handled.
    pub(crate) fn pass_over(&mut self) {
        self.next += 1;
        self.filter = None;
    }

    /// Begins the next one.
    pub(crate) fn start(&mut self, mut body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        let place = self.next;
        self.next += 1;
        driver.bytes.discharge(self.events.get(place).map_or(0, |item| item.bytes));
        let is_wanted = self.filter.take().is_none_or(|filter| filter(body.core.cell.life()));
        let Some(item) = self.events.get(place).filter(|_| is_wanted) else { return Start::Over(body) };
        if !self.to.keys.is_empty() {
            body.core.keys = self.to.keys.clone();
        }
        body.core.event = Some(item.source);
        body.hear(&self.events, place);
        let mut stepping = Stepping { pace: None, has_keyed: driver.table.has_keyed(), task: driver.task };
        (self.to.start)(body, self.to.work, &mut stepping)
    }
}

/// One event as a piece of work by itself, for a service whose handlers run side by side.
pub(crate) struct OneJob<S: Service>(Series<S>);

impl<S: Service> OneJob<S> {
    /// This one: no worker keeps the others in memory.
    pub(crate) fn new(to: &Arc<Hearer<S>>, item: &Item, filter: Option<Filter>) -> Self {
        Self(Series::new(to, Events::from([item.clone()]), filter))
    }
}

impl<S: Service> Job<S> for OneJob<S> {
    fn start(mut self: Box<Self>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        self.0.start(body, driver)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
