//! Declared timers, on tokio's paused clock and in a simulated cluster.
// tidy: virtual time

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::time::Duration;

use ember::{Tick, prelude::*, testing::Cluster};
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

/// Goes on by steps of 50 ms.
#[service]
pub struct World {
    log: Log,
    gate: Gate,
    /// The number of the last step, how many were left out so far, and how many ran, of each timer.
    steps: [(u64, u64, u64); 3],
}

impl World {
    fn step(&mut self, timer: usize, tick: Tick) {
        let (number, skipped, ran) = &mut self.steps[timer];
        assert_eq!(tick.number, *number + tick.skipped + 1, "each that was due came, or was left out");
        assert_eq!(tick.period, Duration::from_millis(50));
        (*number, *skipped, *ran) = (tick.number, *skipped + tick.skipped, *ran + 1);
        self.log.say(format!("{timer}: {}", tick.number));
    }
}

#[rpc]
impl World {
    #[tick("50ms")]
    fn skip(&mut self, tick: Tick) {
        self.step(0, tick);
    }

    #[tick("50ms", late = "catch_up(3)")]
    async fn catch_up(&mut self, cx: &mut Cx<'_, Self>, tick: Tick) {
        let _ = cx.pid();
        self.step(1, tick);
    }

    #[tick("50ms", late = "delay")]
    fn delay(&mut self, tick: Tick) {
        self.step(2, tick);
    }

    #[every("50ms", missed = "catch_up(100)")]
    fn every(&mut self) {
        self.log.say("every");
    }

    pub async fn rpc_block(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_steps(&mut self) -> Vec<(u64, u64, u64)> {
        self.steps.to_vec()
    }
}

fn world(log: &Log, gate: &Gate) -> World {
    World { log: log.clone(), gate: gate.clone(), steps: Default::default() }
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

#[tokio::test(start_paused = true)]
async fn steps_that_a_busy_service_misses_are_left_out_or_made_up_for_and_overruns_are_counted() {
    let (log, gate) = (Log::default(), Gate::default());
    let node = Node::builder().service(world(&log, &gate)).start().await.unwrap();
    let world = node.client::<WorldClient>();
    sleep(Duration::from_millis(120)).await;
    world.rpc_block().send().unwrap();
    gate.reached().await;
    // One tick of each waits, and nine more are due.
    sleep(Duration::from_millis(500)).await;
    assert_eq!(log.lines().len(), 2 * 4, "none comes beside a handler");
    gate.open();
    sleep(Duration::from_millis(5)).await;
    assert_eq!(world.rpc_steps().await.unwrap(), [(3, 0, 3), (12, 6, 6), (3, 0, 3)]);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(world.rpc_steps().await.unwrap(), [(13, 9, 4), (13, 6, 7), (13, 9, 4)]);
    assert_eq!(log.lines().iter().filter(|line| *line == "every").count(), 13, "all were made up for");
    let pid = node.services()[0];
    assert_eq!(node.call_counts(pid).unwrap().overruns, 9 + 6 + 9);
}

/// A process that stands still for a second, and for a tenth.
fn held_up(seed: u64) -> (Vec<String>, Vec<(u64, u64, u64)>) {
    let (log, gate) = (Log::default(), Gate::default());
    let seen = log.clone();
    let cluster = Cluster::seed(seed).node("ada", move |node| node.service(world(&log, &gate)));
    let steps = cluster.run(|sim| async move {
        sim.settled().await;
        for still in [1_000, 110] {
            sleep(Duration::from_millis(500)).await;
            sim.pause("ada");
            sleep(Duration::from_millis(still)).await;
            sim.resume("ada");
        }
        sleep(Duration::from_millis(500)).await;
        sim.on("ada", |node| async move { node.client::<WorldClient>().rpc_steps().await.unwrap() }).await.unwrap()
    });
    (seen.lines(), steps)
}

#[test]
fn a_process_that_stood_still_keeps_its_policies_in_a_simulation_and_the_same_seed_does_the_same() {
    for seed in 1..=2 {
        let (lines, steps) = held_up(seed);
        let [(skip, out, ran), (caught, fewer, more), (delay, ..)] = steps[..] else { panic!("{steps:?}") };
        assert_eq!((out + ran, fewer + more), (skip, caught), "each was due once");
        assert!((20..=22).contains(&out) && (16..=17).contains(&fewer), "{steps:?}");
        assert!(skip == caught && (skip - 2..=skip).contains(&delay), "{steps:?}");
        assert_eq!((lines, steps), held_up(seed), "seed {seed}");
    }
}
