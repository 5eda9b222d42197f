//! What is logged of calls may be read by anything, also by something that makes calls.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use ember::prelude::*;
use ember_tests::{
    cluster::{Cluster, sees},
    wait::eventually,
};
use tracing_subscriber::{Layer, layer::SubscriberExt};

#[service(name = "taker")]
#[derive(Default)]
pub struct Taker;

#[rpc]
impl Taker {
    pub async fn rpc_take(&mut self, bytes: Vec<u8>) -> usize {
        bytes.len()
    }
}

/// Makes a call, on another thread, while a line is logged.
struct Calls {
    client: TakerClient,
    made: Arc<AtomicUsize>,
    stuck: Arc<AtomicUsize>,
}

impl<S: tracing::Subscriber> Layer<S> for Calls {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() != "ember::call" {
            return;
        }
        let (client, (done, made)) = (self.client.clone(), mpsc::channel());
        thread::spawn(move || {
            let _ = client.rpc_take(vec![1]).send();
            let _ = done.send(());
        });
        let count = if made.recv_timeout(Duration::from_secs(5)).is_ok() { &self.made } else { &self.stuck };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_log_line_about_a_call_that_waited_for_its_link_is_written_with_nothing_locked() {
    let cluster = Cluster::default();
    let taker = cluster.node("taker").max_message(4096).service(Taker).start().await.unwrap();
    let node = cluster.node("caller").start().await.unwrap();
    sees(&node, "taker", 1).await;
    let (client, made, stuck) = (node.client::<TakerClient>(), Arc::<AtomicUsize>::default(), Arc::default());
    let calls = Calls { client: client.clone(), made: Arc::clone(&made), stuck: Arc::clone(&stuck) };
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(calls));
    // Only the link knows that this is too much for the peer.
    client.rpc_take(vec![0; 8192]).send().unwrap();
    eventually("the line", async || (made.load(Ordering::Relaxed) + stuck.load(Ordering::Relaxed) > 0).then_some(()))
        .await;
    assert_eq!(stuck.load(Ordering::Relaxed), 0, "a call waits for whoever logs");
    drop(taker);
}
