//! Death watch: one `down`, for whatever reason, on whatever node.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{sync::Arc, time::Duration};

use ember::{RefusedReason, prelude::*, registry::InProcess};
use ember_tests::{logged::Logged, wait::within};
use tokio::sync::{
    Semaphore,
    mpsc::{Receiver, Sender, channel},
};

#[service(name = "mortal")]
#[derive(Default)]
struct Mortal;

#[rpc]
impl Mortal {
    pub async fn rpc_panic(&mut self) {
        panic!("as asked");
    }

    pub async fn rpc_ping(&mut self) {}
}

/// Counts the same downs in a module.
#[module]
#[derive(Default)]
struct Ledger {
    downs: u32,
}

#[rpc]
impl Ledger {
    #[on(down)]
    fn note(&mut self) {
        self.downs += 1;
    }

    pub async fn rpc_downs(&mut self) -> u32 {
        self.downs
    }
}

#[service(name = "guard")]
struct Guard {
    downs: Sender<Down>,
    gate: Arc<Semaphore>,
    #[module]
    ledger: Module<Ledger>,
}

#[rpc]
impl Guard {
    #[on(down)]
    async fn gone(&mut self, _cx: &mut Cx<'_, Self>, down: &Down) {
        self.downs.try_send(down.clone()).expect("a few downs");
    }

    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }

    pub async fn rpc_unwatch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.unwatch(pid);
    }

    pub async fn rpc_busy(&mut self) {
        let _ = self.gate.acquire().await;
    }

    pub async fn rpc_panic(&mut self) {
        panic!("as asked");
    }
}

struct Post {
    client: GuardClient,
    downs: Receiver<Down>,
    gate: Arc<Semaphore>,
}

impl Post {
    async fn on(node: &Node) -> Self {
        let (sender, downs) = channel(16);
        let gate = Arc::new(Semaphore::new(0));
        let of_guard = Arc::clone(&gate);
        let make = move || Guard { downs: sender.clone(), gate: Arc::clone(&of_guard), ledger: Module::default() };
        let pid = node.spawn(Hosted::with(make).mailbox(2)).await.unwrap();
        Self { client: node.select::<GuardClient>().pid(pid).client(), downs, gate }
    }

    async fn watch(&self, pid: Pid) {
        self.client.rpc_watch(pid).await.unwrap();
    }

    /// The next down; none comes twice.
    async fn down(&mut self, what: &str) -> Down {
        let down = within(what, self.downs.recv()).await.expect("the guard lives");
        // Everything that was owed before this call has been handled when it returns.
        let _ = self.client.ledger().rpc_downs().await;
        assert!(self.downs.try_recv().is_err(), "one down, not two");
        down
    }

    async fn no_down(&mut self) {
        self.client.ledger().rpc_downs().await.unwrap();
        assert!(self.downs.try_recv().is_err());
    }
}

fn is_retiring<E>(error: &CallError<E>) -> bool {
    matches!(error, CallError::NotExecuted(refused) if *refused.reason() == RefusedReason::Retiring)
}

