//! The control stream: what it carries, and what waits for its writer. Nothing queues here: until it is written,
//! everything is a flag or a counter.
//!
//! | message (postcard of [`ControlMessage`]) | when |
//! | --- | --- |
//! | hellos, and their answers | first; see `hello.rs` |
//! | ping | twice per heartbeat, so that something is on its way |
//! | credit | when an eighth of it has gathered, and with a ping |
//! | notice: refused one-way calls, counted by reason | with a ping |
//! | goodbye | no more calls come from the sender, and it refuses new ones |
//! | done | everything of the peer's was received, everything of the sender's was sent |
//! | added | by a number, and skipped by whoever does not know that: how busy services are, with a ping; see `report.rs` |

use std::{
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::Stream;
use serde::{Deserialize, Serialize};

use super::report::{REPORT, Reports};
use crate::{
    actor::Load,
    error::{Failure, LostReason, RefusedReason},
    sync::{lock, wake, watch},
    transport::protocol::Frame,
};

/// The largest message of this stream, in bytes: what a stranger who announces one makes this node reserve.
pub(crate) const MAX_CONTROL: usize = 16 << 10;
/// The longest text in a message, in characters.
const MAX_TEXT: usize = 1024;

/// The kind of [`ControlMessage::Notice`].
const NOTICE: u32 = 2;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ControlMessage {
    Ping,
    Credit(u64),
    Notice(Vec<(WireFailure, u64)>),
    Goodbye(String),
    Done,
    /// What was added since, each by a number of its own.
    Added(u16, Vec<u8>),
}

/// A [`Failure`] on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WireFailure {
    Refused(RefusedReason),
    Lost(LostReason),
}

impl From<Failure> for WireFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotExecuted(reason) => Self::Refused(reason),
            Failure::MaybeExecuted(reason) => Self::Lost(reason),
        }
    }
}

impl From<WireFailure> for Failure {
    fn from(failure: WireFailure) -> Self {
        match failure {
            WireFailure::Refused(reason) => Self::NotExecuted(reason),
            WireFailure::Lost(reason) => Self::MaybeExecuted(reason),
        }
    }
}

impl WireFailure {
    /// Reads one. Whether it was executed is known also of one whose reason is of a later release.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes).or_else(|error| match bytes.first() {
            Some(0) => Ok(Self::Refused(RefusedReason::Unknown)),
            Some(1) => Ok(Self::Lost(LostReason::Unknown)),
            _ => Err(error),
        })
    }

    /// Whether two count as the same reason, whatever their details.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused(a), Self::Refused(b)) => mem::discriminant(a) == mem::discriminant(b),
            (Self::Lost(a), Self::Lost(b)) => mem::discriminant(a) == mem::discriminant(b),
            _ => false,
        }
    }
}

/// This node's half of a control stream.
#[derive(Debug)]
pub(crate) struct Control {
    state: Mutex<State>,
    /// The bytes of all calls that have left their mailboxes.
    released: AtomicU64,
    /// Those of which the peer has been told.
    told: AtomicU64,
    /// With so many of which it has not, it is told without waiting for a ping.
    threshold: u64,
}

