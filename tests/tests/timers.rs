//! Declared timers, on tokio's paused clock.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::prelude::*;
use ember_tests::{gate::Gate, log::Log};
use tokio::time::{Instant, advance, sleep};

#[service]
pub struct Clock {
    log: Log,
    born: Instant,
    gate: Gate,
    #[module]
    hand: Module<Hand>,
}

#[module(parent = Clock)]
#[derive(Default)]
pub struct Hand {
    moves: u32,
}

impl Clock {
    fn say(&self, what: &str) {
        self.log.say(format!("{what} {}", self.born.elapsed().as_secs()));
    }
}

#[rpc]
impl Clock {
    #[every("10s")]
    async fn tick(&mut self) {
        self.say("tick");
    }

    #[after("25s")]
    fn once(&mut self) {
        self.say("once");
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
        self.say("unblocked");
    }

    pub async fn rpc_ping(&mut self) {}
}

#[rpc]
impl Hand {
    #[after("5s")]
    async fn first(&mut self, cx: &mut Cx<'_, Self>) {
        self.moves += 1;
        cx.parent().say("module");
    }

    pub async fn rpc_moves(&mut self) -> u32 {
        self.moves
    }
}

/// Takes longer than its period.
#[service]
#[derive(Default)]
pub struct Slow {
    log: Log,
    running: bool,
}

#[rpc]
impl Slow {
    #[every("1s")]
    async fn tick(&mut self) -> Result<(), std::io::Error> {
        assert!(!self.running);
        self.running = true;
        self.log.say("begin");
        sleep(Duration::from_millis(3500)).await;
        self.log.say("end");
        self.running = false;
        Err(std::io::Error::other("an error does not end it"))
    }

    pub async fn rpc_ping(&mut self) {}
}

fn clock(log: &Log, gate: &Gate) -> Clock {
    Clock { log: log.clone(), born: Instant::now(), gate: gate.clone(), hand: Module::default() }
}

#[tokio::test(start_paused = true)]
async fn timers_of_services_and_modules_fire_when_they_are_due() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(clock(&log, &gate)).start().await.unwrap();
    sleep(Duration::from_secs(45)).await;
    assert_eq!(log.lines(), ["module 5", "tick 10", "tick 20", "once 25", "tick 30", "tick 40"]);
    assert_eq!(node.client::<ClockClient>().hand().rpc_moves().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn ticks_that_are_due_while_the_service_is_busy_become_one() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(clock(&log, &gate)).start().await.unwrap();
    node.client::<ClockClient>().rpc_block().send().unwrap();
    gate.reached().await;
    sleep(Duration::from_secs(55)).await;
    assert!(log.lines().is_empty());
    gate.open();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.lines(), ["unblocked 55", "module 55", "tick 55", "once 55"], "in the order of the mailbox");
}

#[tokio::test(start_paused = true)]
async fn a_timer_never_overlaps_itself_and_an_error_does_not_end_it() {
    let log = Log::default();
    let node = Node::builder().service(Slow { log: log.clone(), running: false }).start().await.unwrap();
    let lines = log.until(6).await;
    assert_eq!(lines[..6], ["begin", "end", "begin", "end", "begin", "end"]);
    drop(node);
}

#[tokio::test(start_paused = true)]
async fn timers_end_with_their_owner() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(clock(&log, &gate)).start().await.unwrap();
    sleep(Duration::from_secs(11)).await;
    node.shutdown().await.unwrap();
    let before = log.lines();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(log.lines(), before);
    let node = Node::builder().service(clock(&log, &gate)).start().await.unwrap();
    drop(node);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(log.lines(), before, "also when the node is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_retiring_service_has_no_more_ticks() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().drain(Duration::from_secs(60)).service(clock(&log, &gate)).start().await.unwrap();
    node.client::<ClockClient>().rpc_block().send().unwrap();
    gate.reached().await;
    let shutdown = tokio::spawn(async move { node.shutdown().await });
    tokio::task::yield_now().await;
    advance(Duration::from_secs(30)).await;
    gate.open();
    shutdown.await.unwrap().unwrap();
    assert_eq!(log.lines(), ["unblocked 30"]);
}
