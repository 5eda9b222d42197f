//! Who is woken when a link ends, or an attempt at one, may be anything, also something that calls through links at once.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

use tokio::time::Instant;

use super::{super::unattended::unattended, support::*};
use crate::{
    error::LostReason,
    message::{ReplyBody, ReplyLink},
    sync::lock,
    transport::{
        link::{Inflow, Session},
        peers::Links,
        protocol::{Correlation, LinkConfig, wire},
    },
};

/// Whose links are to be usable when it wakes, and how often they were.
struct Looks {
    links: Option<Arc<Links>>,
    /// Those that were up.
    sessions: Vec<Arc<Session>>,
    free: AtomicUsize,
    locked: AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Looks {
    fn at(node: &Node) -> Arc<Self> {
        Self::of(Some(Arc::clone(&node.links)), node.links.sessions())
    }

    fn of(links: Option<Arc<Links>>, sessions: Vec<Arc<Session>>) -> Arc<Self> {
        Arc::new(Self { links, sessions, free: AtomicUsize::new(0), locked: AtomicUsize::new(0) })
    }

    fn look(&self) {
        let unlocked = |session: &Arc<Session>| session.outbox.try_lock().is_ok() && session.callers.are_free();
        let is_free = self.links.as_ref().is_none_or(|links| links.table.try_lock().is_ok())
            && self.sessions.iter().all(unlocked);
        let count = if is_free { &self.free } else { &self.locked };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins to wait.
    fn poll(self: &Arc<Self>, future: impl Future) -> bool {
        pin!(future).poll(&mut Context::from_waker(&Waker::from(Arc::clone(self)))).is_pending()
    }

    async fn was_woken(&self) {
        let woken = || self.free.load(Ordering::Relaxed) + self.locked.load(Ordering::Relaxed) > 0;
        until("it to be woken", woken).await;
        assert_eq!(self.locked.load(Ordering::Relaxed), 0, "the links were locked");
    }
}

#[tokio::test]
async fn those_whose_calls_end_with_a_link_are_woken_with_nothing_locked() {
    let ends: [fn(&Node, &Node); 3] =
        [|a, b| a.links.forget(b.peer.key), |a, _| a.links.close("the test"), |_, b| b.links.close("the test")];
    for end in ends {
        let (a, b) = tcp_pair(LinkConfig::default()).await;
        let (looks, mut call) = (Looks::at(&a), a.start(&b, HOLD, b"x"));
        assert!(looks.poll(&mut call));
        end(&a, &b);
        looks.was_woken().await;
        soon("the outcome", call).await;
    }
}

#[tokio::test]
async fn those_who_wait_for_a_link_are_woken_with_nothing_locked() {
    let ends: [fn(&Node, &Node); 3] = [|_, _| (), |a, b| a.links.forget(b.peer.key), |a, _| a.links.close("the test")];
    for end in ends {
        let (a, b) =
            (Node::tcp(key(1, 1), LinkConfig::default()).await, Node::tcp(key(2, 1), LinkConfig::default()).await);
        let looks = Looks::at(&a);
        let mut ready = Box::pin(a.links.ready(&b.peer));
        assert!(looks.poll(&mut ready));
        end(&a, &b);
        looks.was_woken().await;
        let _ = soon("the outcome", ready).await;
    }
}

/// A waker that owns something: what calls through the links as it goes.
struct Owns(Arc<Looks>);

impl Wake for Owns {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Owns {
    fn drop(&mut self) {
        self.0.look();
    }
}

impl Looks {
    /// Begins to wait, with a waker that only the one who is waited for has afterwards.
    fn poll_and_let_go(self: &Arc<Self>, future: impl Future) -> bool {
        pin!(future).poll(&mut Context::from_waker(&Waker::from(Arc::new(Owns(Arc::clone(self)))))).is_pending()
    }

    fn counts(&self) -> [usize; 2] {
        [&self.free, &self.locked].map(|count| count.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_waker_of_a_call_is_dropped_with_nothing_locked() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let (looks, mut call) = (Looks::at(&a), a.start(&b, HOLD, b"x"));
    assert!(looks.poll_and_let_go(&mut call) && looks.poll_and_let_go(&mut call));
    assert_eq!(looks.counts(), [1, 0], "another took its place");
    drop(call);
    assert_eq!(looks.counts(), [2, 0], "nobody waits for the call any more");
}

#[tokio::test]
async fn who_waits_for_a_caller_to_give_up_is_woken_and_let_go_of_with_nothing_locked() {
    let ends: [fn(&Node, &Node); 2] = [|_, _| (), |a, _| a.links.close("the test")];
    for end in ends {
        let (a, b) = tcp_pair(LinkConfig::default()).await;
        let call = a.start(&b, HOLD, b"x");
        until("the call to arrive", || lock(&b.services.held).len() == 1).await;
        let held = lock(&b.services.held).pop().unwrap();
        let looks = Looks::at(&b);
        let mut unwanted = pin!(held.reply.unwanted());
        assert!(looks.poll_and_let_go(&mut unwanted));
        assert!(looks.poll(&mut unwanted));
        assert_eq!(looks.counts(), [1, 0], "another took its place");
        end(&a, &b);
        drop(call);
        until("it to be woken", || looks.counts() != [1, 0]).await;
        assert_eq!(looks.counts(), [2, 0], "the caller gave up");
        soon("the end", unwanted).await;
    }
}

#[tokio::test]
async fn who_waits_for_a_caller_to_give_up_is_woken_with_nothing_locked_however_the_call_ends() {
    let cancel = |name, frame: &mut Vec<u8>| wire::put_cancel(name, frame);
    let reuse = |name: Correlation, frame: &mut Vec<u8>| {
        let start = wire::open(wire::CALL, frame);
        Correlation { generation: 2, ..name }.put(frame);
        frame.extend_from_slice(&[0xff; 20]);
        wire::seal(start, frame);
    };
    let ways: [fn(Correlation, &mut Vec<u8>); 3] = [|_, _| (), cancel, reuse];
    for way in ways {
        let (session, name) = (unattended(), Correlation { index: 0, generation: 1 });
        lock(&session.outbox).inbound.begin(name).unwrap();
        let looks = Looks::of(None, vec![Arc::clone(&session)]);
        assert!(looks.poll(std::future::poll_fn(|task| session.poll_unwanted(name.number(), task))));
        let mut frame = Vec::new();
        way(name, &mut frame);
        if frame.is_empty() {
            session.reply(name.number(), ReplyBody::Failed(LostReason::NoReply.into()));
        } else {
            let (now, mut task) = (Instant::now(), Context::from_waker(Waker::noop()));
            Inflow::new(now).receive(&session, &frame.into(), now, &mut task).unwrap();
        }
        assert_eq!(looks.counts(), [1, 0]);
    }
}

/// Panics when it is woken.
struct Panics(AtomicUsize);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a waker that panics");
    }
}

#[tokio::test]
async fn a_waker_that_panics_as_an_answer_comes_does_not_end_the_link() {
    let (a, b) = tcp_pair(LinkConfig::default()).await;
    let mut held = Box::pin(a.start(&b, HOLD, b"x"));
    assert!(Looks::at(&a).poll(&mut held));
    let panics = Arc::new(Panics(AtomicUsize::new(0)));
    let mut call = Box::pin(a.start(&b, ECHO, b"y"));
    assert!(call.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&panics)))).is_pending());
    until("it to be woken", || panics.0.load(Ordering::SeqCst) > 0).await;
    soon("its own answer", call).await;
    soon("another answer", a.start(&b, ECHO, b"z")).await;
    assert!(Looks::at(&a).poll(&mut held), "the link has ended");
}