#[derive(Debug, Default)]
struct State {
    /// The message of the handshake that is to leave: before all else, and also when the stream is closed.
    hello: Option<Bytes>,
    ping: bool,
    /// With a ping: credits below the threshold, and notices, are sent too.
    flush: bool,
    notices: Vec<(WireFailure, u64)>,
    reports: Reports,
    goodbye: Option<String>,
    done: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl Control {
    /// A stream that starts with `hello`; `credit` is what this node grants.
    pub(crate) fn new(hello: Bytes, credit: usize) -> Arc<Self> {
        let state = Mutex::new(State { hello: Some(hello), ..State::default() });
        Arc::new(Self {
            state,
            released: AtomicU64::new(0),
            told: AtomicU64::new(0),
            threshold: (credit as u64 / 8).max(1),
        })
    }

    /// The next message of the handshake: there is one at a time, each is the answer to one of the peer's.
    pub(crate) fn say(&self, hello: Bytes) {
        self.update(|state| state.hello = Some(hello));
    }

    /// A call of `bytes` has left the mailbox.
    pub(crate) fn give_back(&self, bytes: u64) {
        // One counts and then looks at what was told, the other tells and then looks at what is counted: one of the two sees the
        // other, which takes the strongest order.
        let now = self.released.fetch_add(bytes, Ordering::SeqCst) + bytes;
        let threshold = self.told.load(Ordering::SeqCst) + self.threshold;
        if now >= threshold && now - bytes < threshold {
            self.update(|_| ());
        }
    }

    /// The bytes of all calls that have left their mailboxes, from the beginning of the link.
    pub(crate) fn released(&self) -> u64 {
        self.released.load(Ordering::SeqCst)
    }

    /// Credit of which the peer does not know yet.
    fn untold(&self) -> u64 {
        self.released() - self.told.load(Ordering::SeqCst)
    }

    /// Counts a one-way call that failed.
    pub(crate) fn count(&self, failure: Failure) {
        let failure = WireFailure::from(failure);
        let notices = &mut lock(&self.state).notices;
        match notices.iter_mut().find(|(known, _)| known.is_like(&failure)) {
            Some((known, count)) => (*known, *count) = (failure, *count + 1),
            None => notices.push((failure, 1)),
        }
    }

    /// These services are busy: said with the next ping, if that is news.
    pub(crate) fn report(&self, busy: Arc<[(u64, Load)]>) {
        lock(&self.state).reports.tell(busy);
    }

    pub(crate) fn ping(&self) {
        self.update(|state| (state.ping, state.flush) = (true, true));
    }

    pub(crate) fn goodbye(&self, why: &str) {
        self.update(|state| state.goodbye = Some(why.chars().take(MAX_TEXT).collect()));
    }

    pub(crate) fn done(&self) {
        self.update(|state| (state.done, state.flush) = (true, true));
    }

    pub(crate) fn close(&self) {
        self.update(|state| state.closed = true);
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let waker = {
            let mut state = lock(&self.state);
            change(&mut state);
            state.waker.take()
        };
        if let Some(waker) = waker {
            wake(waker);
        }
    }

    fn next(&self, state: &mut State) -> Option<Bytes> {
        let report = || state.reports.take().map(|busy| encode(&ControlMessage::Added(REPORT, busy)));
        if let Some(first) = state.hello.take().or_else(report) {
            return Some(first);
        }
        let message = if mem::take(&mut state.ping) {
            ControlMessage::Ping
        } else if state.flush || self.untold() >= self.threshold {
            let credit = self.untold();
            self.told.fetch_add(credit, Ordering::SeqCst);
            match credit {
                0 if state.notices.is_empty() => {
                    state.flush = false;
                    return self.next_last(state);
                }
                0 => notice(&mut state.notices),
                credit => ControlMessage::Credit(credit),
            }
        } else {
            return self.next_last(state);
        };
        Some(encode(&message))
    }

    fn next_last(&self, state: &mut State) -> Option<Bytes> {
        let message = match state.goodbye.take() {
            Some(why) => ControlMessage::Goodbye(why),
            None if mem::take(&mut state.done) => ControlMessage::Done,
            None => return None,
        };
        Some(encode(&message))
    }
}

/// One reason at a time, with its texts cut, so that the message stays small whatever a handler's panic said.
fn notice(notices: &mut Vec<(WireFailure, u64)>) -> ControlMessage {
    let (failure, count) = notices.remove(0);
    let fits = encode(&failure).len() <= MAX_CONTROL / 2;
    let failure = if fits {
        failure
    } else {
        let text = Failure::from(failure.clone()).at::<std::convert::Infallible>("", "").to_string();
        let text = text.chars().take(MAX_TEXT).collect();
        match failure {
            WireFailure::Refused(_) => WireFailure::Refused(RefusedReason::Undecodable(text)),
            WireFailure::Lost(_) => WireFailure::Lost(LostReason::Undecodable(text)),
        }
    };
    ControlMessage::Notice(vec![(failure, count)])
}

/// Reads what came after the hello; `None` is for what counts failures of a later release, and is skipped.
pub(crate) fn decode(bytes: &[u8]) -> Result<Option<ControlMessage>, postcard::Error> {
    let (kind, _) = postcard::take_from_bytes::<u32>(bytes)?;
    match postcard::from_bytes(bytes) {
        // It counts failures of a kind that is not known here.
        Err(_) if kind == NOTICE => Ok(None),
        message => message.map(Some),
    }
}

/// Postcard cannot fail on these types; an empty frame, which no peer can read, would end the link.
pub(crate) fn encode(message: &impl Serialize) -> Bytes {
    postcard::to_stdvec(message).unwrap_or_default().into()
}

/// The stream that tonic polls.
#[derive(Debug)]
pub(crate) struct ControlWriter(pub(crate) Arc<Control>);

impl Stream for ControlWriter {
    type Item = Frame;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        let mut spare = Some(cx.waker().clone());
        let mut state = lock(&self.0.state);
        if state.closed {
            return Poll::Ready(state.hello.take().map(|data| Frame { data }));
        }
        match self.0.next(&mut state) {
            Some(data) => Poll::Ready(Some(Frame { data })),
            None => {
                watch(&mut state.waker, cx.waker(), &mut spare);
                drop(state);
                // Credit is counted outside the lock: look again, now that a waker is there.
                if self.0.untold() >= self.0.threshold {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn messages(control: &Arc<Control>) -> Vec<ControlMessage> {
        let mut writer = ControlWriter(control.clone());
        let mut cx = Context::from_waker(Waker::noop());
        let mut messages = Vec::new();
        while let Poll::Ready(Some(frame)) = writer.poll_next_unpin(&mut cx) {
            messages.push(postcard::from_bytes(&frame.data).unwrap());
        }
        messages
    }

    #[test]
    fn credit_gathers_and_refusals_are_counted_by_reason() {
        let control = Control::new(encode(&ControlMessage::Ping), 800);
        assert_eq!(messages(&control), [ControlMessage::Ping]);
        control.give_back(99);
        assert_eq!(messages(&control), []);
        control.give_back(1);
        assert_eq!(messages(&control), [ControlMessage::Credit(100)]);
        control.give_back(7);
        control.count(RefusedReason::MailboxFull { limit: 1 }.into());
        control.count(RefusedReason::MailboxFull { limit: 2 }.into());
        control.count(RefusedReason::Paused.into());
        assert_eq!(messages(&control), []);
        control.ping();
        let full = WireFailure::Refused(RefusedReason::MailboxFull { limit: 2 });
        let paused = WireFailure::Refused(RefusedReason::Paused);
        let expected = [
            ControlMessage::Ping,
            ControlMessage::Credit(7),
            ControlMessage::Notice(vec![(full, 2)]),
            ControlMessage::Notice(vec![(paused, 1)]),
        ];
        assert_eq!(messages(&control), expected);
    }

    /// Looks, as it is woken and as it is dropped, whether the stream is free.
    struct Looks(Arc<Control>, Arc<[AtomicU64; 2]>);

    impl Looks {
        fn look(&self) {
            self.1[usize::from(self.0.state.try_lock().is_ok())].fetch_add(1, Ordering::Relaxed);
        }
    }

    impl std::task::Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.look();
        }
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            self.look();
        }
    }

