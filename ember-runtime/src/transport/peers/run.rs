//! The tasks of a link. One reads both streams; when it ends, however it ends, so does the link. As handlers may run in it, another
//! does what has to be done now and then. The third gives signs of life and watches the deadlines of calls, see `pulse/`.

use std::{
    error::Error,
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use http_body::Body as _;
use tokio::{
    sync::oneshot,
    task::{JoinSet, yield_now},
    time::{Instant, sleep, timeout},
};
use tonic::{Status, Streaming, body::Body};

use super::{awaited::Forget, links::WeakLinks, pulses, table::How};
use crate::{
    error::Failure,
    sync::{lock, wake},
    transport::{
        link::{Inflow, Pulse, Session, TURN},
        protocol::Frame,
        stream::{ControlMessage, MAX_CONTROL, control, report},
    },
};

/// Ends the link when the task ends: also by a panic in the ingress.
struct Ending {
    links: WeakLinks,
    session: Arc<Session>,
    why: String,
}

impl Drop for Ending {
    fn drop(&mut self) {
        match self.links.upgrade() {
            Some(links) => links.ended(&self.session, &self.why),
            None => drop(self.session.kill(&self.why)),
        }
    }
}

/// Runs a link that is up.
pub(crate) async fn run(links: WeakLinks, session: Arc<Session>, control: Streaming<Frame>, data: Body, pulse: Pulse) {
    let mut ending = Ending { links, session: session.clone(), why: "the task of the link ended unexpectedly".into() };
    let inflow = Mutex::new(Inflow::new(Instant::now()));
    let mut other = JoinSet::new();
    other.spawn(tend(ending.links.clone(), session.clone()));
    pulse.watch(session.clone(), &mut other);
    // Each is polled only when it was woken itself: bytes come often, and all else is rare.
    let mut work = FuturesUnordered::from_iter([
        session.stopped().boxed(),
        read_control(&ending.links, &session, control).boxed(),
        read_data(&session, data, &inflow).boxed(),
        unpark(&session, &inflow).boxed(),
        async {
            match other.join_next().await {
                Some(Ok(why)) => why,
                _ => "a task that watches it ended unexpectedly".into(),
            }
        }
        .boxed(),
    ]);
    if let Some(why) = work.next().await {
        ending.why = why;
    }
}

/// Waits for the data stream of an accepted link, then runs it.
pub(crate) async fn join(
    links: WeakLinks,
    session: Arc<Session>,
    control: Streaming<Frame>,
    (data, pulse): (oneshot::Receiver<Body>, pulses::ExpectedPulse),
    patience: Duration,
    expected: Forget,
) {
    let came = tokio::select! {
        biased;
        why = session.stopped() => Err::<_, String>(why),
        both = timeout(patience, async { tokio::join!(data, pulse.come()) }) => match both {
            Ok((Ok(data), Some(pulse))) => Ok((data, pulse)),
            Ok((Err(_), _)) => Err("its data stream did not come".into()),
            Ok(_) => Err("its heartbeat did not come".into()),
            Err(_) => Err("its data stream or its heartbeat did not come".into()),
        },
    };
    drop(expected);
    let Some(strong) = links.upgrade() else { return drop(session.kill("the node is gone")) };
    match came {
        Ok((data, pulse)) => {
            let mine = |how: &How| matches!(how, How::Accept(current) if Arc::ptr_eq(current, &session));
            if strong.raise(&session, mine) {
                drop(strong);
                run(links, session, control, data, pulse).await;
            } else {
                session.kill("a newer attempt took its place");
            }
        }
        Err(why) => strong.give_up(&session, &why),
    }
}

async fn read_control(links: &WeakLinks, session: &Arc<Session>, mut frames: Streaming<Frame>) -> String {
    let mut reported: Option<Instant> = None;
    loop {
        let frame = match frames.message().await {
            Ok(Some(frame)) if frame.data.len() <= MAX_CONTROL => frame.data,
            Ok(Some(_)) => return "the peer sent a control message over the limit".into(),
            // At a planned end the data stream tells the rest.
            Ok(None) | Err(_) if lock(&session.outbox).finishing() => {
                session.progress.send_modify(|progress| progress.peer_done = true);
                return pending().await;
            }
            Ok(None) => return "the peer closed it".into(),
            Err(status) => return broken(&status),
        };
        let message = match control::decode(&frame) {
            Ok(Some(message)) => message,
            Ok(None) => continue,
            Err(error) => return format!("the peer sent an unreadable control message: {error}"),
        };
        match message {
            ControlMessage::Ping => {}
            ControlMessage::Credit(credit) => {
                let writer = lock(&session.outbox).grant(credit);
                writer.into_iter().for_each(wake);
            }
            ControlMessage::Notice(refused) => {
                for (failure, count) in refused {
                    let why = Failure::from(failure);
                    #[cfg(test)]
                    session.noticed.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
                    tracing::warn!(target: "ember::link", peer = %session.peer, count, ?why, "one-way calls failed there");
                }
            }
            ControlMessage::Goodbye(why) => {
                tracing::debug!(target: "ember::link", peer = %session.peer, why, "the peer says goodbye");
                session.progress.send_modify(|progress| progress.goodbye = Some(why.into()));
                let writer = lock(&session.outbox).finish(true);
                writer.into_iter().for_each(wake);
            }
            ControlMessage::Added(report::REPORT, said) => {
                let now = Instant::now();
                // They come with the peer's pings, and again. What comes sooner costs no more than to be read.
                if reported.is_some_and(|last| now.duration_since(last) < session.config.heartbeat / 4) {
                    continue;
                }
                reported = Some(now);
                if let (Some(links), Some(busy)) = (links.upgrade(), report::read(&said)) {
                    links.reported(session, busy);
                }
            }
            // No other is known here.
            ControlMessage::Added(..) => {}
            ControlMessage::Done => session.progress.send_modify(|progress| progress.peer_done = true),
        }
    }
}

/// Hands over calls that had to wait, when they need not any more. Never ends.
async fn unpark(session: &Arc<Session>, inflow: &Mutex<Inflow>) -> String {
    loop {
        session.unparked.notified().await;
        // It may be the turn of others.
        yield_now().await;
        poll_fn(|task| {
            lock(inflow).unpark(session, task);
            Poll::Ready(())
        })
        .await;
    }
}

/// What has to be done beside reading. Never ends.
async fn tend(links: WeakLinks, session: Arc<Session>) -> String {
    tokio::select! {
        never = ping(&links, &session) => never,
        never = tell_lateness(&links, &session) => never,
    }
}

/// Flushes what small things wait for company, so that something is on its way over this connection, too, now and then: it is
/// watched by what arrives of that. Says how busy this node's services are. Gives memory back that is not used.
async fn ping(links: &WeakLinks, session: &Session) -> String {
    let (pace, mut count) = (session.config.heartbeat / 2, 0_u32);
    loop {
        if let Some(links) = links.upgrade() {
            session.control.report(links.ingress.busy());
        }
        session.control.ping();
        if count.is_multiple_of(2) {
            lock(&session.outbox).tidy();
            session.callers.tidy();
        }
        count = count.wrapping_add(1);
        sleep(pace).await;
    }
}

/// Passes on what the peer says of its workers.
async fn tell_lateness(links: &WeakLinks, session: &Arc<Session>) -> String {
    let (mut news, mut told) = (session.peer_late.subscribe(), false);
    while let Ok(is_late) = news.wait_for(|is_late| *is_late != told).await {
        told = is_late;
        if let Some(links) = links.upgrade() {
            links.late(session, is_late);
        }
    }
    std::future::pending().await
}

async fn read_data(session: &Arc<Session>, mut data: Body, inflow: &Mutex<Inflow>) -> String {
    // The first bytes since it had to wait for some, and whether that is long ago.
    let (mut since, mut is_long) = (None, false);
    loop {
        let part = poll_fn(|task| {
            let Poll::Ready(part) = Pin::new(&mut data).poll_frame(task) else {
                since = None;
                return Poll::Pending;
            };
            let (part, now) = (part.transpose(), Instant::now());
            is_long = now.duration_since(*since.get_or_insert(now)) > TURN;
            let chunk = part.map(|part| part.map(|part| part.into_data().ok()));
            Poll::Ready(chunk.map(|part| {
                part.map(|chunk| match chunk {
                    Some(chunk) => lock(inflow).read(session, chunk, now, task),
                    // The status at the end of the stream says no more than the end itself.
                    None => Ok(()),
                })
            }))
        });
        match part.await {
            // Handlers that ran may have taken their time: it is the turn of others.
            Ok(Some(Ok(()))) if is_long => {
                since = None;
                yield_now().await;
            }
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(malformed))) => {
                tracing::warn!(target: "ember::link", peer = %session.peer, %malformed, "closing the link");
                return malformed.to_string();
            }
            Ok(None) if lock(&session.outbox).finishing() => break,
            Ok(None) => return "the peer closed it".into(),
            Err(status) => return broken(&status),
        }
    }
    // A planned end: the peer has said everything. Say the rest, tell it so, and wait for the same from it.
    let writer = lock(&session.outbox).peer_finish();
    writer.into_iter().for_each(wake);
    session.reached(|progress| progress.writer_ended).await;
    session.control.done();
    match session.reached(|progress| progress.peer_done).await.goodbye {
        Some(why) => format!("the peer said goodbye: {why}"),
        None => "this node said goodbye".into(),
    }
}

fn broken(status: &Status) -> String {
    let causes = std::iter::successors(status.source(), |&cause| cause.source());
    let cause = causes.last().map_or_else(|| status.message().to_owned(), ToString::to_string);
    format!("the connection broke: {cause}")
}
