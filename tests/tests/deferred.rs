//! Methods that answer later than they return.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::time::Duration;

use ember::{CallError, LostReason, prelude::*, registry::InProcess};
use ember_tests::wait::within;
use futures_util::FutureExt;
use tokio::time::Instant;

#[message]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("closed")]
struct Closed;

/// Waits for numbers.
#[rpc]
trait Waiting {
    /// The next number.
    async fn rpc_later(&self) -> Deferred<u64>;
}

#[service(name = "desk", implements(Waiting))]
#[derive(Default)]
struct Desk {
    waiting: Vec<Replier<u64>>,
    fallible: Vec<Replier<Result<u64, Closed>>>,
}

#[rpc]
impl Waiting for Desk {
    async fn rpc_later(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        self.waiting.push(replier);
        deferred
    }
}

#[rpc]
impl Desk {
    pub async fn rpc_next(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        self.waiting.push(replier);
        deferred
    }

    pub fn rpc_perhaps(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<Result<u64, Closed>> {
        let (deferred, replier) = cx.defer();
        self.fallible.push(replier);
        deferred
    }

    pub async fn rpc_at_once(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        replier.reply(1);
        deferred
    }

    pub async fn rpc_elsewhere(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        tokio::spawn(async move { replier.reply(9) });
        deferred
    }

    pub async fn rpc_tell(&mut self, n: u64) -> u32 {
        let all = self.waiting.drain(..).map(|replier| replier.reply(n)).count();
        all as u32
    }

    pub async fn rpc_refuse(&mut self) {
        for replier in self.fallible.drain(..) {
            replier.reply(Err(Closed));
        }
    }

    pub async fn rpc_forget(&mut self) -> u32 {
        let waiting = self.waiting.len();
        self.waiting.clear();
        waiting as u32
    }
}

/// A node that calls, and one that hosts: the same one, or another.
async fn places() -> Vec<(Node, Vec<Node>)> {
    let alone = Node::builder().service(Desk::default()).start().await.unwrap();
    let registry = InProcess::default();
    let host = Node::builder().name("host").registry(registry.clone()).service(Desk::default()).start().await.unwrap();
    let caller = Node::builder().name("caller").registry(registry).start().await.unwrap();
    within("the desk", caller.wait_for_view(|view| !view.instances().is_empty())).await;
    vec![(alone, vec![]), (caller, vec![host])]
}

/// Asks until a call that was made before has arrived.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> u32) {
    within(what, async {
        while ask().await == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_service_is_free_until_it_answers() {
    for (node, _others) in places().await {
        let desk = node.client::<DeskClient>();
        let waiting = tokio::spawn(desk.rpc_next().into_future());
        until("the first call", async || desk.rpc_tell(5).await.unwrap()).await;
        assert_eq!(waiting.await.unwrap().unwrap(), 5);
        let by_contract = tokio::spawn(node.client::<WaitingClient>().rpc_later().into_future());
        until("the call by contract", async || desk.rpc_tell(6).await.unwrap()).await;
        assert_eq!(by_contract.await.unwrap().unwrap(), 6);
        assert_eq!(desk.rpc_at_once().await.unwrap(), 1);
        assert_eq!(desk.rpc_elsewhere().await.unwrap(), 9);
    }
}

#[tokio::test]
async fn an_error_can_come_later_too() {
    for (node, _others) in places().await {
        let desk = node.client::<DeskClient>();
        let call = tokio::spawn(desk.rpc_perhaps().into_future());
        let answer = within("the answer", async {
            let mut call = call;
            loop {
                desk.rpc_refuse().await.unwrap();
                if call.is_finished() {
                    return (&mut call).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(answer, Err(CallError::App(Closed)));
    }
}

#[tokio::test]
async fn dropped_unanswered_it_is_an_error_at_once() {
    for (node, _others) in places().await {
        let desk = node.client::<DeskClient>();
        let asked = Instant::now();
        let waiting = tokio::spawn(desk.rpc_next().timeout(Duration::from_secs(60)).into_future());
        until("the call", async || desk.rpc_forget().await.unwrap()).await;
        match waiting.await.unwrap() {
            Err(CallError::MaybeExecuted(lost)) => assert_eq!(*lost.reason(), LostReason::NoReply),
            other => panic!("a dropped replier gave {other:?}"),
        }
        assert!(asked.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test]
async fn it_is_dropped_with_the_service_that_keeps_it() {
    let node = Node::builder().start().await.unwrap();
    let pid = node.spawn(Desk::default()).await.unwrap();
    let desk = node.select::<DeskClient>().pid(pid).client();
    let mut waiting = desk.rpc_next().into_future();
    assert!((&mut waiting).now_or_never().is_none());
    desk.rpc_refuse().await.unwrap();
    node.stop(pid);
    let answer = within("the answer", waiting).await;
    assert!(matches!(answer, Err(CallError::MaybeExecuted(_))), "{answer:?}");
}
