//! Handlers that block their threads are named in the log, once a minute each.

#![allow(unreachable_pub, reason = "callable methods are `pub`, tests are not")]

use std::time::Duration;

use ember::{LocalCalls, prelude::*};
use ember_tests::{logged::Logged, wait::eventually};

/// Three times as long as a handler may keep its thread.
const LONG: Duration = Duration::from_millis(300);

#[service(name = "blocker")]
#[derive(Default)]
struct Blocker;

#[rpc]
impl Blocker {
    #[on(start)]
    fn start(&mut self) {
        block();
    }

    pub fn rpc_short(&mut self) {
        block();
    }

    pub async fn rpc_queued(&mut self) {
        // The second step.
        tokio::task::yield_now().await;
        block();
    }

    pub async fn rpc_waits(&mut self) {
        // tidy: sleep: that it is not the thread which sleeps is what is tested
        tokio::time::sleep(LONG).await;
    }
}

fn block() {
    // tidy: sleep: a blocked thread is what is tested
    std::thread::sleep(LONG);
}

async fn start(local_calls: LocalCalls) -> Node {
    Node::builder().local_calls(local_calls).service(Blocker).start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_is_named_once_a_minute() {
    let logged = Logged::everywhere();
    let said = |method: &str| {
        let method = format!("method=\"{method}\"");
        let lines = logged.lines();
        lines
            .iter()
            .filter(|line| line.contains("service=\"blocker\"") && line.contains(&method))
            .cloned()
            .collect::<Vec<_>>()
    };
    let (short, queued) = (start(LocalCalls::Short).await, start(LocalCalls::Queued).await);
    let (short_calls, queued_calls) = (short.client::<BlockerClient>(), queued.client::<BlockerClient>());
    // A machine that has more to do than it can is not taken for a handler that blocks: then it is the next time.
    eventually("the handler that its caller runs", async || {
        short_calls.rpc_short().await.unwrap();
        said("rpc_short").first().cloned()
    })
    .await;
    let line = eventually("the handler that its driver runs", async || {
        queued_calls.rpc_queued().await.unwrap();
        said("rpc_queued").first().cloned()
    })
    .await;
    assert!(line.starts_with("WARN") && line.contains("spawn_blocking") && line.contains(".await"), "{line}");
    eventually("the hook", async || {
        start(LocalCalls::Short).await.shutdown().await.unwrap();
        said("start").first().cloned()
    })
    .await;
    short_calls.rpc_short().await.unwrap();
    queued_calls.rpc_queued().await.unwrap();
    tokio::join!(short_calls.rpc_waits(), queued_calls.rpc_waits()).0.unwrap();
    assert_eq!((said("rpc_short").len(), said("rpc_queued").len()), (1, 1), "{:#?}", logged.lines());
    assert!(said("rpc_waits").is_empty(), "{:#?}", logged.lines());
    short.shutdown().await.unwrap();
    queued.shutdown().await.unwrap();
}
