//! `#[rpc(cancel)]`: a handler that runs is dropped when its caller goes away, and no other.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::{prelude::*, registry::InProcess};
use ember_tests::wait::within;
use tokio::sync::Semaphore;

#[derive(Debug)]
struct Seen {
    started: Semaphore,
    ended: AtomicU32,
    dropped: Semaphore,
    gate: Semaphore,
}

impl Default for Seen {
    fn default() -> Self {
        let none = || Semaphore::new(0);
        Self { started: none(), ended: AtomicU32::new(0), dropped: none(), gate: none() }
    }
}

struct OnDrop(Arc<Seen>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.add_permits(1);
    }
}

#[service(name = "slow")]
struct Slow {
    seen: Arc<Seen>,
    #[module]
    part: Module<Part>,
}

impl Slow {
    async fn work(&mut self) {
        let on_drop = OnDrop(Arc::clone(&self.seen));
        self.seen.started.add_permits(1);
        self.seen.gate.acquire().await.unwrap().forget();
        self.seen.ended.fetch_add(1, Ordering::SeqCst);
        drop(on_drop);
    }
}

#[rpc]
impl Slow {
    #[rpc(cancel)]
    pub async fn rpc_cancel(&mut self) {
        self.work().await;
    }

    pub async fn rpc_finish(&mut self) {
        self.work().await;
    }

    pub async fn rpc_ping(&mut self) {}
}

/// Runs the same in a module.
#[module(parent = Slow)]
#[derive(Default)]
struct Part {
    calls: u32,
}

#[rpc]
impl Part {
    #[rpc(cancel)]
    pub async fn rpc_cancel(&mut self, cx: &mut Cx<'_, Self>) {
        self.calls += 1;
        cx.parent().work().await;
    }

    pub async fn rpc_calls(&mut self) -> u32 {
        self.calls
    }
}

struct Place {
    caller: Node,
    host: Option<Node>,
    seen: Arc<Seen>,
}

impl Place {
    async fn here() -> Self {
        let seen = Arc::<Seen>::default();
        let slow = Slow { seen: Arc::clone(&seen), part: Module::default() };
        Self { caller: Node::builder().service(slow).start().await.unwrap(), host: None, seen }
    }

    async fn apart() -> Self {
        let (registry, seen) = (InProcess::default(), Arc::<Seen>::default());
        let slow = Slow { seen: Arc::clone(&seen), part: Module::default() };
        let host = Node::builder().name("host").registry(registry.clone()).service(slow).start().await.unwrap();
        let caller = Node::builder().name("caller").registry(registry).start().await.unwrap();
        within("the service", caller.wait_for_view(|view| !view.instances().is_empty())).await;
        Self { caller, host: Some(host), seen }
    }

    fn client(&self) -> SlowClient {
        self.caller.client::<SlowClient>()
    }

    async fn started(&self) {
        within("a handler that starts", self.seen.started.acquire()).await.unwrap().forget();
    }

    async fn dropped(&self) {
        within("a handler that is dropped", self.seen.dropped.acquire()).await.unwrap().forget();
        assert_eq!(self.seen.ended.load(Ordering::SeqCst), 0, "it did not run to its end");
    }
}

#[tokio::test]
async fn a_dropped_call_drops_its_handler() {
    for place in [Place::here().await, Place::apart().await] {
        let call = tokio::spawn(place.client().rpc_cancel().into_future());
        place.started().await;
        call.abort();
        place.dropped().await;
        within("the next call", place.client().rpc_ping()).await.unwrap();
    }
}

#[tokio::test]
async fn a_deadline_drops_its_handler_and_the_module_is_back_in_its_place() {
    for place in [Place::here().await, Place::apart().await] {
        let late = place.client().part().rpc_cancel().timeout(Duration::from_millis(200)).await;
        assert!(late.is_err());
        place.dropped().await;
        assert_eq!(place.client().part().rpc_calls().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_lost_link_drops_the_handler() {
    let Place { caller, host, seen } = Place::apart().await;
    let call = tokio::spawn(caller.client::<SlowClient>().rpc_cancel().timeout(Duration::from_secs(60)).into_future());
    within("a handler that starts", seen.started.acquire()).await.unwrap().forget();
    drop(caller);
    within("a handler that is dropped", seen.dropped.acquire()).await.unwrap().forget();
    assert_eq!(seen.ended.load(Ordering::SeqCst), 0);
    within("the call", call).await.unwrap().unwrap_err();
    drop(host);
}

#[tokio::test]
async fn without_it_a_started_handler_runs_to_its_end() {
    for place in [Place::here().await, Place::apart().await] {
        let call = tokio::spawn(place.client().rpc_finish().into_future());
        place.started().await;
        call.abort();
        let _aborted = call.await;
        place.seen.gate.add_permits(1);
        within("the next call", place.client().rpc_ping()).await.unwrap();
        assert_eq!(place.seen.ended.load(Ordering::SeqCst), 1);
        let _kept = &place.host;
    }
}
