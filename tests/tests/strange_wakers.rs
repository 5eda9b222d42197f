//! Executors of the user's whose wakers panic: that is their own affair, and keeps nobody else from going on.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::{
    pin::{Pin, pin},
    sync::{Arc, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use ember::{Error, prelude::*};
use ember_tests::wait::{PATIENCE, until};
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
    let sleep = home.spawn(async { tokio::time::sleep(Duration::from_millis(1)).await });
    home.block_on(sleep).expect("it ends");
}

#[test]
fn those_whose_calls_wait_in_vain_for_a_paused_service_are_all_told() {
    let (_home, node) = elsewhere();
    assert!(node.pause(node.services()[0]));
    let ends = among_bad_ones(&node, rest, || {});
    assert!(ends.iter().all(|end| matches!(end, Err(CallError::NotExecuted(_)))), "{ends:?}");
}
