//! Callbacks as work that waits in a mailbox.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::job::{Driving, Job};
use crate::{
    actor::{
        erased::Owed,
        service::{Body, Service, Start},
    },
    error::RefusedReason,
    message::Due,
};

impl<S: Service> Job<S> for Owed {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        run(*self, &mut body);
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}

fn run<S: Service>(owed: Owed, body: &mut Body<S>) {
    let Owed { callback, route, method, envelope } = owed;
    let Body { service, core, ambient } = &mut *body;
    let due = Due::at(envelope.deadline);
    ambient.begin(Some(envelope), due, method);
    let span = ambient.open_span();
    let run = || span.within(|| route(service, core, ambient, callback));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        body.report(panic.into());
    }
}

/// Stands for all callbacks of calls that were not made.
pub(crate) struct TellRefused;

impl<S: Service> Job<S> for TellRefused {
    fn start(self: Box<Self>, mut body: Box<Body<S>>, _: &mut Driving<'_, '_, S>) -> Start<S> {
        // Those that are refused meanwhile wait for another turn: one that asks again and again leaves one to others.
        for callback in mem::take(&mut body.core.refused.0) {
            run(callback, &mut body);
        }
        Start::Over(body)
    }

    fn refuse(self: Box<Self>, _: RefusedReason) {}
}
