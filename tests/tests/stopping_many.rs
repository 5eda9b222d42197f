//! Stopping many: idle services cost next to nothing, each is stopped in its turn, and what was cut short is said in a few words.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ember::{Error, RefusedReason, prelude::*};
use ember_tests::{cluster::refused, gate::Gate, log::Log, simulation::scale, wait::within};
use tokio::time::Instant;

/// One of many. It ends only when it is let.
#[service(name = "guest")]
#[derive(Default)]
struct Guest {
    gate: Gate,
    _gone: Gone,
}

/// Counts how many of it are gone.
#[derive(Clone, Default)]
struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[rpc]
impl Guest {
    pub async fn rpc_stay(&mut self) {
        self.gate.pass().await;
    }

    pub async fn rpc_ping(&mut self) {}
}

/// Notes its end, and those that it watches.
#[service(name = "host")]
struct Watcher {
    name: u32,
    log: Log,
    watched: Vec<Pid>,
}

#[rpc]
impl Watcher {
    #[on(start)]
    fn start(&mut self, cx: &mut Cx<'_, Self>) {
        self.watched.iter().for_each(|pid| cx.watch(*pid));
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.log.say(format!("{} heard: {} {}", self.name, down.pid.number, down.reason));
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.say(format!("{} stops", self.name));
    }
}

#[tokio::test]
async fn a_hundred_thousand_idle_services_stop_within_a_moment_and_all_of_them() {
    let count = 100_000 * scale() as usize;
    let dropped = Arc::new(AtomicUsize::new(0));
    let node = Node::builder().start().await.unwrap();
    let mut last = None;
    for _ in 0..count {
        let guest = Guest { gate: Gate::default(), _gone: Gone(Arc::clone(&dropped)) };
        last = Some(node.spawn(guest).await.unwrap());
    }
    let last = node.select::<GuestClient>().pid(last.unwrap()).client();
    last.rpc_ping().await.unwrap();
    let asked = Instant::now();
    node.shutdown().await.unwrap();
    println!("measured: {count} idle services stopped in {:?}", asked.elapsed());
    assert_eq!(dropped.load(Ordering::SeqCst), count);
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert!(matches!(refused(last.rpc_ping().await), RefusedReason::NodeClosed));
}

#[tokio::test]
async fn services_that_are_idle_stop_in_the_reverse_order_of_their_start_too() {
    let (log, dropped) = (Log::default(), Arc::new(AtomicUsize::new(0)));
    let node = Node::builder().start().await.unwrap();
    let watcher = |name, watched| Watcher { name, log: log.clone(), watched };
    let guest = || Guest { gate: Gate::default(), _gone: Gone(Arc::clone(&dropped)) };
    let mut early = Vec::new();
    for _ in 0..3 {
        early.push(node.spawn(guest()).await.unwrap());
    }
    node.spawn(watcher(1, Vec::new())).await.unwrap();
    let mut late = Vec::new();
    for _ in 0..3 {
        late.push(node.spawn(guest()).await.unwrap());
    }
    node.spawn(watcher(2, late.iter().chain(&early).copied().collect())).await.unwrap();
    let latest = node.spawn(guest()).await.unwrap();
    node.spawn(watcher(3, vec![latest])).await.unwrap();
    assert!(node.stop(latest));
    log.until(1).await;
    node.shutdown().await.unwrap();
    let heard = format!("3 heard: {} it stopped", latest.number);
    assert_eq!(log.lines(), [heard.as_str(), "3 stops", "2 stops", "1 stops"], "who has stopped hears nothing more");
    assert_eq!(dropped.load(Ordering::SeqCst), 7);
}

#[tokio::test]
async fn a_watcher_that_still_runs_hears_of_each_idle_service_once_last_started_first() {
    let log = Log::default();
    let node = Node::builder().start().await.unwrap();
    // Spawned first, it stops last; it begins to watch when the others are there.
    let watcher = node.spawn(Late { log: log.clone() }).await.unwrap();
    let mut guests = Vec::new();
    for _ in 0..500 {
        guests.push(node.spawn(Guest::default()).await.unwrap());
    }
    node.select::<LateClient>().pid(watcher).client().rpc_watch(guests.clone()).await.unwrap();
    node.shutdown().await.unwrap();
    let expected: Vec<_> = guests.iter().rev().map(|pid| format!("{} it stopped", pid.number)).collect();
    assert_eq!(log.lines(), expected);
}

#[service(name = "late")]
struct Late {
    log: Log,
}

#[rpc]
impl Late {
    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pids: Vec<Pid>) {
        pids.into_iter().for_each(|pid| cx.watch(pid));
    }

    #[on(down)]
    fn down(&mut self, down: &Down) {
        self.log.say(format!("{} {}", down.pid.number, down.reason));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_short_is_counted_by_class_in_a_few_words() {
    let gate = Gate::default();
    let node = Node::builder().drain(Duration::from_secs(1)).service(Plain(Gate::default())).start().await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..2_000 {
        let pid = node.spawn(Guest { gate: gate.clone(), _gone: Gone::default() }).await.unwrap();
        calls.push(tokio::spawn(node.select::<GuestClient>().pid(pid).client().rpc_stay()));
        gate.reached().await;
    }
    // Idle ones, before and after them, end as always.
    let idle = node.spawn(Guest::default()).await.unwrap();
    let asked = Instant::now();
    let error = node.shutdown().await.unwrap_err();
    assert!(asked.elapsed() < Duration::from_secs(2));
    let text = error.to_string();
    assert!(matches!(error, Error::CutShort(_)), "{text}");
    assert!(text.contains("2000 of `guest`") && text.len() < 300, "{text}");
    assert!(!text.contains("Plain"), "it was idle: {text}");
    for call in calls {
        within("callers to hear of the end", call).await.unwrap().unwrap_err();
    }
    assert!(!node.stop(idle));
}

/// Has no `stop`.
#[service]
struct Plain(Gate);

#[rpc]
impl Plain {
    pub async fn rpc_pass(&mut self) {
        self.0.pass().await;
    }

    pub async fn rpc_ping(&mut self) {}
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Caller {
    Waits,
    Gone,
    /// It has gone, and the handler has not ended.
    GoneTooEarly,
}

#[tokio::test]
async fn a_shutdown_that_does_not_wait_cuts_short_what_is_at_work_also_for_a_caller_that_has_gone_and_nothing_else() {
    for caller in [Caller::Waits, Caller::Gone, Caller::GoneTooEarly] {
        let gate = Gate::default();
        let node = Node::builder().registry(ember::registry::InProcess::default()).drain(Duration::ZERO);
        let node = node.service(Plain(gate.clone())).start().await.unwrap();
        let client = node.client::<PlainClient>();
        let passing = tokio::spawn(client.rpc_pass());
        gate.reached().await;
        if caller != Caller::Waits {
            passing.abort();
        }
        if caller != Caller::GoneTooEarly {
            let waits = tokio::spawn(client.rpc_ping());
            gate.open();
            waits.await.unwrap().unwrap();
        }
        assert_eq!(passing.await.is_ok(), caller == Caller::Waits);
        let ended = node.shutdown().await;
        assert_eq!(ended.is_err(), caller == Caller::GoneTooEarly, "{caller:?}: {ended:?}");
    }
}
