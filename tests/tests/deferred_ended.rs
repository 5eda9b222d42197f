//! A node that ends waits for replies that come later, and says for which.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ember::{Error, prelude::*, registry::InProcess};
use ember_tests::{
    logged::Logged,
    wait::{eventually, within},
};
use tracing::Level;

/// Where repliers are kept, beside the service.
type Kept = Arc<Mutex<Vec<Replier<u64>>>>;

#[service(name = "clerk")]
struct Clerk {
    kept: Kept,
}

#[rpc]
impl Clerk {
    pub fn rpc_promise(&mut self, cx: &mut Cx<'_, Self>) -> Deferred<u64> {
        let (deferred, replier) = cx.defer();
        self.kept.lock().unwrap().push(replier);
        deferred
    }
}

/// A node with the service, and one that calls it: the same one, or another.
async fn places(kept: &Kept, drain: Duration) -> Vec<(Node, Node)> {
    let clerk = || Clerk { kept: Arc::clone(kept) };
    let alone = Node::builder().drain(drain).service(clerk()).start().await.unwrap();
    let registry = InProcess::default();
    let host = Node::builder().name("host").registry(registry.clone()).drain(drain).service(clerk());
    let host = host.start().await.unwrap();
    let caller = Node::builder().name("caller").registry(registry).start().await.unwrap();
    within("the clerk", caller.wait_for_view(|view| !view.instances().is_empty())).await;
    vec![(alone.clone(), alone), (host, caller)]
}

/// Waits until one call has left its replier.
async fn kept_one(kept: &Kept) -> Replier<u64> {
    eventually("the call", async || kept.lock().unwrap().pop()).await
}

#[tokio::test]
async fn a_reply_that_comes_in_time_is_waited_for() {
    let kept = Kept::default();
    for (host, caller) in places(&kept, Duration::from_secs(60)).await {
        let call = tokio::spawn(caller.client::<ClerkClient>().rpc_promise().into_future());
        let replier = kept_one(&kept).await;
        let logged = Logged::at(Level::INFO);
        let ending = tokio::spawn({
            let host = host.clone();
            async move { host.shutdown().await }
        });
        let whom = eventually("the log to say whom it waits for", async || {
            logged.lines().into_iter().find(|line| line.contains("draining: waiting for"))
        })
        .await;
        assert!(whom.contains("deferred replies (`clerk.rpc_promise`)"), "{whom}");
        assert!(host.services().is_empty() && !ending.is_finished(), "its services have ended, it has not");
        replier.reply(7);
        assert_eq!(within("the answer", call).await.unwrap(), Ok(7));
        assert_eq!(within("the end", ending).await.unwrap().map_err(|error| error.to_string()), Ok(()));
    }
}

#[tokio::test]
async fn a_reply_that_comes_too_late_is_named() {
    let kept = Kept::default();
    for (host, caller) in places(&kept, Duration::from_millis(200)).await {
        let call = tokio::spawn(caller.client::<ClerkClient>().rpc_promise().into_future());
        let _replier = kept_one(&kept).await;
        match within("the end", host.shutdown()).await {
            Err(Error::CutShort(why)) => assert!(why.contains("`clerk.rpc_promise`"), "{why}"),
            other => panic!("a shutdown that left a reply behind gave {other:?}"),
        }
        drop(call);
    }
}

#[tokio::test]
async fn a_reply_that_nobody_waits_for_keeps_no_node() {
    let kept = Kept::default();
    for (host, caller) in places(&kept, Duration::from_secs(600)).await {
        let call = tokio::spawn(caller.client::<ClerkClient>().rpc_promise().into_future());
        let _replier = kept_one(&kept).await;
        call.abort();
        within("the end", host.shutdown()).await.unwrap();
    }
}
