//! A caller that finds a service idle runs the handler itself; what the service promises is the same.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use ember::{CallCounts, LocalCalls, LostReason, RefusedReason, prelude::*};
use ember_tests::{cluster::lost, gate::Gate, log::Log, wait::within};
use futures_util::FutureExt as _;
use tokio::task;

#[service]
#[derive(Default)]
struct Desk {
    served: u32,
    gate: Gate,
    log: Log,
}

#[rpc]
impl Desk {
    /// The task that it runs on.
    pub async fn api_task(&mut self) -> Option<task::Id> {
        self.served += 1;
        task::try_id()
    }

    #[rpc(queued)]
    pub async fn api_own_task(&mut self) -> Option<task::Id> {
        task::try_id()
    }

    pub async fn rpc_wait(&mut self, name: String) -> u32 {
        self.gate.pass().await;
        self.log.say(name);
        self.served += 1;
        self.served
    }

    pub async fn rpc_say(&mut self, name: String) {
        self.log.say(name);
    }

    #[rpc(priority = "system")]
    pub async fn rpc_say_urgently(&mut self, name: String) {
        self.log.say(name);
    }

    pub async fn rpc_served(&mut self) -> u32 {
        self.served
    }

    pub async fn rpc_panic(&mut self) {
        self.served += 100;
        panic!("not today");
    }

    pub async fn rpc_close(&mut self, cx: &mut Cx<'_, Self>) {
        cx.stop();
    }

    pub async fn rpc_ask_myself(&mut self, cx: &mut Cx<'_, Self>) -> Option<String> {
        match cx.client::<DeskClient>().rpc_served().await {
            Err(CallError::NotExecuted(refused)) => match refused.reason() {
                RefusedReason::Cycle(path) => Some(path.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.log.say("stop");
    }
}

/// A node with a desk, and what is in it.
async fn desk(local_calls: LocalCalls) -> (Node, DeskClient, Gate, Log) {
    let (gate, log) = (Gate::default(), Log::default());
    let desk = Desk { served: 0, gate: gate.clone(), log: log.clone() };
    let node = Node::builder().local_calls(local_calls).service(desk).start().await.unwrap();
    let client = node.client::<DeskClient>();
    (node, client, gate, log)
}

fn counts(node: &Node) -> CallCounts {
    let pid = node.view().instances()[0].pid();
    node.call_counts(pid).expect("it runs")
}

#[tokio::test]
async fn an_idle_service_is_run_by_its_caller() {
    let (node, ..) = desk(LocalCalls::Short).await;
    let desk = node.local::<Desk>();
    let (caller, callee) = tokio::spawn(async move { (task::try_id(), desk.api_task().await.unwrap()) }).await.unwrap();
    assert_eq!(caller, callee);
    assert_eq!((counts(&node).short, counts(&node).queued), (1, 0));
}

#[tokio::test]
async fn a_queued_method_is_run_by_the_task_of_its_service() {
    let (node, ..) = desk(LocalCalls::Short).await;
    let desk = node.local::<Desk>();
    let ask = async move { (task::try_id(), desk.api_own_task().await.unwrap(), desk.api_own_task().await.unwrap()) };
    let (caller, callee, again) = tokio::spawn(ask).await.unwrap();
    assert_ne!(caller, callee);
    assert_eq!(callee, again, "it is one task");
    assert_eq!(counts(&node).short, 0);
}

#[tokio::test]
async fn all_can_be_queued() {
    let (node, desk, ..) = desk(LocalCalls::Queued).await;
    desk.rpc_served().await.unwrap();
    assert_eq!((counts(&node).short, counts(&node).queued), (0, 1));
}

#[tokio::test]
async fn a_handler_that_waits_is_finished_though_its_caller_has_gone() {
    let (node, desk, gate, log) = desk(LocalCalls::Short).await;
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.rpc_wait("waited".into()).await }
    });
    gate.reached().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(within("the next call", desk.rpc_served()).await.unwrap(), 1);
    assert_eq!(log.lines(), ["waited"]);
    assert!(counts(&node).short >= 1, "the caller began to run it");
}

