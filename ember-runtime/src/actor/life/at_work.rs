//! What a worker of a concurrent service does: one piece of work after the other, until nothing is ready.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::task::{AbortHandle, coop};

use super::serve::carry;
use crate::actor::{
    cell::{AtWork, Begun, Cell, Order},
    erased::Host,
    service::{Body, Running, Service, Start},
    work::{Calls, Post},
};

/// Makes a worker, which may begin with what somebody has left to it.
pub(super) fn work<S: Service>(cell: Arc<Cell<S>>, host: &dyn Host, order: Order<S>) -> AbortHandle {
    host.runtime().spawn(run(AtWork::new(cell, order))).abort_handle()
}

async fn run<S: Service>(mut at: AtWork<S>) {
    let Some(cell) = at.cell().cloned() else { return };
    let mut done = match at.begun() {
        Some(Begun(running, index)) => Some(go_on(running, index, &cell).await),
        None => None,
    };
    loop {
        let Some((post, body)) = poll_fn(|task| next(&mut at, &mut done, task)).await else { return };
        let mut piece = Some((post, body));
        let start = poll_fn(|task| match piece.take() {
            Some((post, body)) => Poll::Ready(Calls::default().start(post, body, &mut cell.driving(task))),
            None => Poll::Pending,
        });
        done = Some(match start.await {
            Start::Over(body) => body,
            Start::Running(running) => go_on(running, None, &cell).await,
            Start::Waits(running, _, index) => go_on(running, Some(index), &cell).await,
        });
    }
}

/// A piece of work, and the body for it.
type Next<S> = (Post<S>, Box<Body<S>>);

/// The next piece of work. One who always has some must not keep the other tasks of its thread from running.
fn next<S: Service>(
    at: &mut AtWork<S>,
    done: &mut Option<Box<Body<S>>>,
    task: &mut Context<'_>,
) -> Poll<Option<Next<S>>> {
    let Poll::Ready(proceed) = coop::poll_proceed(task) else {
        // What it did is done all the same: its key is free.
        if let Some(body) = done.take() {
            at.done(body);
        }
        return Poll::Pending;
    };
    proceed.made_progress();
    Poll::Ready(at.next(done.take()))
}

/// Goes on with a handler that waits for something.
async fn go_on<S: Service>(running: Running<S>, index: Option<usize>, cell: &Cell<S>) -> Box<Body<S>> {
    let pace = index.and_then(|index| cell.blueprint.table.methods.get(index)).map(|entry| &entry.pace);
    carry(running, false, pace, cell).await
}
