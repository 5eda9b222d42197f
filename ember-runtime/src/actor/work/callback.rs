//! Callbacks as work that waits in a mailbox.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::job::{Driving, Job};
use crate::{
    actor::{
        erased::Owed,
        service::{Body, Noticing, Service, Start},
    },
    error::RefusedReason,
    message::{CameFrom, Due},
};

impl<S: Service> Job<S> for Owed {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        run(*self, &mut body, driver.table.has_keyed());
        Start::Over(body)
    }

    fn key(&self) -> Option<u64> {
        self.line
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}

fn run<S: Service>(owed: Owed, body: &mut Body<S>, has_keyed: bool) {
    let Owed { callback, route, method, envelope, line: _ } = owed;
    let Body { service, core, ambient, .. } = &mut *body;
    ambient.begin(CameFrom::Own, Some(envelope), Due::default(), method);
    ambient.work = core.work(method);
    if const { S::SPEC.elected } {
        core.start_task();
    }
    let span = ambient.open_span();
    let run = || span.within(|| route(service, core, ambient, callback));
    let noticing = Noticing::begin(has_keyed);
    let done = catch_unwind(AssertUnwindSafe(run));
    body.core.changed |= noticing.end();
    if let Some(held) = &body.core.held {
        held.replica.open();
    }
    if let Err(panic) = done {
        body.report(panic.into());
    }
}

/// Stands for all callbacks of calls that were not made.
pub(crate) struct TellRefused;

impl<S: Service> Job<S> for TellRefused {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, driver: &mut Driving<'_, '_, S>) -> Start<S> {
        // Those that are refused meanwhile wait for another turn: one that asks again and again leaves one to others.
        let mut callbacks = mem::take(&mut body.core.refused.0);
        while !body.core.needs_driver()
            && let Some(callback) = callbacks.next()
        {
            run(callback, &mut body, driver.table.has_keyed());
        }
        // The driver sees to what the last one has left to do, as after any other work: it may be that the service has failed.
        if !callbacks.is_empty() {
            if body.core.refused.0.is_empty() {
                body.core.cell.owe_refusals();
            }
            body.core.refused.0.behind(callbacks);
        }
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
