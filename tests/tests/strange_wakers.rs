//! Executors of the user's whose wakers panic: that is their own affair, and keeps nobody else from going on.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use ember::{Error, RefusedReason, ServiceState, prelude::*};
use ember_tests::wait::{PATIENCE, until};
use futures_util::future::BoxFuture;
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
};

/// Lets services start.
static GATE: Semaphore = Semaphore::const_new(0);
/// Says that a handler works.
static WORKS: Semaphore = Semaphore::const_new(0);
/// Lets it end.
static WORK: Semaphore = Semaphore::const_new(0);

/// How long a call waits whose deadline is to pass.
const SHORT: Duration = Duration::from_millis(300);

/// Starts when it may.
#[service(name = "gated")]
#[derive(Default)]
pub struct Gated;

#[rpc]
impl Gated {
    #[on(start)]
    async fn start(&mut self) {
        GATE.acquire().await.expect("open").forget();
    }

    pub async fn rpc_ping(&mut self) -> u32 {
        7
    }
}

#[service(name = "works")]
pub struct Works;

#[rpc]
impl Works {
    /// Works until it may end.
    pub async fn rpc_work(&mut self) {
        WORKS.add_permits(1);
        WORK.acquire().await.expect("open").forget();
    }

    /// Never ends.
    pub async fn rpc_rest(&mut self) {
        std::future::pending().await
    }
}

/// Breaks down.
#[service(name = "unready")]
#[derive(Default)]
pub struct Unready;

#[rpc]
impl Unready {
    pub async fn rpc_break(&mut self) {
        panic!("it breaks");
    }

    pub async fn rpc_ping(&mut self) {}
}

/// Panics when it is woken.
struct Bad;

impl Wake for Bad {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

/// Tells its thread.
struct Tells(mpsc::Sender<()>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

/// Polls a future once, with a waker that panics.
fn badly<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bad)))).is_pending());
    future
}

/// Runs a future to its end, and polls it again only when it was woken: who is not woken fails here. Says each time that it waits.
fn well<T>(future: impl Future<Output = T>, waits: &mpsc::Sender<()>) -> T {
    let (wake, woken) = mpsc::channel();
    let waker = Waker::from(Arc::new(Tells(wake)));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let _ = waits.send(());
        woken.recv_timeout(PATIENCE).expect("it is woken");
    }
}

/// Lets four wait for `what` with wakers that are sound, among many whose are not, until `then` has ended it. Gives what the four got.
fn among_bad_ones<W, E>(node: &Node, what: fn(Node) -> W, then: impl FnOnce()) -> Vec<Result<(), E>>
where
    W: Future<Output = Result<(), E>> + 'static,
    E: Send + 'static,
{
    let bad: Vec<_> = (0..32).map(|_| badly(what(node.clone()))).collect();
    let (waits, waiting) = mpsc::channel();
    let good = [(); 4].map(|()| {
        let (node, waits) = (node.clone(), waits.clone());
        thread::spawn(move || well(what(node), &waits))
    });
    good.iter().for_each(|_| waiting.recv_timeout(PATIENCE).expect("it waits"));
    then();
    let got = good.map(|good| good.join().expect("no panic"));
    drop(bad);
    got.into()
}

async fn run(node: Node) -> Result<(), Error> {
    node.run().await
}

async fn shutdown(node: Node) -> Result<(), Error> {
    node.shutdown().await
}

/// A call whose time will be over.
async fn rest(node: Node) -> Result<(), CallError> {
    node.client::<WorksClient>().rpc_rest().timeout(SHORT).await
}

/// The same, of a service that has broken down.
async fn ping(node: Node) -> Result<(), CallError> {
    node.client::<UnreadyClient>().rpc_ping().timeout(SHORT).await
}

/// One that is made again and again, since there is no such service.
async fn repeated(node: Node) -> Result<(), CallError> {
    node.client::<UnreadyClient>().rpc_ping().timeout(SHORT).retry(Retry::new(u32::MAX)).await
}

fn elsewhere() -> (Runtime, Node) {
    let home = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let node = Node::builder().service(Works).drain(2 * PATIENCE).start();
    let node = home.block_on(node).expect("the node starts");
    (home, node)
}

#[test]
fn those_who_run_a_node_are_all_told_that_it_has_been_shut_down() {
    let (home, node) = elsewhere();
    let ends = among_bad_ones(&node, run, || home.block_on(node.shutdown()).expect("it ends"));
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
}

