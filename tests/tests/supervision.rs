//! Supervision: what becomes of a service that fails.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::{CallError, LostReason, RefusedReason, ServiceState, prelude::*};
use ember_tests::wait::within;
use tokio::time::Instant;

/// What outlives the lives of a service.
#[derive(Debug, Default)]
struct Log {
    starts: AtomicU32,
    started: AtomicU32,
    ticks: AtomicU32,
    stops: AtomicU32,
    /// Starts that panic, counted from the second.
    bad_starts: AtomicU32,
}

#[service(name = "fragile")]
struct Fragile {
    log: Arc<Log>,
    count: u64,
}

#[rpc]
impl Fragile {
    #[on(start)]
    fn start(&mut self) -> ember::Result<()> {
        let starts = self.log.starts.fetch_add(1, Ordering::SeqCst);
        if starts > 0 && starts <= self.log.bad_starts.load(Ordering::SeqCst) {
            return Err(ember::Error::other("not yet"));
        }
        Ok(())
    }

    #[on(started)]
    fn started(&mut self) {
        self.log.started.fetch_add(1, Ordering::SeqCst);
    }

    #[on(stop)]
    fn stop(&mut self) {
        self.log.stops.fetch_add(1, Ordering::SeqCst);
    }

    #[every("1s")]
    fn tick(&mut self) {
        self.log.ticks.fetch_add(1, Ordering::SeqCst);
    }

    pub async fn rpc_add(&mut self, n: u64) -> u64 {
        self.count += n;
        self.count
    }

    pub async fn rpc_panic(&mut self) {
        panic!("as asked");
    }

    pub async fn rpc_pid(&self, cx: &mut Cx<'_, Self>) -> Pid {
        cx.pid()
    }

    pub async fn rpc_stop_yourself(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }
}

fn hosted(log: &Arc<Log>) -> Hosted<Fragile> {
    let log = Arc::clone(log);
    Hosted::with(move || Fragile { log: Arc::clone(&log), count: 0 })
}

async fn node(hosted: Hosted<Fragile>) -> (Node, FragileClient) {
    let node = Node::builder().seed(3).service(hosted.id("one")).start().await.unwrap();
    let client = node.client::<FragileClient>();
    (node, client)
}

async fn panics(client: &FragileClient) {
    match client.rpc_panic().await {
        Err(CallError::MaybeExecuted(lost)) => assert!(matches!(lost.reason(), LostReason::Panicked(_)), "{lost}"),
        other => panic!("a handler that panics gave {other:?}"),
    }
}

