//! On which runtime a node lives, whoever calls: another runtime, none, or one that outlives the node's.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use ember::{
    CallError, Error, LostReason, RefusedReason,
    hooks::{CallEnd, CallHooks, OutgoingCall},
    prelude::*,
    registry::InProcess,
};
use ember_tests::wait::{PATIENCE, eventually, until, within};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::Instant,
};

/// How many `rpc_wait` have begun.
static WAITING: AtomicUsize = AtomicUsize::new(0);

#[service(name = "clock")]
#[derive(Default)]
pub struct ClockService {
    ticks: u64,
    made: u64,
    callbacks: u64,
}

#[rpc]
impl ClockService {
    #[every("10ms")]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    /// Makes a timer, from within whatever runs this.
    pub async fn rpc_make(&mut self, cx: &mut Cx<'_, Self>) {
        cx.every(Duration::from_millis(10), |me, _| me.made += 1);
        let me = cx.select::<ClockServiceClient>().pid(cx.pid()).client();
        me.rpc_callback().then(cx, |me, _, _| me.callbacks += 1);
    }

    pub async fn rpc_callback(&mut self) {
        // tidy: sleep: so that the caller has to wait
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    pub async fn rpc_counts(&mut self) -> (u64, u64, u64) {
        (self.ticks, self.made, self.callbacks)
    }

    /// The runtime that the handler finds: its number.
    pub async fn rpc_where(&mut self) -> String {
        Handle::current().id().to_string()
    }

    /// Says that it has begun, and never ends.
    pub async fn rpc_wait(&mut self) {
        WAITING.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }

    pub async fn rpc_slow(&mut self, millis: u64) {
        // tidy: sleep: a handler that waits
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Takes a while to start.
#[service(name = "slow")]
#[derive(Default)]
pub struct Slow;

#[rpc]
impl Slow {
    #[on(start)]
    async fn start(&mut self) {
        tokio::task::yield_now().await;
    }
}

/// A node on a runtime of its own, which runs in threads of its own.
fn elsewhere() -> (Runtime, Node) {
    let runtime = many();
    let node = runtime.block_on(node().start()).expect("the node starts");
    (runtime, node)
}

fn node() -> ember::NodeBuilder {
    Node::builder().service(ClockService::default())
}

fn many() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

fn one() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A runtime with nothing in it.
fn bare() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

/// Unparks a thread.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An executor that is no runtime.
fn plain<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let begun = Instant::now();
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        assert!(begun.elapsed() < PATIENCE, "gave up waiting");
        thread::park_timeout(PATIENCE);
    }
}

/// Waits until a spawned clock has done everything that a clock does by itself.
fn lives(node: &Node, pid: ember::Pid) {
    let clock = node.select::<ClockServiceClient>().pid(pid).client();
    plain(clock.rpc_make()).expect("it takes calls");
    until("ticks, of both kinds, and the callback", || {
        let (ticks, made, callbacks) = plain(clock.rpc_counts()).expect("it takes calls");
        (ticks > 1 && made > 1 && callbacks == 1).then_some(())
    });
}

#[test]
fn what_is_spawned_from_another_runtime_or_from_none_lives_on_the_nodes() {
    let (home, node) = elsewhere();
    for other in [many(), one(), bare()] {
        lives(&node, other.block_on(node.spawn(ClockService::default())).expect("it starts"));
    }
    lives(&node, plain(node.spawn(ClockService::default())).expect("it starts"));
    let hosted = Hosted::new(ClockService::default()).id("seen").register();
    let pid = bare().block_on(node.spawn(hosted)).expect("it starts");
    assert!(node.view().instances().iter().any(|it| it.pid() == pid), "it is in the view");
    assert!(node.stop(pid));
    plain(node.wait_for_view(|view| !view.instances().iter().any(|it| it.pid() == pid)));
    plain(node.shutdown()).expect("it ends in good order, whoever asks");
    drop(home);
}

#[test]
fn handlers_and_deadlines_are_at_home_whoever_calls() {
    let (home, node) = elsewhere();
    let wanted = home.handle().id().to_string();
    let late = |outcome: Result<(), CallError>| {
        assert!(
            matches!(&outcome, Err(CallError::MaybeExecuted(lost)) if *lost.reason() == LostReason::Deadline),
            "{outcome:?}"
        );
    };
    for other in [many(), one(), bare()] {
        // The handler that nobody waits for any more runs on, so that each has a service of its own.
        let pid = other.block_on(node.spawn(ClockService::default())).expect("it starts");
        let clock = node.select::<ClockServiceClient>().pid(pid).client();
        assert_eq!(other.block_on(clock.rpc_where()).expect("an answer"), wanted);
        other.block_on(clock.rpc_slow(5)).expect("a handler that waits is waited for");
        late(other.block_on(clock.rpc_slow(60_000).timeout(Duration::from_millis(20))));
    }
    let pid = plain(node.spawn(ClockService::default())).expect("it starts");
    let clock = node.select::<ClockServiceClient>().pid(pid).client();
    assert_eq!(plain(clock.rpc_where()).expect("an answer"), wanted);
    plain(clock.rpc_slow(5)).expect("a handler that waits is waited for");
    late(plain(clock.rpc_slow(60_000).timeout(Duration::from_millis(20))));
    let nobody = node.select::<ClockServiceClient>().id("nobody").client();
    let retried = nobody.rpc_counts().retry(ember::Retry::new(3));
    assert!(matches!(plain(retried), Err(CallError::NotExecuted(_))));
    drop((node, home));
}

/// Notes how calls end, and on which runtime it hears of that.
#[derive(Clone, Default)]
struct Hears(Arc<Mutex<Vec<Heard>>>);

/// How a call ended, and the runtime on which that was heard.
type Heard = (String, Option<String>);

impl CallHooks for Hears {
    fn after(&self, _: &OutgoingCall<'_>, end: &CallEnd<'_>, _: Option<Duration>) {
        let at = Handle::try_current().ok().map(|runtime| runtime.id().to_string());
        self.0.lock().expect("no panic").push((format!("{end:?}"), at));
    }
}

#[test]
fn hooks_hear_of_the_end_of_a_call_on_the_nodes_runtime_whoever_calls() {
    let (home, hears) = (many(), Hears::default());
    let node = home.block_on(node().call_hooks(hears.clone()).start()).expect("the node starts");
    let (clock, wanted) = (node.client::<ClockServiceClient>(), home.handle().id().to_string());
    let each = |run: &dyn Fn(&mut dyn FnMut())| {
        // What ends at once, after a while, in vain, with its caller, and one way.
        run(&mut || drop(plain(clock.rpc_where()).expect("an answer")));
        run(&mut || plain(clock.rpc_slow(5)).expect("an answer"));
        run(&mut || drop(plain(clock.rpc_slow(1).timeout(Duration::ZERO)).unwrap_err()));
        run(&mut || {
            let mut given_up = pin!(clock.rpc_slow(1));
            let _ = given_up.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
        run(&mut || clock.rpc_slow(0).send().expect("it is sent"));
    };
    each(&|call| call());
    for other in [many(), one(), bare()] {
        each(&|call| other.block_on(async { call() }));
    }
    let heard = hears.0.lock().expect("no panic");
    for end in ["Value", "NotExecuted", "Dropped", "Sent"] {
        assert!(heard.iter().any(|(its, _)| its.starts_with(end)), "{end}: {heard:?}");
    }
    assert!(heard.iter().all(|(_, at)| at.as_ref() == Some(&wanted)) && heard.len() == 20, "{wanted}: {heard:?}");
    drop((node, home));
}

#[test]
fn blocking_threads_and_local_sets_call_like_others() {
    let (home, node) = elsewhere();
    let (clock, wanted) = (node.client::<ClockServiceClient>(), home.handle().id().to_string());
    let asked = clock.clone();
    let blocking = home.block_on(home.spawn_blocking(move || plain(asked.rpc_where()))).expect("no panic");
    assert_eq!(blocking.expect("an answer"), wanted);
    let local = tokio::task::LocalSet::new();
    let answer = local.block_on(&one(), async {
        let task = tokio::task::spawn_local(async move {
            clock.rpc_slow(1).await.expect("it waits");
            clock.rpc_where().await
        });
        task.await.expect("no panic")
    });
    assert_eq!(answer.expect("an answer"), wanted);
    drop((node, home));
}

#[test]
fn a_runtime_within_block_in_place_is_not_taken_for_that_of_the_task() {
    let (home, node) = elsewhere();
    let (other, again) = (one(), many());
    let (clock, wanted) = (node.client::<ClockServiceClient>(), home.handle().id().to_string());
    let seen = home.block_on(home.spawn(async move {
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(clock.rpc_where().await.expect("an answer"));
            tokio::task::block_in_place(|| {
                for runtime in [&other, &again] {
                    // Once to remember, once to use what is remembered.
                    seen.extend((0..2).map(|_| runtime.block_on(clock.rpc_where()).expect("an answer")));
                }
                let within = Handle::current();
                seen.push(within.block_on(clock.rpc_where()).expect("an answer"));
                seen.push(again.block_on(clock.rpc_where()).expect("an answer"));
                let _entered = other.enter();
                seen.push(plain(clock.rpc_where()).expect("an answer"));
            });
        }
        (seen, other, again)
    }));
    let (seen, other, again) = seen.expect("no panic");
    assert_eq!(seen.len(), 24);
    assert!(seen.iter().all(|id| *id == wanted), "{wanted}: {seen:?}");
    drop((other, again, node, home));
}

/// What a node says when its runtime is gone.
fn refused(reason: &RefusedReason) -> bool {
    *reason == RefusedReason::RuntimeEnded
}

#[test]
fn after_the_nodes_runtime_has_ended_everything_says_so_and_nothing_panics() {
    for home in [many(), one()] {
        let registry = InProcess::default();
        let peer_home = many();
        let peer = peer_home.block_on(node().name("peer").registry(registry.clone()).start()).expect("the peer starts");
        let node = home.block_on(node().name("gone").registry(registry).start()).expect("the node starts");
        home.block_on(within("the peer", node.wait_for_view(|view| view.nodes().len() == 2)));
        let clock = node.select::<ClockServiceClient>().node(node.key().id).client();
        let away = node.select::<ClockServiceClient>().node(peer.key().id).client();
        home.block_on(clock.rpc_counts()).expect("an answer");
        home.block_on(away.rpc_counts()).expect("an answer");
        let before = WAITING.load(Ordering::SeqCst);
        let wait = |client: &ClockServiceClient| {
            let call = client.rpc_wait().timeout(Duration::from_secs(600));
            thread::spawn(move || plain(call))
        };
        let waiting = [wait(&clock), wait(&away)];
        let begun = async || (WAITING.load(Ordering::SeqCst) == before + 2).then_some(());
        home.block_on(eventually("both to begin", begun));
        drop(home);

        for waits in waiting {
            let lost = waits.join().expect("no panic").unwrap_err();
            assert!(matches!(&lost, CallError::MaybeExecuted(_)), "{lost}");
        }
        for runtime in [many(), one(), bare()] {
            for client in [&clock, &away] {
                let error = runtime.block_on(client.rpc_counts()).unwrap_err();
                assert!(matches!(&error, CallError::NotExecuted(why) if refused(why.reason())), "{error}");
                let error = runtime.block_on(client.rpc_counts().retry(ember::Retry::new(5))).unwrap_err();
                assert!(matches!(&error, CallError::NotExecuted(why) if refused(why.reason())), "{error}");
                let error = client.rpc_counts().send().unwrap_err();
                assert!(refused(error.refused.reason()), "{error}");
            }
            let all = runtime.block_on(async { node.select::<ClockServiceClient>().all().rpc_counts().await });
            assert!(all.iter().all(|(_, it)| matches!(it, Err(CallError::NotExecuted(why)) if refused(why.reason()))));
            let plain_one = runtime.block_on(node.spawn(ClockService::default())).unwrap_err();
            let slow_one = runtime.block_on(node.spawn(Hosted::with(Slow::default))).unwrap_err();
            assert!(matches!((&plain_one, &slow_one), (Error::RuntimeEnded, Error::RuntimeEnded)), "{plain_one}");
            let (run, end) = (runtime.block_on(node.run()), runtime.block_on(node.shutdown()));
            assert!(matches!((&run, &end), (Err(Error::RuntimeEnded), Err(Error::RuntimeEnded))), "{run:?} {end:?}");
            assert_eq!(node.publish(7_u32), 0);
        }
        let text = plain(node.shutdown()).unwrap_err().to_string();
        assert!(text.contains("runtime that the node was started on has ended"), "{text}");
        for pid in node.services() {
            node.pause(pid);
            node.resume(pid);
            node.stop(pid);
        }
        drop((node, clock, away));
        drop((peer, peer_home));
    }
}

#[test]
fn run_that_waits_on_another_runtime_ends_with_the_nodes() {
    let (home, node) = elsewhere();
    let waits = thread::spawn(move || one().block_on(node.run()));
    drop(home);
    let end = waits.join().expect("no panic");
    assert!(matches!(end, Err(Error::RuntimeEnded)), "{end:?}");
}

#[test]
fn calls_through_a_node_that_has_been_shut_down_are_refused_at_once() {
    let (home, node) = elsewhere();
    let clock = node.client::<ClockServiceClient>();
    plain(node.shutdown()).expect("it ends");
    let error = plain(clock.rpc_counts()).unwrap_err();
    assert!(matches!(&error, CallError::NotExecuted(why) if *why.reason() == RefusedReason::NodeClosed), "{error}");
    assert!(matches!(plain(node.spawn(ClockService::default())), Err(Error::Closed)));
    drop(home);
    assert!(plain(node.shutdown()).is_ok(), "the first result");
    assert!(plain(clock.rpc_counts()).is_err());
}

#[test]
fn shutdown_that_nobody_waits_for_any_more_goes_on() {
    let (home, node) = elsewhere();
    let mut shutdown = Box::pin(node.shutdown());
    let _ = shutdown.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(shutdown);
    plain(node.wait_for_view(|view| view.instances().is_empty()));
    plain(node.shutdown()).expect("it waits for the first");
    drop(home);
}

#[test]
fn runtime_that_lacks_something_is_an_error_that_says_what_to_enable() {
    let text = plain(node().start()).unwrap_err().to_string();
    assert!(text.contains("needs a tokio runtime"), "{text}");
    let text = bare().block_on(node().start()).unwrap_err().to_string();
    assert!(text.contains("has no timers") && text.contains(".enable_time()"), "{text}");
    let timers = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let text = timers.block_on(node().registry(InProcess::default()).start()).unwrap_err().to_string();
    assert!(text.contains("no I/O") && text.contains(".enable_all()"), "{text}");
    // Alone, a node needs none.
    let alone = timers.block_on(node().start()).expect("the node starts");
    timers.block_on(alone.client::<ClockServiceClient>().rpc_slow(1)).expect("an answer");
    let text = timers.block_on(alone.run()).unwrap_err().to_string();
    assert!(text.contains("no I/O") && text.contains("shutdown"), "{text}");
    timers.block_on(alone.shutdown()).expect("it ends");
}