async fn until_gone(node: &Node, pid: Pid) {
    within("its end", async {
        let client = node.select::<MortalClient>().pid(pid).client();
        // While it retires it refuses as well.
        while client.rpc_ping().await.map_or_else(|error| is_retiring(&error), |()| true) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stopped_service_is_down_once_in_every_hook() {
    let node = Node::builder().start().await.unwrap();
    let mut post = Post::on(&node).await;
    let pid = node.spawn(Mortal).await.unwrap();
    post.watch(pid).await;
    post.watch(pid).await;
    node.stop(pid);
    let down = post.down("a down").await;
    assert_eq!((down.pid, down.reason), (pid, DownReason::Stopped));
    assert_eq!(post.client.ledger().rpc_downs().await.unwrap(), 1, "the module has heard of it too");
}

#[tokio::test]
async fn a_failed_service_is_down_and_a_restarted_one_is_not() {
    let node = Node::builder().start().await.unwrap();
    let mut post = Post::on(&node).await;
    let restarted = node.spawn(Hosted::with(|| Mortal).back_off(Duration::ZERO, Duration::ZERO)).await.unwrap();
    let failed = node.spawn(Hosted::new(Mortal).on_panic(OnPanic::Stop)).await.unwrap();
    for pid in [restarted, failed] {
        post.watch(pid).await;
        let panicked = node.select::<MortalClient>().pid(pid).client().rpc_panic().await;
        assert!(panicked.is_err());
    }
    let down = post.down("a down").await;
    assert_eq!((down.pid, down.reason), (failed, DownReason::Failed));
    node.select::<MortalClient>().pid(restarted).client().rpc_ping().await.unwrap();
    post.no_down().await;
}

#[tokio::test]
async fn one_that_has_ended_already_is_down_at_once() {
    let node = Node::builder().start().await.unwrap();
    let mut post = Post::on(&node).await;
    let pid = node.spawn(Mortal).await.unwrap();
    node.stop(pid);
    until_gone(&node, pid).await;
    post.watch(pid).await;
    assert_eq!(post.down("a down").await.reason, DownReason::NoSuchService);
}

#[tokio::test]
async fn a_watch_can_be_ended_and_ends_with_the_life_of_the_watcher() {
    let node = Node::builder().start().await.unwrap();
    let mut post = Post::on(&node).await;
    let (first, second) = (node.spawn(Mortal).await.unwrap(), node.spawn(Mortal).await.unwrap());
    post.watch(first).await;
    post.client.rpc_unwatch(first).await.unwrap();
    post.watch(second).await;
    assert!(post.client.rpc_panic().await.is_err());
    post.no_down().await;
    for pid in [first, second] {
        node.stop(pid);
        until_gone(&node, pid).await;
    }
    post.no_down().await;
}

#[tokio::test]
async fn a_down_is_not_lost_to_a_full_mailbox() {
    let node = Node::builder().start().await.unwrap();
    let mut post = Post::on(&node).await;
    let pid = node.spawn(Mortal).await.unwrap();
    post.watch(pid).await;
    within("a full mailbox", async {
        while post.client.rpc_busy().send().is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    node.stop(pid);
    until_gone(&node, pid).await;
    post.gate.add_permits(16);
    assert_eq!(post.down("a down").await.pid, pid);
}

async fn two() -> (Node, Node) {
    let registry = InProcess::default();
    let lease = Duration::from_secs(2);
    let a = Node::builder().name("a").registry(registry.clone()).lease(lease).start().await.unwrap();
    let b = Node::builder().name("b").registry(registry).lease(lease).start().await.unwrap();
    within("two nodes", a.wait_for_view(|view| view.nodes().len() == 2)).await;
    (a, b)
}

#[tokio::test]
async fn a_service_on_another_node_is_down_when_it_stops() {
    let (a, b) = two().await;
    let (mut post, mut other) = (Post::on(&a).await, Post::on(&a).await);
    let pid = b.spawn(Mortal).await.unwrap();
    post.watch(pid).await;
    other.watch(pid).await;
    a.select::<MortalClient>().pid(pid).client().rpc_ping().await.unwrap();
    post.no_down().await;
    b.stop(pid);
    for post in [&mut post, &mut other] {
        let down = post.down("a down").await;
        assert_eq!((down.pid, down.reason), (pid, DownReason::Stopped));
    }
    post.watch(pid).await;
    assert_eq!(post.down("a second watch").await.reason, DownReason::NoSuchService);
}

#[tokio::test]
async fn a_node_that_is_killed_is_lost_for_those_who_watch_its_services() {
    let (a, b) = two().await;
    let mut post = Post::on(&a).await;
    let pid = b.spawn(Mortal).await.unwrap();
    post.watch(pid).await;
    a.select::<MortalClient>().pid(pid).client().rpc_ping().await.unwrap();
    drop(b);
    assert_eq!(post.down("a lost node").await.reason, DownReason::NodeLost);
    post.watch(pid).await;
    assert_eq!(post.down("a watch on a node that is gone").await.reason, DownReason::NodeLost);
}

#[tokio::test]
async fn a_node_that_is_shut_down_has_stopped_its_services_and_is_not_held_up_by_watches() {
    let (a, b) = two().await;
    let mut post = Post::on(&a).await;
    let back = Post::on(&b).await;
    let (there, here) = (b.spawn(Mortal).await.unwrap(), a.spawn(Mortal).await.unwrap());
    post.watch(there).await;
    back.watch(here).await;
    a.select::<MortalClient>().pid(there).client().rpc_ping().await.unwrap();
    b.select::<MortalClient>().pid(here).client().rpc_ping().await.unwrap();
    let begun = tokio::time::Instant::now();
    b.shutdown().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(post.down("a down").await.reason, DownReason::Stopped);
}

#[tokio::test]
async fn a_node_that_starts_anew_is_another() {
    let registry = InProcess::default();
    let build = |name: &str| Node::builder().name(name).registry(registry.clone());
    let a = build("a").start().await.unwrap();
    let b = build("b").start().await.unwrap();
    within("two nodes", a.wait_for_view(|view| view.nodes().len() == 2)).await;
    let mut post = Post::on(&a).await;
    let pid = b.spawn(Mortal).await.unwrap();
    post.watch(pid).await;
    drop(b);
    let b = build("b").start().await.unwrap();
    assert_eq!(post.down("a later run of the node").await.reason, DownReason::NodeLost);
    drop(b);
}

/// Watches, and has nothing that could be told.
#[service(name = "deaf")]
#[derive(Default)]
struct Deaf;

#[rpc]
impl Deaf {
    pub async fn rpc_watch(&mut self, cx: &mut Cx<'_, Self>, pid: Pid) {
        cx.watch(pid);
    }
}

#[tokio::test]
async fn a_watch_that_nobody_hears_of_is_warned_of_once() {
    let node = Node::builder().service(Deaf).start().await.unwrap();
    let post = Post::on(&node).await;
    let (one, two) = (node.spawn(Mortal).await.unwrap(), node.spawn(Mortal).await.unwrap());
    let logged = Logged::here();
    post.watch(one).await;
    assert_eq!(logged.lines(), [""; 0], "the guard has an `#[on(down)]`");
    let deaf = node.client::<DeafClient>();
    deaf.rpc_watch(one).await.unwrap();
    deaf.rpc_watch(two).await.unwrap();
    let lines = logged.lines();
    assert!(matches!(&lines[..], [line] if line.contains("deaf") && line.contains("no `#[on(down)]`")), "{lines:?}");
    node.shutdown().await.unwrap();
}