async fn state(node: &Node, state: ServiceState) {
    within("a state in the view", node.wait_for_view(|view| view.instances().iter().any(|it| it.state() == state)))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_starts_the_service_again_with_its_pid_and_new_state() {
    let log = Arc::default();
    let (node, client) = node(hosted(&log)).await;
    let pid = client.rpc_pid().await.unwrap();
    assert_eq!(client.rpc_add(5).await.unwrap(), 5);
    panics(&client).await;
    assert_eq!(client.rpc_add(1).await.unwrap(), 1, "the state is new");
    assert_eq!(client.rpc_pid().await.unwrap(), pid);
    assert_eq!((log.starts.load(Ordering::SeqCst), log.started.load(Ordering::SeqCst)), (2, 2));
    assert_eq!(log.stops.load(Ordering::SeqCst), 0, "`stop` is not run on a state that a panic has left");
    node.shutdown().await.unwrap();
    assert_eq!(log.stops.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn queued_messages_wait_through_a_restart() {
    let log = Arc::default();
    let (_node, client) = node(hosted(&log)).await;
    let (panicked, first, second) = tokio::join!(client.rpc_panic(), client.rpc_add(1), client.rpc_add(2));
    assert!(panicked.is_err());
    assert_eq!((first.unwrap(), second.unwrap()), (1, 3), "both ran, in order, on the new state");
    assert_eq!(log.starts.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn timers_begin_anew_with_a_restart_and_are_not_doubled() {
    let log: Arc<Log> = Arc::default();
    let (_node, client) = node(hosted(&log)).await;
    panics(&client).await;
    client.rpc_add(1).await.unwrap();
    let before = log.ticks.load(Ordering::SeqCst);
    // tidy: sleep: the clock is paused, and the passing of time is what is tested.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(log.ticks.load(Ordering::SeqCst) - before, 3);
}

#[tokio::test(start_paused = true)]
async fn during_the_back_off_it_is_starting_and_callers_wait() {
    let log = Arc::default();
    let long = Duration::from_secs(3);
    let (node, client) = node(hosted(&log).back_off(long, long)).await;
    panics(&client).await;
    state(&node, ServiceState::Starting).await;
    let asked = Instant::now();
    assert_eq!(client.rpc_add(1).timeout(Duration::from_secs(10)).await.unwrap(), 1);
    assert!(asked.elapsed() <= long + Duration::from_secs(1) && asked.elapsed() > Duration::ZERO);
    state(&node, ServiceState::Running).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_is_tried_again_within_the_budget() {
    let log: Arc<Log> = Arc::default();
    log.bad_starts.store(3, Ordering::SeqCst);
    let (_node, client) = node(hosted(&log)).await;
    panics(&client).await;
    assert_eq!(client.rpc_add(1).await.unwrap(), 1);
    assert_eq!(log.starts.load(Ordering::SeqCst), 5, "one, three that failed, and the last");
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_budget_is_failed_and_visible() {
    let log = Arc::default();
    let (node, client) = node(hosted(&log).budget(2, Duration::from_secs(60))).await;
    for _ in 0..3 {
        panics(&client).await;
    }
    state(&node, ServiceState::Failed).await;
    match client.rpc_add(1).await {
        Err(CallError::NotExecuted(refused)) => {
            assert!(matches!(refused.reason(), RefusedReason::NoTarget(_)), "{refused}");
        }
        other => panic!("a failed service gave {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_comes_back_with_time() {
    let log = Arc::default();
    let (_node, client) = node(hosted(&log).budget(1, Duration::from_secs(60))).await;
    for _ in 0..3 {
        panics(&client).await;
        // tidy: sleep: the clock is paused, and the passing of time is what is tested.
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    assert_eq!(client.rpc_add(1).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn resume_keeps_the_state_and_stop_ends_it() {
    let log = Arc::default();
    let (_node, client) = node(hosted(&log).on_panic(OnPanic::Resume)).await;
    client.rpc_add(5).await.unwrap();
    panics(&client).await;
    assert_eq!(client.rpc_add(1).await.unwrap(), 6);

    let (node, client) = self::node(hosted(&log).on_panic(OnPanic::Stop)).await;
    panics(&client).await;
    state(&node, ServiceState::Failed).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_factory_it_goes_on_with_its_state() {
    let log = Arc::default();
    let (_node, client) = node(Hosted::new(Fragile { log, count: 7 })).await;
    panics(&client).await;
    assert_eq!(client.rpc_add(1).await.unwrap(), 8);
}

#[tokio::test(start_paused = true)]
async fn stopping_itself_is_final_unless_it_is_always_restarted() {
    let log: Arc<Log> = Arc::default();
    let (node, client) = node(hosted(&log)).await;
    client.rpc_stop_yourself().await.unwrap();
    within("its end", node.wait_for_view(|view| view.instances().is_empty())).await;
    assert_eq!(log.stops.load(Ordering::SeqCst), 1);

    let log: Arc<Log> = Arc::default();
    let (node, client) = self::node(hosted(&log).restart(Restart::Always)).await;
    client.rpc_stop_yourself().await.unwrap();
    assert_eq!(client.rpc_add(1).await.unwrap(), 1);
    assert_eq!((log.starts.load(Ordering::SeqCst), log.stops.load(Ordering::SeqCst)), (2, 1));
    assert!(node.stop(client.rpc_pid().await.unwrap()), "a stop from outside is final");
    within("its end", node.wait_for_view(|view| view.instances().is_empty())).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_back_off() {
    let log = Arc::default();
    let hour = Duration::from_secs(3600);
    let (node, client) = node(hosted(&log).back_off(hour, hour)).await;
    panics(&client).await;
    let asked = Instant::now();
    node.shutdown().await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5));
}
