//! One incarnation of a link: its state, and the way back for replies.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use tokio::{sync::Notify, time::Instant};

use super::callers::{Abandon, Callers};
use crate::{
    error::{Failure, LostReason},
    id::NodeKey,
    message::{ReplyBody, ReplyLink, Unwritten},
    sync::{lock, ordered, wake},
    transport::{
        entrance::{Capabilities, Capability, Grant, Sever, Workers},
        protocol::{Correlation, Ingress, LinkConfig, Reads, wire},
        stream::{Control, Outbox, Scratch, WireFailure},
    },
};

/// All callers have given up: the link has ended.
pub(crate) const CLOSED: u64 = u64::MAX;
/// So many times its bound for calls a link lets replies wait.
const REPLIES: usize = 4;

/// A link, from its hello to its end.
pub(crate) struct Session {
    /// Counts the links of this node: no two have the same.
    pub(crate) number: u64,
    pub(crate) peer: NodeKey,
    /// The peer's dials up to this one are older than the session.
    pub(crate) peer_dial: u64,
    /// What the peer reads of what may stand in a header.
    pub(crate) reads: Reads,
    pub(crate) config: LinkConfig,
    pub(crate) ingress: Arc<dyn Ingress>,
    /// The largest record that the peer takes, in bytes.
    pub(crate) send_limit: usize,
    pub(crate) outbox: Mutex<Outbox>,
    pub(crate) callers: Callers,
    /// Grows whenever a caller of the peer gives up; [`CLOSED`] when they all have.
    pub(crate) given_up: AtomicU64,
    pub(crate) control: Arc<Control>,
    /// The bytes of all calls that have come from the peer.
    pub(crate) received: AtomicU64,
    /// So many replies wait that further calls have to.
    pub(crate) crowded: AtomicBool,
    /// Calls of the peer that had to wait can go on.
    pub(crate) unparked: Notify,
    /// A call has an earlier deadline than all before.
    pub(crate) earlier: Notify,
    /// Tasks of the node wait for it (those of the link, the node's end), and no other executor: it may change under a lock.
    pub(crate) progress: ordered::Sender<Progress>,
    /// The connection of its calls.
    pub(crate) sever: Arc<Sever>,
    /// Those of this node.
    pub(crate) workers: Arc<Workers>,
    pub(crate) peer_late: ordered::Sender<bool>,
    pub(crate) born: Instant,
    /// One-way calls that the peer has reported as failed.
    #[cfg(test)]
    pub(crate) noticed: AtomicU64,
    /// One-way calls that had not left when it ended, until they were told of.
    lost: AtomicUsize,
}

/// How far its end has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// It must end now.
    pub(crate) stop: Option<Arc<str>>,
    /// The peer's reason for a planned end.
    pub(crate) goodbye: Option<Arc<str>>,
    /// Everything was handed over for sending.
    pub(crate) writer_ended: bool,
    /// The peer has everything.
    pub(crate) peer_done: bool,
}

/// What a [`Session`] is made of.
pub(crate) struct NewSession {
    pub(crate) number: u64,
    pub(crate) peer: NodeKey,
    pub(crate) peer_dial: u64,
    pub(crate) grant: Grant,
    pub(crate) capabilities: Capabilities,
    pub(crate) control: Arc<Control>,
    pub(crate) sever: Arc<Sever>,
    pub(crate) workers: Arc<Workers>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {} to {}", self.number, self.peer)
    }
}

impl Session {
    pub(crate) fn new(new: NewSession, config: &LinkConfig, ingress: &Arc<dyn Ingress>) -> Arc<Self> {
        let NewSession { number, peer, peer_dial, grant, capabilities, control, sever, workers } = new;
        let born = Instant::now();
        let peer_limit = usize::try_from(grant.max_message).unwrap_or(usize::MAX);
        Arc::new_cyclic(|session| Self {
            number,
            peer,
            peer_dial,
            reads: Reads {
                extensions: capabilities.have(Capability::Extensions),
                once: capabilities.have(Capability::Once),
            },
            config: config.clone(),
            ingress: ingress.clone(),
            send_limit: peer_limit.min(config.max_message).min(u32::MAX as usize),
            outbox: Mutex::new(Outbox::new(grant.credit, born)),
            callers: Callers::of(session.clone() as Weak<dyn Abandon>),
            given_up: AtomicU64::new(0),
            control,
            received: AtomicU64::new(0),
            crowded: AtomicBool::new(false),
            unparked: Notify::new(),
            earlier: Notify::new(),
            progress: ordered::Sender::new(Progress::default()),
            sever,
            workers,
            peer_late: ordered::Sender::default(),
            born,
            #[cfg(test)]
            noticed: AtomicU64::new(0),
            lost: AtomicUsize::new(0),
        })
    }

