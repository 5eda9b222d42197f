//! Signs of life, over a connection of their own: the second one of a link. Its task runs on a thread where code of users never
//! does, so that a handler that blocks every worker, or a large message that is written, does not look like death. In a simulation it
//! runs on the host's runtime.
//!
//! Each node says twice per heartbeat how much it has read from the link's first connection, and, if it reads nothing, whether
//! that is because its workers are held up. So both connections are watched: silence on this one, and bytes that are sent
//! over the other and not read, end the link. The end of either is the end of both.
//!
//! Both nodes should have the same settings: each expects the other to be as lively as itself.

mod beat;
mod judge;
mod wakes;

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::{JoinSet, spawn_blocking},
    time::{Instant, sleep, sleep_until, timeout},
};

pub(super) use self::wakes::Wakes;
use self::{
    beat::{Beat, Beats},
    judge::Judge,
};
use super::{deadlines, session::Session};
use crate::{
    net::{Detached, Network, PULSE},
    sync::lock,
    transport::entrance::Socket,
};

/// The second connection of a link.
pub(crate) struct Pulse {
    socket: Socket,
    network: Arc<dyn Network>,
}

impl Pulse {
    pub(crate) fn of(socket: Socket, network: Arc<dyn Network>) -> Self {
        Self { socket, network }
    }

    /// Watches `session` in a task of `tasks`, which ends with the reason for the end of the link.
    pub(crate) fn watch(self, session: Arc<Session>, tasks: &mut JoinSet<String>) {
        let Self { mut socket, network } = self;
        socket.sever().mark_used();
        let attach = match network.detach(socket.take_stream()) {
            Detached::Here(stream) => {
                socket.put_stream(stream);
                tasks.spawn(run(session, socket, network, Wakes::Here));
                return;
            }
            Detached::Anywhere(attach) => attach,
        };
        let task = async move {
            match attach() {
                Ok(stream) => {
                    socket.put_stream(stream);
                    run(session, socket, network, Wakes::Aside).await
                }
                Err(error) => end(&session, &format!("its heartbeat could not begin: {error}"), Wakes::Aside).await,
            }
        };
        match PULSE.handle() {
            Some(handle) => tasks.spawn_on(task, &handle),
            None => tasks.spawn(task),
        };
    }
}

/// Sends beats, judges those that come, and watches the deadlines of calls, until the link ends. If it is this that ends it, all
/// calls get their answers here: the node's own tasks may be held up.
async fn run(session: Arc<Session>, socket: Socket, network: Arc<dyn Network>, wakes: Wakes) -> String {
    let why = tokio::select! {
        biased;
        why = session.stopped() => return why,
        why = watch(&session, socket, &*network) => why,
        never = deadlines::expire(&session, wakes) => never,
    };
    end(&session, &why, wakes).await
}

async fn end(session: &Session, why: &str, wakes: Wakes) -> String {
    let (why, wakers) = session.close(why);
    wakes.wake(wakers).await;
    why.to_string()
}

async fn watch(session: &Session, mut socket: Socket, network: &dyn Network) -> String {
    let why = listen(session, &mut socket).await;
    // Where what this node sends arrives and its peer's words do not, TCP holds back what follows the first that is not confirmed: the
    // peer hears nothing either, and finds out later. A reset is not held back.
    network.reset(socket.stream());
    why
}

async fn listen(session: &Session, socket: &mut Socket) -> String {
    let mut judge = Judge::new(&session.config, Instant::now());
    let mut beats = Beats::default();
    let mut next = Instant::now();
    let mut chunk = [0; 256];
    loop {
        let due = next.min(judge.due());
        let read = tokio::select! {
            biased;
            read = socket.read(&mut chunk) => Some(read),
            () = sleep_until(due) => None,
        };
        let now = Instant::now();
        if now > due + session.config.grace {
            // This process itself stood still.
            judge.stood_still(now);
        }
        match read {
            Some(Ok(0)) => return ended(session, "the peer closed it").await,
            Some(Err(error)) => return ended(session, &format!("the connection broke: {error}")).await,
            Some(Ok(size)) => {
                beats.add(&chunk[..size]);
                loop {
                    match beats.next() {
                        Ok(Some(beat)) => {
                            if let Err(why) = judge.heard(beat, session.sever.written(), now) {
                                return why;
                            }
                            session.hears_lateness(beat.late >= session.config.grace);
                        }
                        Ok(None) => break,
                        Err(malformed) => return malformed.to_string(),
                    }
                }
            }
            None => {
                if let Err(why) = judge.silence(now) {
                    return why;
                }
            }
        }
        if now >= next {
            next = now + judge.pace();
            let beat = sign(session, now).put();
            // It is small: if the socket has no room for it, many before it have not arrived either.
            match timeout(session.config.grace, socket.write_all(&beat)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return ended(session, &format!("the connection broke: {error}")).await,
                Err(_) => return "its connection for heartbeats takes nothing".into(),
            }
        }
    }
}

/// What this node has to say.
fn sign(session: &Session, now: Instant) -> Beat {
    let late = session.workers.late(now);
    if late >= session.config.grace && session.workers.tell() {
        warn(late);
    }
    Beat { read: session.sever.read(), held: session.sever.held(now), late }
}

/// On a thread of its own: what a log is written to may block.
fn warn(late: Duration) {
    spawn_blocking(move || {
        tracing::warn!(
            target: "ember::node", ?late,
            "the workers of this node are held up: does a handler block its thread? `tokio::task::spawn_blocking` is for \
             that. Other nodes choose this one last meanwhile"
        );
    });
}

/// The second connection has ended. At a planned end that is all right, if the rest follows; at any other it is the end.
async fn ended(session: &Session, why: &str) -> String {
    if lock(&session.outbox).finishing() {
        sleep(session.config.heartbeat + session.config.grace).await;
    }
    why.into()
}