#[test]
fn those_who_run_a_node_are_all_told_that_its_runtime_has_ended() {
    let (home, node) = elsewhere();
    let ends = among_bad_ones(&node, run, || drop(home));
    assert!(ends.iter().all(|end| matches!(end, Err(Error::RuntimeEnded))), "{ends:?}");
}

#[test]
fn those_who_shut_a_node_down_are_all_told_when_it_is_done() {
    let (home, node) = elsewhere();
    let works = home.spawn(node.client::<WorksClient>().rpc_work().into_future());
    home.block_on(WORKS.acquire()).expect("open").forget();
    let ends = among_bad_ones(&node, shutdown, || WORK.add_permits(1));
    assert!(ends.iter().all(Result::is_ok), "{ends:?}");
    home.block_on(works).expect("no panic").expect("it was finished");
}

#[test]
fn service_whose_spawner_panics_as_it_is_woken_lives() {
    let (home, node) = elsewhere();
    let spawns = badly(node.spawn(Hosted::with(Gated::default)));
    let pid = until("the service that is about to start", || node.services().get(1).copied());
    GATE.add_permits(1);
    let gated = node.select::<GatedClient>().pid(pid).client();
    assert_eq!(home.block_on(gated.rpc_ping().timeout(Duration::from_secs(60))).expect("it lives"), 7);
    drop(spawns);
    home.block_on(node.shutdown()).expect("it ends");
}

#[test]
fn those_whose_calls_take_too_long_are_all_told() {
    let (home, node) = elsewhere();
    let ends = among_bad_ones(&node, rest, || {});
    assert!(ends.iter().all(|end| matches!(end, Err(CallError::MaybeExecuted(_)))), "{ends:?}");
    // The runtime has its timers still.
    home.block_on(rest(node)).expect_err("its time is over, too");
}

#[test]
fn those_whose_calls_wait_in_vain_for_a_service_that_starts_are_all_told() {
    let home = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let unready = Hosted::with(Unready::default).back_off(10 * PATIENCE, 10 * PATIENCE);
    let node = home.block_on(Node::builder().service(unready).seed(1).start()).expect("the node starts");
    home.block_on(async { node.client::<UnreadyClient>().rpc_break().await }).expect_err("it panics");
    until("its end", || (node.view().instances()[0].state() == ServiceState::Starting).then_some(()));
    let ends = among_bad_ones(&node, ping, || {});
    let starts = |end: &Result<(), CallError>| matches!(end, Err(CallError::NotExecuted(it)) if *it.reason() == RefusedReason::Starting);
    assert!(ends.iter().all(starts), "{ends:?}");
}

#[test]
fn those_whose_calls_are_repeated_in_vain_are_all_told() {
    let (_home, node) = elsewhere();
    let ends = among_bad_ones(&node, repeated, || {});
    assert!(ends.iter().all(|end| matches!(end, Err(CallError::NotExecuted(_)))), "{ends:?}");
}

/// Polls its future as it is woken, on the thread of whoever wakes it, as executors may.
struct PollsAtOnce(Mutex<BoxFuture<'static, ()>>);

impl Wake for PollsAtOnce {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        // Whoever polls it meanwhile sees what has changed.
        if let Ok(mut future) = self.0.try_lock() {
            let _ = future.as_mut().poll(&mut Context::from_waker(&waker));
        }
    }
}

#[test]
fn those_who_wait_for_the_end_of_a_node_may_poll_as_they_are_woken() {
    let ends: [fn(Node) -> BoxFuture<'static, bool>; 2] =
        [|node| Box::pin(async { shutdown(node).await.is_ok() }), |node| Box::pin(async { run(node).await.is_ok() })];
    for end in ends {
        let (home, node) = elsewhere();
        let (tell, told) = mpsc::channel();
        let waiting = [(); 3].map(|()| {
            let (ended, tell) = (end(node.clone()), tell.clone());
            let task = Arc::new(PollsAtOnce(Mutex::new(Box::pin(async move {
                let _ = tell.send(ended.await);
                std::future::pending().await
            }))));
            Waker::from(Arc::clone(&task)).wake();
            task
        });
        home.block_on(node.shutdown()).expect("it ends");
        for _ in &waiting {
            assert!(told.recv_timeout(PATIENCE).expect("it is told"));
        }
    }
}