    #[test]
    fn the_writer_is_woken_and_its_waker_dropped_with_nothing_locked() {
        let control = Control::new(encode(&ControlMessage::Ping), 800);
        let looked = Arc::<[AtomicU64; 2]>::default();
        let poll = || {
            let waker = Waker::from(Arc::new(Looks(control.clone(), looked.clone())));
            ControlWriter(control.clone()).poll_next_unpin(&mut Context::from_waker(&waker))
        };
        let counts = || looked.each_ref().map(|count| count.load(Ordering::Relaxed));
        assert!(poll().is_ready());
        assert_eq!(counts(), [0, 1], "it was not needed");
        assert!(poll().is_pending() && poll().is_pending());
        assert_eq!(counts(), [0, 2], "another took its place");
        let wakes: [fn(&Control); 5] = [
            |control| control.ping(),
            |control| control.give_back(100),
            |control| control.goodbye("why"),
            |control| control.done(),
            |control| control.close(),
        ];
        for wake in wakes {
            while poll().is_ready() {}
            let [_, before] = counts();
            wake(&control);
            assert_eq!(counts(), [0, before + 2], "it was woken, and its waker dropped");
        }
    }

    #[test]
    fn a_huge_panic_message_is_cut() {
        let control = Control::new(encode(&ControlMessage::Ping), 800);
        control.count(LostReason::Panicked("x".repeat(1 << 20)).into());
        control.ping();
        let writer = ControlWriter(control);
        let frames = futures_util::FutureExt::now_or_never(writer.take(3).collect::<Vec<_>>()).unwrap();
        assert!(frames.iter().all(|frame| frame.data.len() < MAX_CONTROL), "a frame is too long");
    }
}
