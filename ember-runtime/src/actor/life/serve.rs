//! What the driver of a running service does: handle what waits, one after the other, and rest when nothing does.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::task::coop;

use super::settle::settle;
use crate::{
    actor::{
        about::{Restart, ServiceState},
        cell::{Cell, Seat},
        erased::AnyCell,
        service::{Body, Noticing, Running, Service, Start},
        turn::{Held, Pace},
        work::{Calls, Post},
    },
    mailbox::{Batch, Next},
    panics::told,
};

/// Why a service no longer handles messages.
pub(super) enum End {
    /// Its mailbox is closed and empty.
    Drained,
    /// It has stopped itself, and is to be started again.
    Asked,
    Panicked,
}

/// Handles messages until there is a reason not to. None if the state of the service was lost.
pub(super) async fn serve<'a, S: Service>(
    mut body: Box<Body<S>>,
    mut held: Held<'a, Seat<S>>,
    batch: &mut Batch<Post<S>, Calls<S>>,
    cell: &'a Arc<Cell<S>>,
) -> Option<(Held<'a, Seat<S>>, Box<Body<S>>, End)> {
    loop {
        if body.core.needs_driver() {
            cell.mailbox.tell(batch);
            held.hurry(false);
            if let Some(end) = see_to(&mut body, cell).await {
                return Some((held, body, end));
            }
            held.hurry(true);
        }
        let mut left = Some(body);
        body = match poll_fn(|task| stretch(&mut left, batch, cell, task)).await {
            Stretch::Began(running, changed, index) => {
                cell.mailbox.tell(batch);
                let pace = index.and_then(|index| cell.blueprint.table.methods.get(index)).map(|entry| &entry.pace);
                finish(&mut held, running, changed, pace, cell).await
            }
            Stretch::SeeTo(body) => body,
            Stretch::Over(body) => return Some((held, body, End::Drained)),
            Stretch::Empty(idle) => {
                cell.mailbox.trim(batch);
                (held, body) = rest(idle, held, cell).await?;
                body
            }
        };
    }
}

/// Why a run of messages has come to an end.
enum Stretch<S: Service> {
    /// Work has begun that waits for something: see [`Start`].
    Began(Running<S>, bool, Option<usize>),
    /// There is something to do before the next message.
    SeeTo(Box<Body<S>>),
    /// There are no messages.
    Empty(Box<Body<S>>),
    /// There never will be.
    Over(Box<Body<S>>),
}

/// Handles one message after another, as long as none has to wait. A service that always has work must not keep the other
/// tasks of its thread from running: then the state stays in `left`.
fn stretch<S: Service>(
    left: &mut Option<Box<Body<S>>>,
    batch: &mut Batch<Post<S>, Calls<S>>,
    cell: &Cell<S>,
    task: &mut Context<'_>,
) -> Poll<Stretch<S>> {
    let Some(mut body) = left.take() else { return Poll::Pending };
    loop {
        if body.core.needs_driver() {
            return Poll::Ready(Stretch::SeeTo(body));
        }
        let Poll::Ready(proceed) = coop::poll_proceed(task) else {
            *left = Some(body);
            cell.mailbox.tell(batch);
            return Poll::Pending;
        };
        let post = match cell.mailbox.next(batch) {
            Next::Message(post) => post,
            Next::Empty => return Poll::Ready(Stretch::Empty(body)),
            Next::Over => return Poll::Ready(Stretch::Over(body)),
        };
        proceed.made_progress();
        cell.counts.queued();
        body = match batch.aside.start(post, body, &mut cell.driving(task)) {
            Start::Over(body) => body,
            Start::Running(running) => return Poll::Ready(Stretch::Began(running, false, None)),
            Start::Waits(running, changed, index) => {
                return Poll::Ready(Stretch::Began(running, changed, Some(index)));
            }
        };
    }
}

/// Does what the last message has left to do; tells if the service ends by it.
async fn see_to<S: Service>(body: &mut Body<S>, cell: &Arc<Cell<S>>) -> Option<End> {
    // A state that has failed does nothing any more.
    let fails = |body: &mut Body<S>| std::mem::take(&mut body.core.panicked) && !cell.resumes();
    let mut has_failed = fails(body);
    if std::mem::take(&mut body.core.changed) && !has_failed {
        // What does not start is gone; the service goes on.
        if let Err(error) = settle(body, cell).await {
            told(error);
        }
        has_failed = fails(body);
    }
    let stops = std::mem::take(&mut body.core.stop);
    if has_failed {
        // It is not started again.
        if stops && cell.supervision().restart != Restart::Always {
            cell.retire();
        }
        return Some(End::Panicked);
    }
    if stops {
        if cell.supervision().restart == Restart::Always && cell.state() != ServiceState::Retiring {
            return Some(End::Asked);
        }
        cell.retire();
    }
    None
}

/// Lets callers run the service until there is something to do. None if its state was lost.
async fn rest<'a, S: Service>(
    body: Box<Body<S>>,
    mut held: Held<'a, Seat<S>>,
    cell: &'a Arc<Cell<S>>,
) -> Option<(Held<'a, Seat<S>>, Box<Body<S>>)> {
    held.put(Seat::Idle(body));
    // If there is work already, the turn is taken again at once.
    held.end();
    let mut held = cell.turn().await;
    match held.take() {
        Seat::Idle(body) => Some((held, body)),
        Seat::Suspended(running, changed) => {
            let body = finish(&mut held, running, changed, None, cell).await;
            Some((held, body))
        }
        // Whoever had it has not put it back: what the program logs with has panicked, say.
        Seat::Empty => None,
    }
}

/// Goes on with what has begun until it has ended; `changed` says what it has done so far.
pub(super) async fn finish<S: Service>(
    held: &mut Held<'_, Seat<S>>,
    running: Running<S>,
    changed: bool,
    pace: Option<&Pace>,
    cell: &Cell<S>,
) -> Box<Body<S>> {
    held.hurry(false);
    let body = carry(running, changed, pace, cell).await;
    held.hurry(true);
    body
}

/// The same, whoever does it.
pub(super) async fn carry<S: Service>(
    mut running: Running<S>,
    mut changed: bool,
    pace: Option<&Pace>,
    cell: &Cell<S>,
) -> Box<Body<S>> {
    let mut body = poll_fn(|task| {
        let step = pace.map(Pace::begin);
        let noticing = Noticing::begin(cell.blueprint.table.has_keyed());
        let polled = running.as_mut().poll(task);
        changed |= noticing.end();
        if let (Some(pace), Some(step)) = (pace, step) {
            pace.end(step, task);
        }
        polled
    })
    .await;
    running.end();
    body.core.changed |= changed;
    body
}
