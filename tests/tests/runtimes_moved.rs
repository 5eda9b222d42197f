//! Handlers that wait on another runtime in place of their own, and tasks that are moved from one runtime to another.

#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "a program of its own")]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use ember::{CallError, RefusedReason, prelude::*, registry::InProcess};
use ember_tests::wait::within;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc,
    task::{LocalSet, block_in_place},
};

/// Tells on which runtime its handlers are.
#[service(name = "teller")]
pub struct Teller;

#[rpc]
impl Teller {
    pub async fn rpc_where(&mut self) -> String {
        Handle::current().id().to_string()
    }

    pub async fn rpc_slow(&mut self, millis: u64) -> String {
        // tidy: sleep: a handler that waits
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Handle::current().id().to_string()
    }
}

/// Waits for its calls on a runtime that is not its node's.
#[service(name = "blocker")]
pub struct Blocker {
    other: Handle,
    asked: u32,
}

#[rpc]
impl Blocker {
    /// Where those ran whom it asked: itself first, in what it was told.
    pub async fn rpc_ask(&mut self, cx: &mut Cx<'_, Self>) -> Vec<String> {
        let (own, teller) = (cx.client::<BlockerClient>(), cx.client::<TellerClient>());
        let before = Handle::current().id();
        let mut seen = block_in_place(|| {
            let oneself = self.other.block_on(own.rpc_ping());
            let cycle =
                matches!(&oneself, Err(CallError::NotExecuted(why)) if matches!(why.reason(), RefusedReason::Cycle(_)));
            let mut seen = vec![if cycle { "cycle".to_owned() } else { format!("{oneself:?}") }];
            for _ in 0..2 {
                seen.push(self.other.block_on(teller.rpc_where()).expect("an answer"));
                seen.push(self.other.block_on(teller.rpc_slow(1)).expect("an answer"));
            }
            seen
        });
        // It goes on where it was.
        assert_eq!(Handle::current().id(), before);
        seen.push(teller.rpc_slow(1).await.expect("an answer"));
        cx.client::<BlockerClient>().rpc_ping().then(cx, |me, _, _| me.asked += 1);
        seen
    }

    pub async fn rpc_ping(&mut self) -> u32 {
        self.asked
    }
}

fn many() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn one() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn a_handler_that_blocks_in_place_on_another_runtime_calls_as_always() {
    let (home, there, other) = (many(), many(), many());
    let handle = other.handle().clone();
    let registry = InProcess::default();
    let blocker = || Blocker { other: handle.clone(), asked: 0 };
    // The teller is on the same node, then on another.
    for (of_node, of_peer) in [(true, false), (false, true)] {
        let registry = InProcess::default();
        let mut builder = Node::builder().name("node").registry(registry.clone()).service(blocker());
        if of_node {
            builder = builder.service(Teller);
        }
        let node = home.block_on(builder.start()).expect("the node starts");
        let mut builder = Node::builder().name("peer").registry(registry);
        if of_peer {
            builder = builder.service(Teller);
        }
        let peer = there.block_on(builder.start()).expect("the peer starts");
        home.block_on(within("both", node.wait_for_view(|view| view.instances().len() == 2)));
        let wanted = if of_node { home.handle().id() } else { there.handle().id() }.to_string();
        let client = node.client::<BlockerClient>();
        for _ in 0..3 {
            let seen = home.block_on(within("an answer", client.rpc_ask())).expect("an answer");
            assert_eq!(seen.len(), 6);
            assert_eq!(seen[0], "cycle");
            assert!(seen[1..].iter().all(|id| *id == wanted), "{wanted}: {seen:?}");
        }
        home.block_on(within("the callbacks", async {
            while client.rpc_ping().await.expect("an answer") < 3 {
                tokio::task::yield_now().await;
            }
        }));
        home.block_on(node.shutdown()).expect("it ends");
        there.block_on(peer.shutdown()).expect("it ends");
    }
    drop(registry);
}

#[test]
fn tasks_of_a_local_set_call_on_whatever_runtime_it_is_driven() {
    let home = many();
    let node = home.block_on(Node::builder().service(Teller).start()).expect("the node starts");
    let (teller, wanted) = (node.client::<TellerClient>(), home.handle().id().to_string());
    let local = LocalSet::new();
    let (ask, mut asked) = mpsc::channel::<()>(1);
    let (tell, mut told) = mpsc::channel(1);
    local.spawn_local(async move {
        while asked.recv().await.is_some() {
            let seen = [teller.rpc_where().await.expect("an answer"), teller.rpc_slow(1).await.expect("an answer")];
            tell.send(seen).await.expect("somebody listens");
        }
    });
    // Those that it was on before are gone by then.
    for runtime in [one(), many(), one(), home] {
        for _ in 0..2 {
            let seen = runtime.block_on(local.run_until(within("an answer", async {
                ask.send(()).await.expect("the task lives");
                told.recv().await.expect("an answer")
            })));
            assert_eq!(seen, [wanted.as_str(), wanted.as_str()]);
        }
        if runtime.handle().id().to_string() == wanted {
            runtime.block_on(node.shutdown()).expect("it ends");
        }
    }
}

#[test]
fn a_call_that_was_begun_on_one_runtime_ends_on_another() {
    let home = many();
    let node = home.block_on(Node::builder().service(Teller).start()).expect("the node starts");
    let (teller, wanted) = (node.client::<TellerClient>(), home.handle().id().to_string());
    let (first, second) = (one(), one());
    let mut call = pin!(teller.rpc_slow(20));
    let begun = first.block_on(std::future::poll_fn(|task| Poll::Ready(call.as_mut().poll(task).is_pending())));
    assert!(begun, "it waits");
    drop(first);
    assert_eq!(second.block_on(within("an answer", call)).expect("an answer"), wanted);
    // And its deadline is kept, wherever it was begun.
    let mut call = pin!(teller.rpc_slow(60_000).timeout(Duration::from_millis(20)));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(second.block_on(within("the deadline", call)), Err(CallError::MaybeExecuted(_))));
    drop((node, home));
}
