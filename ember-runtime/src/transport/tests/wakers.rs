//! Who is woken when a link ends, or an attempt at one, may be anything, also something that calls through links at once.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

use super::support::*;
use crate::transport::{LinkConfig, Links};

/// Whose links are to be usable when it wakes, and how often they were.
struct Looks {
    links: Arc<Links>,
    free: AtomicUsize,
    locked: AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let count = if self.links.table.try_lock().is_ok() { &self.free } else { &self.locked };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Looks {
    fn at(node: &Node) -> Arc<Self> {
        Arc::new(Self { links: Arc::clone(&node.links), free: AtomicUsize::new(0), locked: AtomicUsize::new(0) })
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