    /// Whether it takes new calls.
    pub(crate) fn accepts(&self) -> bool {
        self.openness().0
    }

    /// Whether it takes new calls, and whether it has ended.
    pub(crate) fn openness(&self) -> (bool, bool) {
        let outbox = lock(&self.outbox);
        (outbox.accepts(), outbox.closed().is_some())
    }

    /// Waits until its end has come so far; the state then.
    pub(crate) async fn reached(&self, far: impl Fn(&Progress) -> bool) -> Progress {
        match self.progress.subscribe().wait_for(far).await {
            Ok(now) => now,
            // Only when the sender is gone, which `self` owns.
            Err(ordered::Closed) => pending().await,
        }
    }

    /// Waits until somebody has asked for its end; why.
    pub(crate) async fn stopped(&self) -> String {
        match self.reached(|progress| progress.stop.is_some()).await.stop {
            Some(why) => why.to_string(),
            None => pending().await,
        }
    }

    /// Asks the task of this link to end it.
    pub(crate) fn stop(&self, why: &str) {
        self.progress.send_if_modified(|progress| {
            let first = progress.stop.is_none();
            if first {
                progress.stop = Some(why.into());
            }
            first
        });
    }

    /// Ends it: every pending call gets its answer now. Returns the reason, which is that of the first call. Nothing may be
    /// locked.
    pub(crate) fn kill(&self, why: &str) -> Arc<str> {
        let (why, wakers) = self.close(why);
        wakers.into_iter().for_each(wake);
        why
    }

    /// The same for those who have something locked; whom to wake when they have not any more.
    pub(crate) fn close(&self, why: &str) -> (Arc<str>, Vec<Waker>) {
        let (mut wakers, why, taken) = {
            let mut outbox = lock(&self.outbox);
            if let Some(first) = outbox.closed() {
                return (first.clone(), Vec::new());
            }
            let why = Arc::from(why);
            let (lost, wakers) = outbox.close(&why);
            self.given_up.store(CLOSED, Ordering::Release);
            // Before anybody finds it closed, and asks how many they are.
            self.lost.store(lost, Ordering::Relaxed);
            (wakers, why, outbox.calls.taken())
        };
        wakers.extend(self.callers.sweep(taken, &why));
        self.control.close();
        self.stop(&why);
        self.sever.cut();
        (why, wakers)
    }

