//! A `spawn` that nobody waits for any more: its service starts in full, or there is nothing of it.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Waker},
};

use ember::{Error, prelude::*};
use ember_tests::wait::{PATIENCE, within};
use tokio::time::Instant;

/// Takes a while to start, and counts what it does.
#[derive(Default)]
struct Log {
    ticks: AtomicUsize,
    begun: AtomicUsize,
    stopped: AtomicUsize,
    fails: AtomicBool,
}

#[service(name = "slow")]
#[derive(Default)]
pub struct Slow {
    log: Arc<Log>,
}

#[rpc]
impl Slow {
    #[on(init)]
    async fn init(&mut self) {
        tokio::task::yield_now().await;
    }

    #[on(start)]
    async fn start(&mut self) -> ember::Result<()> {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if self.log.fails.load(Ordering::SeqCst) { Err(Error::other("on purpose")) } else { Ok(()) }
    }

    #[on(started)]
    fn started(&mut self) {
        self.log.begun.fetch_add(1, Ordering::SeqCst);
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.stopped.fetch_add(1, Ordering::SeqCst);
    }

    #[every("1ms")]
    fn tick(&mut self) {
        self.log.ticks.fetch_add(1, Ordering::SeqCst);
    }

    pub async fn rpc_hello(&mut self) {}
}

#[tokio::test]
async fn spawn_that_is_dropped_at_any_point_starts_the_service_in_full_and_it_can_be_stopped() {
    let node = Node::builder().start().await.expect("the node starts");
    let mut whole = false;
    for polls in 1.. {
        for register in [false, true] {
            let log = Arc::<Log>::default();
            let hosted = Hosted::new(Slow { log: Arc::clone(&log) });
            let mut spawn = Box::pin(node.spawn(if register { hosted.register() } else { hosted }));
            for _ in 0..polls {
                if spawn.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    whole = true;
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(spawn);
            let deadline = Instant::now() + PATIENCE;
            while log.ticks.load(Ordering::SeqCst) < 2 || log.begun.load(Ordering::SeqCst) < 1 {
                assert!(Instant::now() < deadline, "after {polls} polls: it ticks, and `started` has run");
                tokio::task::yield_now().await;
            }
            let [pid] = node.services()[..] else { panic!("the node knows its pid") };
            let listed = node.view().instances().iter().any(|it| it.pid() == pid);
            assert_eq!(listed, register, "after {polls} polls");
            node.select::<SlowClient>().pid(pid).client().rpc_hello().await.expect("it takes calls");
            assert!(node.stop(pid));
            while !node.services().is_empty() || log.stopped.load(Ordering::SeqCst) == 0 {
                assert!(Instant::now() < deadline, "after {polls} polls: it stops");
                tokio::task::yield_now().await;
            }
            within("the view", node.wait_for_view(|view| view.instances().is_empty())).await;
            assert_eq!((log.begun.load(Ordering::SeqCst), log.stopped.load(Ordering::SeqCst)), (1, 1));
        }
        if whole {
            assert!(polls > 4, "it was dropped at some points: {polls}");
            break;
        }
    }
    node.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn spawn_that_is_dropped_before_its_first_poll_or_fails_later_leaves_nothing() {
    let node = Node::builder().start().await.expect("the node starts");
    let log = Arc::<Log>::default();
    drop(node.spawn(Slow { log: Arc::clone(&log) }));
    assert!(node.services().is_empty());
    log.fails.store(true, Ordering::SeqCst);
    let mut spawn = Box::pin(node.spawn(Hosted::new(Slow { log: Arc::clone(&log) }).register()));
    assert!(spawn.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(spawn);
    let deadline = Instant::now() + PATIENCE;
    while !node.services().is_empty() {
        assert!(Instant::now() < deadline, "it is forgotten");
        tokio::task::yield_now().await;
    }
    assert!(node.view().instances().is_empty());
    assert_eq!((log.begun.load(Ordering::SeqCst), log.ticks.load(Ordering::SeqCst)), (0, 0));
    node.shutdown().await.expect("it ends");
}
