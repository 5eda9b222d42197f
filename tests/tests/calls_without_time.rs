//! Calls that are given no time at all: nothing is sent, whichever way the call is made and wherever the callee is, and the error says what
//! to raise.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::{CallError, Node, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    wait::within,
};

/// Counts.
#[service(name = "counter")]
#[derive(Default)]
pub struct Counter(Arc<AtomicU32>);

#[rpc]
impl Counter {
    #[rpc(idempotent)]
    pub async fn rpc_add(&mut self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub async fn rpc_take(&mut self, _what: String) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Calls with a callback.
#[service(name = "asker")]
#[derive(Default)]
pub struct Asker {
    heard: Vec<String>,
}

#[rpc]
impl Asker {
    pub async fn api_ask(&mut self, cx: &mut Cx<'_, Self>) {
        let call = cx.client::<CounterClient>().rpc_add().timeout(Duration::ZERO);
        call.then(cx, |me, _, reply| me.heard.push(format!("{reply:?}")));
    }

    pub async fn api_heard(&mut self) -> Vec<String> {
        self.heard.clone()
    }
}

/// A node that counts, and one that calls it: the same one, or another.
async fn nodes() -> [(Node, Node, Arc<AtomicU32>); 2] {
    let counted = <Arc<AtomicU32>>::default();
    let here = Node::builder().service(Counter(Arc::clone(&counted))).service(Asker::default());
    let here = here.start().await.expect("a node");
    let (cluster, counted_there) = (Cluster::default(), <Arc<AtomicU32>>::default());
    let there = cluster.node("there").service(Counter(Arc::clone(&counted_there))).start().await.expect("a node");
    let caller = cluster.node("caller").service(Asker::default()).start().await.expect("a node");
    sees(&caller, "counter", 1).await;
    [(here.clone(), here, counted), (caller, there, counted_there)]
}

/// It is refused, and the error says by what the time is raised.
#[track_caller]
fn expired<T: Debug>(outcome: Result<T, CallError>, raise: &str) {
    let Err(CallError::NotExecuted(refused)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(*refused.reason(), RefusedReason::Expired);
    assert!(refused.to_string().contains(raise), "{refused}");
}

#[tokio::test]
async fn a_call_without_time_is_refused_whichever_way_it_is_made() {
    for (caller, _callee, counted) in nodes().await {
        let counter = caller.client::<CounterClient>();
        expired(counter.rpc_add().timeout(Duration::ZERO).await, "`.timeout(…)`");
        expired(counter.rpc_add().timeout(Duration::ZERO).retry(Retry::new(3)).await, "`.timeout(…)`");

        for call in [counter.rpc_take("it".into()), counter.rpc_take("it".into()).key(3).header("a", "b")] {
            let unsent = call.timeout(Duration::ZERO).send().expect_err("nothing is sent");
            assert_eq!(unsent.args, ("it".to_owned(),), "the arguments come back");
            expired::<()>(Err(CallError::NotExecuted(unsent.refused)), "`.timeout(…)`");
        }

        let all = caller.select::<CounterClient>().all();
        for (_, outcome) in all.rpc_add().timeout(Duration::ZERO).await {
            expired(outcome, "`.timeout(…)`");
        }
        let sent = all.rpc_add().timeout(Duration::ZERO).send();
        assert_eq!((sent.sent, sent.refused.len()), (0, 1), "{sent:?}");
        expired::<()>(Err(CallError::NotExecuted(sent.refused[0].1.clone())), "`.timeout(…)`");

        let asker = caller.local::<Asker>();
        asker.api_ask().await.expect("an answer");
        within("the callback", async {
            while asker.api_heard().await.expect("an answer").is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let heard = asker.api_heard().await.expect("an answer");
        assert!(heard[0].contains("NotExecuted") && heard[0].contains("`.timeout(…)`"), "{heard:?}");

        assert_eq!(counter.rpc_add().await, Ok(1), "none of them ran");
        assert_eq!(counted.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn attempts_without_time_are_refused_at_once() {
    for (caller, _callee, counted) in nodes().await {
        let counter = caller.client::<CounterClient>();
        let policy = Retry::new(u32::MAX).backoff(Duration::MAX, Duration::MAX).attempt_timeout(Duration::ZERO);
        let call = within("a refusal, not all the attempts", counter.rpc_add().timeout(Duration::MAX).retry(policy));
        expired(call.await, "`attempt_timeout(…)`");
        let call = counter.rpc_add().timeout(Duration::MAX).retry(policy.maybe_executed());
        expired(within("the same", call).await, "`attempt_timeout(…)`");
        for (_, outcome) in caller.select::<CounterClient>().all().rpc_add().retry(policy).await {
            expired(outcome, "`attempt_timeout(…)`");
        }
        assert_eq!(counter.rpc_add().await, Ok(1), "none of them ran");
        assert_eq!(counted.load(Ordering::SeqCst), 1);
    }
}
