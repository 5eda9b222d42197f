//! Calls whose callers do not wait: each takes its first step where it is made, or, of a replicated service, where what it follows from is
//! acknowledged, so that they leave in the order in which they are made.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use tokio::{runtime::Handle, sync::oneshot, time::timeout_at};

use super::{
    parcel::{Arrived, Parcel, SlowCall},
    slow::run,
};
use crate::{
    call::requests::{Inherited, overtaken},
    error::RefusedReason,
    message::Unsettled,
    sync::lock,
};

/// Is told what became of it.
type Finish = Box<dyn FnOnce(Arrived) + Send>;

/// Makes the call; `finish` has its outcome.
pub(crate) fn make_later(runtime: &Handle, parcel: Parcel, finish: Finish) {
    let mut inherited = Inherited::unawaited();
    match inherited.take_unsettled() {
        None => begin(runtime, run(parcel, inherited, None), finish),
        Some(unsettled) => when_settled(unsettled, runtime.clone(), (parcel, inherited), finish),
    }
}

fn begin(runtime: &Handle, mut call: SlowCall, finish: Finish) {
    match Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => finish(ended),
        Poll::Pending => drop(runtime.spawn(async move { finish(call.await) })),
    }
}

/// Makes it when what it follows from is acknowledged, unless its time is over by then.
fn when_settled(unsettled: Unsettled, runtime: Handle, (parcel, inherited): (Parcel, Inherited), finish: Finish) {
    let deadline = inherited.deadline(&parcel.options);
    let waits = Arc::new(Mutex::new(Some((parcel, inherited, finish))));
    let (known, is_known) = oneshot::channel::<()>();
    let late = Arc::clone(&waits);
    runtime.spawn(async move {
        // Ends also when it is known: then nothing waits any more.
        if timeout_at(deadline, is_known).await.is_err() {
            let waited = lock(&late).take();
            if let Some((parcel, _, finish)) = waited {
                finish(parcel.refused(RefusedReason::Expired));
            }
        }
    });
    unsettled.then(move |well| {
        drop(known);
        let waited = lock(&waits).take();
        let Some((parcel, inherited, finish)) = waited else { return };
        if !well {
            return finish(parcel.refused(overtaken()));
        }
        begin(&runtime, run(parcel, inherited, Some(deadline)), finish);
    });
}
