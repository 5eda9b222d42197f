//! A handler may have large local values, also across its awaits: its future is not moved through the stack again and again.

#![allow(missing_docs, missing_debug_implementations, reason = "the names of test services say it all")]
#![allow(clippy::large_futures, reason = "they are what is tested")]

use ember::{LocalCalls, prelude::*};
use ember_tests::{
    cluster::{Cluster, sees},
    log::Log,
    wait::within,
};
use tokio::task::yield_now;

/// Bytes; six of them would not fit on a thread's stack of 2 MiB.
const LARGE: usize = 320 * 1024;

#[service]
#[derive(Default)]
pub struct Easel {
    log: Log,
    #[module]
    frame: Module<Frame>,
}

#[module(parent = Easel)]
#[derive(Default)]
pub struct Frame;

/// What is asked of everybody that listens.
pub struct Look;

/// A local value of this size that lives across an await.
async fn painted(colour: u8) -> usize {
    let canvas = [colour; LARGE];
    yield_now().await;
    canvas.iter().filter(|point| **point == colour).count()
}

#[rpc]
impl Easel {
    #[on(start)]
    async fn prime(&mut self) {
        self.log.say(format!("start {}", painted(0).await));
    }

    #[on(event)]
    async fn look(&mut self, _look: &Look) {
        self.log.say(format!("event {}", painted(1).await));
    }

    /// At once: all of it in the first step.
    pub async fn rpc_sketch(&mut self, colour: u8) -> usize {
        let canvas = [colour; LARGE];
        canvas.iter().filter(|point| **point == colour).count()
    }

    pub async fn rpc_paint(&mut self, colour: u8) -> usize {
        painted(colour).await
    }

    #[rpc(cancel)]
    pub async fn rpc_paint_for(&mut self, colour: u8) -> usize {
        painted(colour).await
    }
}

#[rpc]
impl Frame {
    pub async fn rpc_paint(&mut self, colour: u8) -> usize {
        painted(colour).await
    }
}

async fn all_of(client: EaselClient) {
    assert_eq!(client.rpc_sketch(1).await, Ok(LARGE));
    assert_eq!(client.rpc_paint(1).await, Ok(LARGE));
    assert_eq!(client.rpc_paint_for(2).await, Ok(LARGE));
    assert_eq!(client.frame().rpc_paint(2).await, Ok(LARGE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_local_values_fit_wherever_a_handler_runs() {
    for calls in [LocalCalls::Short, LocalCalls::Queued] {
        let log = Log::default();
        let easel = Easel { log: log.clone(), ..Easel::default() };
        let node = Node::builder().local_calls(calls).service(easel).start().await.unwrap();
        all_of(node.client::<EaselClient>()).await;
        let client = node.client::<EaselClient>();
        within("a task that calls", tokio::spawn(all_of(client))).await.unwrap();
        assert_eq!(node.publish(Look), 1);
        node.client::<EaselClient>().rpc_paint(3).await.unwrap();
        assert_eq!(log.lines(), [format!("start {LARGE}"), format!("event {LARGE}")]);
        node.shutdown().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_when_the_call_comes_from_another_node() {
    let cluster = Cluster::default();
    let near = cluster.node("near").start().await.unwrap();
    let _far = cluster.node("far").service(Easel::default()).start().await.unwrap();
    sees(&near, "Easel", 1).await;
    within("calls to another node", tokio::spawn(all_of(near.client::<EaselClient>()))).await.unwrap();
}
