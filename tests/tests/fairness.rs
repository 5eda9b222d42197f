//! Nobody starves: tight loops leave the thread to others.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::prelude::*;
use ember_tests::{log::Log, wait::within};
use tokio::time::Instant;

#[service]
#[derive(Default)]
pub struct Echo {
    log: Log,
    stop: bool,
}

#[rpc]
impl Echo {
    pub async fn rpc_echo(&mut self, number: u64) -> u64 {
        number
    }

    /// Sends itself on, for ever.
    pub fn rpc_again(&mut self, cx: &mut Cx<'_, Self>) {
        if !self.stop {
            cx.client::<EchoClient>().rpc_again().send().unwrap();
        }
    }

    #[rpc(priority = "system")]
    pub fn rpc_stop(&mut self) {
        self.stop = true;
        self.log.say("stopped");
    }
}

#[tokio::test]
async fn a_tight_loop_of_calls_leaves_the_thread_to_others() {
    let node = Node::builder().service(Echo::default()).start().await.unwrap();
    let echo = node.client::<EchoClient>();
    let looping = tokio::spawn(async move {
        loop {
            echo.rpc_echo(1).await.unwrap();
        }
    });
    within("another task of the same thread", tokio::spawn(tokio::task::yield_now())).await.unwrap();
    looping.abort();
}

#[tokio::test]
async fn a_service_that_always_has_work_leaves_the_thread_to_others() {
    let log = Log::default();
    let node = Node::builder().service(Echo { log: log.clone(), stop: false }).start().await.unwrap();
    let echo = node.client::<EchoClient>();
    echo.rpc_again().send().unwrap();
    within("another task of the same thread", tokio::spawn(tokio::task::yield_now())).await.unwrap();
    echo.rpc_stop().await.unwrap();
    assert_eq!(log.lines(), ["stopped"]);
}

/// Each of its calls computes for a millisecond.
#[service]
#[derive(Default)]
pub struct Miner {
    done: Arc<AtomicU32>,
}

#[rpc]
impl Miner {
    pub fn rpc_mine(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_mailbox_full_of_computations_leaves_the_thread_to_others_between_them() {
    const CALLS: u32 = 200;
    let done = Arc::new(AtomicU32::new(0));
    let node = Node::builder().service(Miner { done: Arc::clone(&done) }).start().await.unwrap();
    let miner = node.client::<MinerClient>();
    for _ in 0..CALLS {
        miner.rpc_mine().send().unwrap();
    }
    let (mut before, mut longest) = (0, 0);
    while before < CALLS {
        tokio::task::yield_now().await;
        let now = done.load(Ordering::Relaxed);
        longest = longest.max(now - before);
        before = now;
    }
    // The first one or two are not known to be long.
    assert!(longest <= 8, "{longest} computations of a millisecond in a row");
}
