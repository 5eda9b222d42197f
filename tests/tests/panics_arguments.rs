//! Arguments that panic when they are dropped, where it is not a handler that drops them: the log is told, what has become of the call
//! stands, and its caller does not panic.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ember::{Node, RefusedReason, prelude::*};
use ember_tests::{
    cluster::{Cluster, refused, sees},
    gate::Gate,
    wait::within,
};
use futures_util::FutureExt;

/// Panics when it is dropped, if it was made here: what has come over a link is another one.
#[message]
#[derive(Debug)]
pub struct Touchy {
    number: u32,
    #[serde(skip)]
    is_touchy: bool,
}

static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Touchy {
    fn new(number: u32) -> Self {
        Self { number, is_touchy: true }
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        Self { number: self.number, is_touchy: self.is_touchy }
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        if self.is_touchy {
            DROPPED.fetch_add(1, Ordering::SeqCst);
            panic!("touched");
        }
    }
}

#[service(name = "far")]
#[derive(Default)]
pub struct Far {
    gate: Gate,
    taken: Arc<AtomicU32>,
}

#[rpc]
impl Far {
    pub async fn rpc_take(&mut self, touchy: Touchy) -> u32 {
        self.taken.fetch_add(touchy.number, Ordering::SeqCst) + touchy.number
    }

    #[rpc(idempotent)]
    pub async fn rpc_fail(&mut self, _touchy: Touchy) {
        panic!("as asked");
    }

    pub async fn rpc_wait(&mut self, _touchy: Touchy) {
        self.gate.pass().await;
    }
}

#[service(name = "near")]
#[derive(Default)]
pub struct Near {
    gate: Gate,
    heard: Option<u32>,
}

#[rpc]
impl Near {
    pub async fn api_ask(&mut self, cx: &mut Cx<'_, Self>) {
        let call = cx.client::<FarClient>().rpc_take(Touchy::new(100));
        call.then(cx, |me, _, outcome| me.heard = outcome.ok());
    }

    pub async fn api_heard(&mut self) -> Option<u32> {
        self.heard
    }

    pub async fn api_wait(&mut self) {
        self.gate.pass().await;
    }

    pub async fn api_take(&mut self, _touchy: Touchy) {}
}

#[tokio::test]
async fn an_argument_that_panics_after_it_was_sent_to_another_node_changes_nothing() {
    let (cluster, gate) = (Cluster::default(), Gate::default());
    let far = cluster.node("far").service(Far { gate: gate.clone(), ..Far::default() }).start().await.expect("a node");
    let near = cluster.node("near").service(Near::default()).start().await.expect("a node");
    sees(&near, "far", 1).await;
    let client = near.client::<FarClient>();

    // The first one waits for the link.
    assert_eq!(client.rpc_take(Touchy::new(1)).await, Ok(1));
    assert_eq!(client.rpc_take(Touchy::new(1)).await, Ok(2));
    assert_eq!(client.rpc_take(Touchy::new(1)).retry(Retry::new(2)).await, Ok(3));
    client.rpc_take(Touchy::new(1)).send().expect("it is sent");
    client.rpc_take(Touchy::new(1)).key(7).send().expect("it is sent");
    assert_eq!(client.rpc_take(Touchy::new(1)).await, Ok(6));
    let all = near.select::<FarClient>().all();
    assert_eq!(all.rpc_take(Touchy::new(1)).send().sent, 1);
    let answers = all.rpc_take(Touchy::new(1)).await;
    assert!(matches!(answers[..], [(_, Ok(8))]), "{answers:?}");

    let policy = Retry::new(3).backoff(Duration::ZERO, Duration::ZERO).maybe_executed();
    let failed = client.rpc_fail(Touchy::new(1)).retry(policy).await.unwrap_err();
    assert!(failed.to_string().contains("as asked"), "{failed}");

    // A caller that gives up.
    let mut waits = client.rpc_wait(Touchy::new(1));
    assert!((&mut waits).now_or_never().is_none());
    within("the handler", gate.reached()).await;
    drop(waits);
    gate.open();

    // A callback is called.
    let asker = near.local::<Near>();
    asker.api_ask().await.expect("an answer");
    within("the callback", async {
        while asker.api_heard().await.expect("an answer").is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(asker.api_heard().await, Ok(Some(108)));
    assert!(DROPPED.load(Ordering::SeqCst) >= 13, "all of them panicked");
    near.shutdown().await.expect("it ends");
    far.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn an_argument_that_panics_as_its_call_is_refused_leaves_the_refusal() {
    let gate = Gate::default();
    let hosted = Hosted::new(Near { gate: gate.clone(), ..Near::default() }).mailbox(1);
    let node = Node::builder().service(hosted).start().await.expect("a node");
    let near = node.local::<Near>();
    let busy = tokio::spawn(near.api_wait());
    within("the handler", gate.reached()).await;
    let mut waits = near.api_take(Touchy::new(1));
    assert!((&mut waits).now_or_never().is_none());
    let reason = refused(near.api_take(Touchy::new(1)).await);
    assert!(matches!(reason, RefusedReason::MailboxFull { .. }), "{reason}");
    // What waits is refused too when its service ends.
    let short = near.api_take(Touchy::new(1)).timeout(Duration::ZERO);
    assert_eq!(refused(short.await), RefusedReason::Expired);
    gate.open();
    busy.await.expect("a task").expect("an answer");
    let outcome = waits.await.unwrap_err();
    assert!(outcome.to_string().contains("touched"), "dropped by the handler, it is the handler's panic: {outcome}");
    node.shutdown().await.expect("it ends");
}

#[tokio::test]
async fn an_argument_that_panics_as_it_waits_in_vain_is_no_other_methods_panic() {
    let gate = Gate::default();
    let made = Near { gate: gate.clone(), heard: Some(7) };
    let mut made = Some(made);
    let node = Cluster::default().node("near").service_with(move || made.take().unwrap_or_default());
    let node = node.start().await.expect("a node");
    let near = node.local::<Near>();

    // The one gives up, the time of the other passes, while another method runs.
    let mut slow = near.api_wait();
    assert!((&mut slow).now_or_never().is_none());
    within("the handler", gate.reached()).await;
    let mut waits = near.api_take(Touchy::new(1));
    assert!((&mut waits).now_or_never().is_none());
    drop(waits);
    near.api_take(Touchy::new(1)).timeout(Duration::from_millis(1)).await.unwrap_err();
    gate.open();
    slow.await.expect("an answer");
    assert_eq!(near.api_heard().await, Ok(Some(7)), "the service was not started again");
    node.shutdown().await.expect("it ends");
}
