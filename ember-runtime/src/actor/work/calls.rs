//! Calls in a mailbox lie in queues of their own types, a queue for each method: none needs memory of its own.

use std::{any::Any, collections::VecDeque};

use super::{
    call_job,
    events::Series,
    job::{Driving, Job, PendingCall, StartFn},
    offer::{Offer, Submission},
};
use crate::{
    actor::service::{Body, Service, Start},
    error::RefusedReason,
    mailbox::Aside,
    message::RawCall,
    panics::caught,
};

/// A queue keeps memory for so many calls.
const KEPT: usize = 64;

/// What waits in a mailbox.
pub(crate) enum Post<S: Service> {
    /// The first call in the queue that has this place, or the next event.
    Call(usize),
    Job(Box<dyn Job<S>>),
}

impl<S: Service> Post<S> {
    /// Its key, if it is a job that has one.
    pub(crate) fn key(&self) -> Option<u64> {
        match self {
            Self::Call(_) => None,
            Self::Job(job) => job.key(),
        }
    }

    /// What is known of it, if it is a job that is a call.
    pub(crate) fn call(&self) -> Option<PendingCall<'_>> {
        match self {
            Self::Call(_) => None,
            Self::Job(job) => job.call(),
        }
    }
}

/// The queues: those for calls from this node as the methods stand in the service's table, then one for calls from others, and one for events.
pub(crate) struct Calls<S: Service> {
    queues: Vec<Option<Box<dyn Queue<S>>>>,
    raw: VecDeque<(RawCall<'static>, usize)>,
    /// Events, of which each is a message of its own.
    events: VecDeque<Series<S>>,
}

/// Calls of one method.
trait Queue<S: Service>: Any + Send {
    /// Begins the first.
    fn start(&mut self, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S>;

    /// Refuses the first.
    fn refuse(&mut self, reason: RefusedReason);

    fn trim(&mut self);
}

/// The queue of a method of these types.
struct Typed<S: Service, A, R: 'static> {
    calls: VecDeque<Submission<A, R>>,
    start: StartFn<S, A, R>,
    method: &'static str,
}

impl<S: Service, A: Send + 'static, R: Send + 'static> Queue<S> for Typed<S, A, R> {
    fn start(&mut self, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        match self.calls.pop_front() {
            Some(call) => (self.start)(call, body, driver),
            None => Start::Over(body),
        }
    }

    fn refuse(&mut self, reason: RefusedReason) {
        if let Some(call) = self.calls.pop_front() {
            call_job::refuse(self.method, call, reason);
        }
    }

    fn trim(&mut self) {
        self.calls.shrink_to(KEPT);
    }
}

/// Stands for the queue of calls from other nodes.
const RAW: usize = usize::MAX;

/// Stands for the queue of events.
const EVENT: usize = usize::MAX - 1;

impl<S: Service> Calls<S> {
    /// Adds a call from this node, which `start` begins.
    #[inline]
    pub(crate) fn add<A: Send + 'static, R: Send + 'static>(
        &mut self,
        call: Offer<'_, A, R>,
        start: StartFn<S, A, R>,
        method: &'static str,
    ) -> Post<S> {
        let index = call.index;
        let queue = self.place(index).get_or_insert_with(|| Box::new(Typed { calls: VecDeque::new(), start, method }));
        match (&mut **queue as &mut dyn Any).downcast_mut::<Typed<S, A, R>>() {
            Some(queue) => queue.calls.push_back(call.take()),
            None => unreachable!("each method has a place of its own"),
        }
        Post::Call(index)
    }

    /// Where the queue is of the method that has the place `index`.
    #[inline]
    fn place(&mut self, index: usize) -> &mut Option<Box<dyn Queue<S>>> {
        if self.queues.len() <= index {
            self.queues.resize_with(index + 1, || None);
        }
        &mut self.queues[index]
    }

    /// Adds a call from another node, of the method that has the place `index` in the service's table.
    pub(crate) fn add_raw(&mut self, call: RawCall<'static>, index: usize) -> Post<S> {
        self.raw.push_back((call, index));
        Post::Call(RAW)
    }

    /// Adds events for one handler. For each of them there is to be a [message](Self::EVENT).
    pub(crate) fn add_events(&mut self, series: Series<S>) {
        self.events.push_back(series);
    }

    /// The next event of those that were added.
    pub(crate) const EVENT: Post<S> = Post::Call(EVENT);

    /// Begins what has come out of the mailbox.
    pub(crate) fn start(&mut self, post: Post<S>, body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        match post {
            Post::Job(job) => job.start(body, driver),
            Post::Call(RAW) => match self.raw.pop_front() {
                Some((call, index)) => match call_job::waited(call, driver.bytes) {
                    Some(call) => call_job::arrive(call, index, body, driver),
                    None => Start::Over(body),
                },
                None => Start::Over(body),
            },
            Post::Call(EVENT) => match self.last_of_series() {
                // What it begins is not moved on its way out.
                Some(mut series) => series.start(body, driver),
                None => match self.events.front_mut() {
                    Some(series) => series.start(body, driver),
                    None => Start::Over(body),
                },
            },
            Post::Call(index) => match self.queues.get_mut(index) {
                Some(Some(queue)) => queue.start(body, driver),
                _ => Start::Over(body),
            },
        }
    }

    /// The first series, if only its last event is left.
    fn last_of_series(&mut self) -> Option<Series<S>> {
        if self.events.front().is_some_and(Series::is_at_its_last) { self.events.pop_front() } else { None }
    }

    /// Answers that it will not be done.
    pub(crate) fn refuse(&mut self, post: Post<S>, reason: RefusedReason) {
        match post {
            Post::Job(job) => job.refuse(reason),
            Post::Call(RAW) => {
                if let Some((call, _)) = self.raw.pop_front() {
                    call.reply.fail(reason);
                }
            }
            Post::Call(EVENT) => {
                if self.last_of_series().is_none()
                    && let Some(series) = self.events.front_mut()
                {
                    series.pass_over();
                }
            }
            Post::Call(index) => {
                if let Some(Some(queue)) = self.queues.get_mut(index) {
                    queue.refuse(reason);
                }
            }
        }
    }

    /// The same. What nobody wants any more is dropped here: a panic in it keeps no other from its answer.
    pub(crate) fn refuse_guarded(&mut self, post: Post<S>, reason: RefusedReason) {
        let mut refusal = Some((post, reason));
        let refused = caught(&mut || {
            if let Some((post, reason)) = refusal.take() {
                self.refuse(post, reason);
            }
        });
        if let Err(panic) = refused {
            tracing::error!(target: "ember::service", service = S::SPEC.name, %panic, "what was refused panicked as it was dropped");
        }
    }
}

impl<S: Service> Default for Calls<S> {
    fn default() -> Self {
        Self { queues: Vec::new(), raw: VecDeque::new(), events: VecDeque::new() }
    }
}

impl<S: Service> Aside for Calls<S> {
    fn trim(&mut self) {
        self.raw.shrink_to(KEPT);
        self.events.shrink_to(KEPT);
        self.queues.iter_mut().flatten().for_each(|queue| queue.trim());
    }
}