    /// How many one-way calls were lost with it; once.
    pub(crate) fn take_lost(&self) -> usize {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// The peer says whether its workers are late. Told on the thread of heartbeats, acted upon on the node's runtime.
    pub(crate) fn hears_lateness(&self, is_late: bool) {
        self.peer_late.send_if_modified(|present| std::mem::replace(present, is_late) != is_late);
    }

    /// No more calls from here; the link ends when all that is under way has its reply.
    pub(crate) fn finish(&self, why: &str) {
        let writer = lock(&self.outbox).finish(false);
        self.control.goodbye(why);
        writer.into_iter().for_each(wake);
    }

    /// Writes the record of a reply. Code of users runs: nothing may be locked.
    #[inline]
    fn reply_record(&self, call: Correlation, body: ReplyBody<'_>) -> Result<Scratch, Failure> {
        let limit = self.send_limit;
        let too_large = |size| LostReason::ReplyTooLarge { size: size as u64, limit: limit as u64 };
        let (kind, put) = match body {
            ReplyBody::Value(put) => (wire::VALUE, put),
            ReplyBody::App(put) => (wire::APP, put),
            ReplyBody::Failed(failure) => {
                let record = failure_record(call, failure);
                return if record.len() > limit { Err(too_large(record.len()).into()) } else { Ok(record) };
            }
        };
        let mut record = Scratch::of(kind);
        call.put(&mut record);
        record.put(limit, put).map_err(|unwritten| match unwritten {
            Unwritten::TooLarge => too_large(limit + 1),
            Unwritten::Panicked => LostReason::Undecodable("writing the reply panicked".into()),
            Unwritten::Refused(error) => LostReason::Undecodable(error.to_string()),
        })?;
        match record.seal() {
            size if size > limit => Err(too_large(size).into()),
            _ => Ok(record),
        }
    }

    /// Queues a reply, or a failure instead if too much waits already.
    #[inline]
    fn put_reply(&self, outbox: &mut Outbox, call: Correlation, mut record: Scratch) {
        let (waiting, bound) = (outbox.replies.waiting(), self.config.out_buffer.saturating_mul(REPLIES));
        if waiting > 0 && waiting.saturating_add(record.len()) > bound && wire::peek(&record).1 != wire::FAILURE {
            let why = format!("over {bound} bytes of replies wait for the caller's node");
            record = failure_record(call, LostReason::LinkLost(why).into());
        }
        outbox.replies.append(&mut record, None, None);
        if outbox.replies.waiting() > self.config.out_buffer {
            self.crowded.store(true, Ordering::Relaxed);
        }
    }
}

#[cold]
fn failure_record(call: Correlation, failure: Failure) -> Scratch {
    let mut record = Scratch::of(wire::FAILURE);
    call.put(&mut record);
    record.extend_from_slice(&crate::transport::stream::encode(&WireFailure::from(failure)));
    record.seal();
    record
}

impl ReplyLink for Session {
    fn peer(&self) -> Option<NodeKey> {
        Some(self.peer)
    }

    fn reply(&self, correlation: u64, body: ReplyBody<'_>) {
        let Some(call) = Correlation::of(correlation) else {
            if let ReplyBody::Failed(failure) = body {
                self.control.count(failure);
            }
            return;
        };
        let record = self.reply_record(call, body).unwrap_or_else(|failure| failure_record(call, shorten(failure)));
        let (listener, writer, stuck) = {
            let mut outbox = lock(&self.outbox);
            if outbox.closed().is_some() {
                return;
            }
            let (waits, listener) = outbox.inbound.end(call);
            if waits {
                self.put_reply(&mut outbox, call, record);
            }
            (listener, outbox.kick(), outbox.replies.waiting() > self.config.out_buffer.saturating_mul(2 * REPLIES))
        };
        writer.into_iter().for_each(wake);
        if let Some(listener) = listener {
            wake(listener);
        }
        if stuck {
            self.stop("it does not read the replies that it asked for");
        }
    }

    fn given_up(&self) -> u64 {
        self.given_up.load(Ordering::Acquire)
    }

    fn give_back(&self, bytes: u64) {
        self.control.give_back(bytes);
    }

    fn is_unwanted(&self, correlation: u64) -> bool {
        let Some(call) = Correlation::of(correlation) else { return false };
        let outbox = lock(&self.outbox);
        !outbox.inbound.waits(call) || outbox.closed().is_some()
    }

    fn poll_unwanted(&self, correlation: u64, cx: &mut Context<'_>) -> Poll<()> {
        let Some(call) = Correlation::of(correlation) else { return Poll::Pending };
        let mut spare = None;
        loop {
            let ended = {
                let mut outbox = lock(&self.outbox);
                match outbox.closed() {
                    Some(_) => Some(Poll::Ready(())),
                    None => outbox.inbound.poll_ended(call, cx.waker(), &mut spare),
                }
            };
            match ended {
                Some(ended) => return ended,
                None => spare = Some(cx.waker().clone()),
            }
        }
    }
}

/// Cuts what may be long in a failure that this file makes.
fn shorten(failure: Failure) -> Failure {
    match failure {
        Failure::MaybeExecuted(LostReason::Undecodable(why)) => {
            LostReason::Undecodable(why.chars().take(1024).collect()).into()
        }
        failure => failure,
    }
}
