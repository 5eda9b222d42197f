//! The same service, with one hand and with many: what differs is its attribute.

use std::sync::atomic::{AtomicU64, Ordering};

use ember::prelude::*;

use crate::load::{Measured, Work, load};

/// What both do.
#[rpc]
pub(crate) trait Working {
    /// Does one piece of work, and says how many there have been.
    #[rpc(key = "key", timeout = "10s")]
    async fn rpc_work(&self, key: u64, work: u8) -> u64;
}

/// One at a time.
#[service(implements(Working))]
#[derive(Debug, Default)]
pub(crate) struct Exclusive {
    done: u64,
}

#[rpc]
impl Working for Exclusive {
    async fn rpc_work(&mut self, _key: u64, work: u8) -> u64 {
        Work::ALL[work as usize].on(&mut self.done).await
    }
}

/// One at a time for each shard.
#[service(sharded, shards = 64, implements(Working))]
#[derive(Debug, Default)]
pub(crate) struct Sharded {
    done: u64,
}

#[rpc]
impl Working for Sharded {
    async fn rpc_work(&mut self, _key: u64, work: u8) -> u64 {
        Work::ALL[work as usize].on(&mut self.done).await
    }
}

/// So many at once as there are callers.
#[service(concurrent, workers = 64, implements(Working))]
#[derive(Debug, Default)]
pub(crate) struct Concurrent {
    done: AtomicU64,
}

#[rpc]
impl Working for Concurrent {
    async fn rpc_work(&self, _key: u64, work: u8) -> u64 {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        Work::ALL[work as usize].beside(done).await;
        done
    }
}

pub(crate) async fn exclusive(work: Work) -> Measured {
    under_load(Node::builder().service(Exclusive::default()), work).await
}

pub(crate) async fn sharded(work: Work) -> Measured {
    under_load(Node::builder().service_with(Sharded::default), work).await
}

pub(crate) async fn concurrent(work: Work) -> Measured {
    under_load(Node::builder().service(Concurrent::default()), work).await
}

async fn under_load(builder: NodeBuilder, work: Work) -> Measured {
    let node = builder.start().await.expect("a node");
    let client = node.client::<WorkingClient>();
    let number = Work::ALL.iter().position(|it| *it == work).expect("all are in the list") as u8;
    let measured = load(move |key| {
        let client = client.clone();
        async move { client.rpc_work(key, number).await.expect("an answer") }
    });
    let measured = measured.await;
    node.shutdown().await.expect("its end");
    measured
}
