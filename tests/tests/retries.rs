//! Calls that are made again by a policy: what is repeated, and what is not.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use ember::{CallError, LostReason, Node, RefusedReason, prelude::*};
use ember_tests::wait::within;
use tokio::sync::Semaphore;

/// Fails as it is told.
#[service]
#[derive(Debug, Clone)]
pub struct Flaky {
    started: Arc<AtomicU32>,
    gate: Arc<Semaphore>,
}

impl Default for Flaky {
    fn default() -> Self {
        Self { started: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }
}

#[rpc]
impl Flaky {
    /// Panics until it has been started so often.
    #[rpc(idempotent)]
    pub async fn rpc_after(&mut self, failures: u32) -> u32 {
        let started = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(started > failures, "not yet");
        started
    }

    /// Not marked.
    pub async fn rpc_once(&mut self) {
        self.started.fetch_add(1, Ordering::SeqCst);
        panic!("as it must");
    }

    /// Waits until it is let through.
    pub async fn rpc_wait(&mut self) {
        self.gate.acquire().await.expect("the gate is open or closed").forget();
    }
}

const QUICK: Retry = Retry::new(5).backoff(Duration::from_millis(1), Duration::from_millis(5));

async fn start(mailbox: usize) -> (Node, Flaky) {
    let flaky = Flaky::default();
    let node = Node::builder().service(Hosted::new(flaky.clone()).mailbox(mailbox)).start().await;
    (node.expect("the node starts"), flaky)
}

#[tokio::test]
async fn idempotent_call_that_may_have_run_is_repeated() {
    let (node, _) = start(16).await;
    let client = node.client::<FlakyClient>();
    assert_eq!(client.rpc_after(3).retry(QUICK.maybe_executed()).await.expect("the fourth attempt"), 4);
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn attempts_come_to_an_end() {
    let (node, flaky) = start(16).await;
    let error = node.client::<FlakyClient>().rpc_after(100).retry(QUICK.maybe_executed()).await.unwrap_err();
    assert!(matches!(error, CallError::MaybeExecuted(_)), "{error}");
    assert_eq!(flaky.started.load(Ordering::SeqCst), 5);
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn call_that_may_have_run_is_not_repeated_by_a_plain_policy() {
    let (node, flaky) = start(16).await;
    let error = node.client::<FlakyClient>().rpc_once().retry(QUICK).await.unwrap_err();
    let CallError::MaybeExecuted(lost) = &error else { panic!("{error}") };
    assert!(matches!(lost.reason(), LostReason::Panicked(_)), "{error}");
    assert_eq!(flaky.started.load(Ordering::SeqCst), 1);
    node.shutdown().await.expect("the node ends");
}

/// Occupies the handler and the one place in the mailbox.
async fn fill(client: &FlakyClient) {
    let full = async {
        loop {
            match client.rpc_wait().send() {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => {
                    assert!(matches!(error.refused.reason(), RefusedReason::MailboxFull { .. }), "{error}");
                    return;
                }
            }
        }
    };
    within("the mailbox to be full", full).await;
}

#[tokio::test]
async fn full_mailbox_is_tried_again_by_policy_only() {
    let (node, flaky) = start(1).await;
    let client = node.client::<FlakyClient>();
    fill(&client).await;
    let error = client.rpc_after(0).await.unwrap_err();
    assert!(matches!(&error, CallError::NotExecuted(it) if matches!(it.reason(), RefusedReason::MailboxFull { .. })));
    let mut call = Box::pin(client.rpc_after(0).retry(Retry::new(u32::MAX)).timeout(Duration::from_secs(60)));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it waits for the next attempt");
    flaky.gate.add_permits(1000);
    assert_eq!(within("a place in the mailbox", call).await.expect("the call"), 1);
    node.shutdown().await.expect("the node ends");
}

#[tokio::test]
async fn all_attempts_stay_within_the_deadline() {
    let (node, _) = start(1).await;
    let client = node.client::<FlakyClient>();
    fill(&client).await;
    let call = client.rpc_after(0).retry(Retry::new(u32::MAX)).timeout(Duration::from_millis(200));
    let error = within("the deadline", call).await.unwrap_err();
    assert!(matches!(error, CallError::NotExecuted(_)), "{error}");
    drop(node); // as a crash: the handler would wait for ever
}

#[tokio::test]
async fn earlier_attempt_that_may_have_run_decides_the_outcome() {
    let (node, flaky) = start(1).await;
    let client = node.client::<FlakyClient>();
    // The first attempt panics; then the mailbox is filled before the second, and stays so.
    let slow = Retry::new(3).backoff(Duration::from_secs(3600), Duration::from_secs(3600)).maybe_executed();
    let call = client.rpc_after(100).retry(slow).timeout(Duration::from_millis(300));
    let error = within("the deadline", call).await.unwrap_err();
    let CallError::MaybeExecuted(lost) = &error else { panic!("{error}") };
    assert!(matches!(lost.reason(), LostReason::Panicked(_)), "{error}");
    assert_eq!(flaky.started.load(Ordering::SeqCst), 1);
    node.shutdown().await.expect("the node ends");
}
