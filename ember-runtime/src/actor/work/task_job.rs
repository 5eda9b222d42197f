//! Work that nobody waits for: a hook, a timer's tick, what a service is told of events that it has missed.

use futures_util::future::BoxFuture;

use super::job::{Driving, Job, once};
use crate::{
    actor::service::{Body, HookFn, Service, Start},
    error::{Error, RefusedReason, Result},
    panics::told,
};

/// One such piece of work.
pub(crate) struct TaskJob<S: Service, D> {
    /// What runs.
    pub(crate) name: &'static str,
    /// The life of the service that it is for: it does nothing in a later one. `None` if it is for any.
    pub(crate) life: Option<u64>,
    /// Kept until it has run.
    pub(crate) data: D,
    /// Runs it.
    pub(crate) run: for<'a> fn(&'a D, &'a mut Body<S>) -> BoxFuture<'a, Result<()>>,
}

impl<S: Service> TaskJob<S, HookFn<S>> {
    /// A hook as a job.
    pub(crate) fn hook(name: &'static str, life: u64, hook: HookFn<S>) -> Self {
        Self { name, life: Some(life), data: hook, run: |hook, body| hook(body) }
    }
}

impl<S: Service, D: Send + Sync + 'static> Job<S> for TaskJob<S, D> {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        if self.life.is_some_and(|life| life != body.core.cell.life()) {
            body.ambient.method = self.name;
            body.guarded(|| drop(self));
            return Start::Over(body);
        }
        once(body, move |body| {
            Box::pin(async move {
                if let Err(error) = (self.run)(&self.data, body).await {
                    log_failure(body, "a hook or a timer", (self.name, error));
                }
            })
        })
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}

/// Tells the log that work that nobody waits for did not succeed, and whether its service goes on by that: after a panic it may be started again, or end.
pub(super) fn log_failure<S: Service>(body: &Body<S>, what: &str, (task, error): (&str, Error)) {
    let cell = &body.core.cell;
    let and = if !body.core.panicked || cell.resumes() { ", and its service goes on" } else { "" };
    let (service, error) = (cell.name(), told(error));
    tracing::error!(target: "ember::service", service, task, %error, "{what} failed{and}");
}