#[tokio::test]
async fn a_handler_that_waits_answers_its_caller() {
    let (_node, desk, gate, _) = desk(LocalCalls::Short).await;
    gate.open();
    assert_eq!(desk.rpc_wait("first".into()).await.unwrap(), 1);
    let second = tokio::spawn(desk.rpc_wait("second".into()));
    gate.reached().await;
    gate.reached().await;
    gate.open();
    assert_eq!(second.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_call_that_is_never_polled_does_nothing() {
    let (node, desk, ..) = desk(LocalCalls::Short).await;
    drop(desk.rpc_served());
    assert_eq!((counts(&node).short, counts(&node).queued), (0, 0));
}

#[tokio::test]
async fn calls_that_come_while_a_handler_waits_keep_their_order() {
    let (_node, desk, gate, log) = desk(LocalCalls::Short).await;
    let waiting = tokio::spawn(desk.rpc_wait("wait".into()));
    gate.reached().await;
    let mut calls = Vec::new();
    for name in ["1", "2", "3"] {
        desk.rpc_say(name.into()).send().unwrap();
        let mut call = Box::pin(desk.rpc_say(format!("{name} too")));
        assert!(call.as_mut().now_or_never().is_none(), "the service is not idle");
        calls.push(call);
    }
    desk.rpc_say_urgently("urgent".into()).send().unwrap();
    gate.open();
    waiting.await.unwrap().unwrap();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(log.lines(), ["wait", "urgent", "1", "1 too", "2", "2 too", "3", "3 too"]);
}

#[tokio::test]
async fn a_call_after_a_one_way_call_comes_after_it() {
    let (_node, desk, _, log) = desk(LocalCalls::Short).await;
    for _ in 0..100 {
        desk.rpc_say("one way".into()).send().unwrap();
        desk.rpc_say("call".into()).await.unwrap();
    }
    assert_eq!(log.lines(), ["one way", "call"].repeat(100));
}

#[tokio::test]
async fn a_panic_is_told_to_the_caller_alone_and_the_service_goes_on() {
    let (_node, desk, ..) = desk(LocalCalls::Short).await;
    assert!(matches!(lost(desk.rpc_panic().await), LostReason::Panicked(text) if text == "not today"));
    assert_eq!(desk.rpc_served().await.unwrap(), 100);
}

#[tokio::test]
async fn a_panic_restarts_a_service_that_has_a_factory() {
    let node = Node::builder().local_calls(LocalCalls::Short).service_with(Desk::default).start().await.unwrap();
    let desk = node.client::<DeskClient>();
    for _ in 0..3 {
        assert!(matches!(lost(desk.rpc_panic().await), LostReason::Panicked(_)));
        assert_eq!(desk.rpc_served().await.unwrap(), 0, "its state is new");
    }
}

#[tokio::test]
async fn a_panicking_caller_leaves_the_service_alone() {
    let (_node, desk, gate, _) = desk(LocalCalls::Short).await;
    let caller = tokio::spawn({
        let desk = desk.clone();
        async move {
            let mut call = Box::pin(desk.rpc_wait("waited".into()));
            assert!(call.as_mut().now_or_never().is_none());
            panic!("the caller");
        }
    });
    assert!(caller.await.unwrap_err().is_panic());
    gate.open();
    assert_eq!(desk.rpc_served().await.unwrap(), 1);
}

#[tokio::test]
async fn a_service_that_stops_itself_is_stopped_by_its_driver() {
    let (_node, desk, _, log) = desk(LocalCalls::Short).await;
    desk.rpc_close().await.unwrap();
    assert_eq!(log.until(1).await, ["stop"]);
    assert!(matches!(desk.rpc_served().await, Err(CallError::NotExecuted(_))));
}

#[tokio::test]
async fn a_service_that_is_stopped_while_its_handler_waits_finishes_it() {
    let (node, desk, gate, log) = desk(LocalCalls::Short).await;
    let waiting = tokio::spawn(desk.rpc_wait("waited".into()));
    gate.reached().await;
    assert!(node.stop(node.view().instances()[0].pid()));
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap(), 1);
    assert_eq!(log.until(2).await, ["waited", "stop"]);
}

#[tokio::test]
async fn a_paused_service_is_run_by_nobody() {
    let (node, desk, gate, _) = desk(LocalCalls::Short).await;
    let waiting = tokio::spawn(desk.rpc_wait("waited".into()));
    gate.reached().await;
    let pid = node.view().instances()[0].pid();
    assert!(node.pause(pid));
    let refused = desk.rpc_served().await.unwrap_err();
    assert!(matches!(refused, CallError::NotExecuted(refused) if *refused.reason() == RefusedReason::Paused));
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap(), 1, "what runs, ends");
    assert!(node.resume(pid));
    assert_eq!(desk.rpc_served().await.unwrap(), 1);
}

#[tokio::test]
async fn a_service_that_calls_itself_is_told_of_the_cycle() {
    let (_node, desk, ..) = desk(LocalCalls::Short).await;
    let path = desk.rpc_ask_myself().await.unwrap().expect("a cycle");
    assert_eq!(path, "Desk.rpc_ask_myself → Desk.rpc_served");
}

#[service]
struct Link {
    next: Option<Pid>,
}

#[rpc]
impl Link {
    /// Two hundred panics take their time where each is told with a backtrace.
    #[rpc(timeout = "60s")]
    pub async fn rpc_length(&mut self, cx: &mut Cx<'_, Self>) -> u32 {
        match self.next {
            None => 1,
            Some(next) => 1 + cx.select::<LinkClient>().pid(next).client().rpc_length().await.unwrap(),
        }
    }

    pub async fn rpc_close(&mut self, to: Pid) {
        self.next = Some(to);
    }
}

