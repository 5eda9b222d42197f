//! Calls whose callers do not wait: each takes its first step where it is made, or, of a replicated service, where what it follows from is
//! acknowledged, so that they leave in the order in which they are made.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use futures_util::future::BoxFuture;
use tokio::{runtime::Handle, sync::oneshot, time::timeout_at};

use super::slow::run;
use crate::{
    call::requests::{Inherited, Outcome, Request, describe, overtaken},
    error::RefusedReason,
    message::{Method, Unsettled},
    sync::lock,
};

/// Makes the call; `finish` has its outcome.
pub(crate) fn make_later<M: Method>(
    runtime: &Handle,
    request: Request<M>,
    finish: impl FnOnce(Outcome<M>) + Send + 'static,
) {
    let mut inherited = Inherited::unawaited();
    match inherited.take_unsettled() {
        None => begin::<M>(runtime, run(request, inherited, None), finish),
        Some(unsettled) => when_settled(unsettled, runtime.clone(), (request, inherited), finish),
    }
}

fn begin<M: Method>(
    runtime: &Handle,
    mut call: BoxFuture<'static, Outcome<M>>,
    finish: impl FnOnce(Outcome<M>) + Send + 'static,
) {
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => finish(outcome),
        Poll::Pending => drop(runtime.spawn(async move { finish(call.await) })),
    }
}

/// Makes it when what it follows from is acknowledged, unless its time is over by then.
fn when_settled<M: Method>(
    unsettled: Unsettled,
    runtime: Handle,
    (request, inherited): (Request<M>, Inherited),
    finish: impl FnOnce(Outcome<M>) + Send + 'static,
) {
    let deadline = inherited.deadline(&request.options);
    let waits = Arc::new(Mutex::new(Some((request, inherited, finish))));
    let (known, is_known) = oneshot::channel::<()>();
    let late = Arc::clone(&waits);
    runtime.spawn(async move {
        // Ends also when it is known: then nothing waits any more.
        if timeout_at(deadline, is_known).await.is_err() {
            let waited = lock(&late).take();
            if let Some((request, _, finish)) = waited {
                finish(refused(&request, RefusedReason::Expired));
            }
        }
    });
    unsettled.then(move |well| {
        drop(known);
        let waited = lock(&waits).take();
        let Some((request, inherited, finish)) = waited else { return };
        if !well {
            return finish(refused(&request, overtaken()));
        }
        begin::<M>(&runtime, run(request, inherited, Some(deadline)), finish);
    });
}

fn refused<M: Method>(request: &Request<M>, reason: RefusedReason) -> Outcome<M> {
    Err(describe::<M, _>(&request.target, None, reason.into()))
}