#[tokio::test]
async fn a_chain_of_calls_may_be_deeper_than_a_stack_allows() {
    let node = Node::builder().local_calls(LocalCalls::Short).start().await.unwrap();
    let (mut next, mut first) = (None, None);
    for _ in 0..200 {
        next = Some(node.spawn(Link { next }).await.unwrap());
        first = first.or(next);
    }
    let (last, first) = (next.unwrap(), first.unwrap());
    let link = |pid| node.select::<LinkClient>().pid(pid).client();
    assert_eq!(link(last).rpc_length().await.unwrap(), 200);
    link(first).rpc_close(last).await.unwrap();
    // Each service of the ring waits for the next, the last one is refused, and panics; so do all that wait for it.
    assert!(matches!(lost(link(last).rpc_length().await), LostReason::Panicked(_)));
}

#[tokio::test]
async fn a_tight_loop_of_calls_lets_the_other_tasks_of_its_thread_run() {
    let (_node, desk, ..) = desk(LocalCalls::Short).await;
    let ran = Arc::new(AtomicBool::new(false));
    tokio::spawn({
        let ran = Arc::clone(&ran);
        async move { ran.store(true, Ordering::SeqCst) }
    });
    within("the other task", async {
        while !ran.load(Ordering::SeqCst) {
            desk.rpc_served().await.unwrap();
        }
    })
    .await;
}

#[service]
#[derive(Default)]
struct Heavy {}

#[rpc]
impl Heavy {
    pub async fn api_compute(&mut self) -> Option<task::Id> {
        let begin = tokio::time::Instant::now();
        while begin.elapsed() < std::time::Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        task::try_id()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_not_held_up_by_a_method_that_computes_for_long() {
    let node = Node::builder().local_calls(LocalCalls::Adaptive).service(Heavy::default()).start().await.unwrap();
    let heavy = node.local::<Heavy>();
    let ask = async move {
        for _ in 0..10 {
            heavy.api_compute().await.unwrap();
        }
        (task::try_id(), heavy.api_compute().await.unwrap())
    };
    let (caller, callee) = tokio::spawn(ask).await.unwrap();
    assert_ne!(caller, callee, "by now it is known to be long");
}

#[service]
#[derive(Default)]
struct Clock {
    ticks: Arc<AtomicU32>,
}

#[rpc]
impl Clock {
    /// Needs the runtime and its timers at once, and later.
    pub async fn rpc_tick(&mut self) -> u32 {
        let ticks = Arc::clone(&self.ticks);
        let counted = tokio::spawn(async move { ticks.fetch_add(1, Ordering::SeqCst) });
        // tidy: sleep: the handler shows that it has found its timers.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        counted.await.unwrap() + 1
    }
}

/// Waits on a thread that has no runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut task = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut task) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_from_outside_brings_the_handler_to_its_own_runtime() {
    let node = Node::builder().local_calls(LocalCalls::Short).service(Clock::default()).start().await.unwrap();
    let clock = node.client::<ClockClient>();
    let outside = task::spawn_blocking(move || {
        let without = std::thread::spawn({
            let clock = clock.clone();
            move || block_on(clock.rpc_tick()).unwrap()
        });
        let first = without.join().unwrap();
        // A runtime without timers.
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(clock.rpc_tick()).unwrap()
        });
        (first, other.join().unwrap())
    });
    assert_eq!(within("two ticks", outside).await.unwrap(), (1, 2));
    assert!(counts(&node).short >= 1 || counts(&node).queued == 0, "none was queued: {:?}", counts(&node));
}

/// Methods of one signature.
#[service]
#[derive(Default)]
struct Alike {
    total: u32,
}

#[rpc]
impl Alike {
    pub async fn rpc_one(&mut self, more: u32) -> u32 {
        self.total += more;
        1
    }

    pub async fn rpc_two(&mut self, more: u32) -> u32 {
        self.total += more;
        2
    }

    #[rpc(queued)]
    pub async fn rpc_three(&mut self, more: u32) -> u32 {
        self.total += more;
        3
    }

    #[rpc(queued)]
    pub async fn rpc_four(&mut self, times: u32) -> u32 {
        self.total * times + 4
    }
}

/// In a debug build the places of their futures are of one type, and the next call finds what the last has left on its thread.
#[tokio::test]
async fn methods_that_take_and_return_the_same_run_their_own_handlers() {
    let node = Node::builder().local_calls(LocalCalls::Short).service(Alike::default()).start().await.unwrap();
    let alike = node.client::<AlikeClient>();
    for round in 1..=3 {
        assert_eq!((alike.rpc_one(1).await, alike.rpc_two(1).await), (Ok(1), Ok(2)));
        assert_eq!((alike.rpc_three(1).await, alike.rpc_four(10).await), (Ok(3), Ok(round * 30 + 4)));
    }
    node.shutdown().await.unwrap();
}
