//! The same service, with one hand and with many: what differs is its attribute.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
};

use ember::prelude::*;

use crate::{
    HANDS,
    load::{Measured, Work, load},
};

/// What both do.
#[rpc]
pub(crate) trait Working {
    /// Does one piece of work, and says how many there have been.
    #[rpc(key = "key", timeout = "10s")]
    async fn rpc_work(&self, key: u64, work: u8) -> u64;

    /// The number of the state that has this key.
    #[rpc(key = "key")]
    async fn rpc_state(&self, key: u64) -> u64;
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

    async fn rpc_state(&mut self, _key: u64) -> u64 {
        0
    }
}

/// One at a time for each shard.
#[service(sharded, shards = 64, implements(Working))]
#[derive(Debug)]
pub(crate) struct Sharded {
    number: u64,
    done: u64,
}

impl Sharded {
    fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        Self { number: MADE.fetch_add(1, Ordering::Relaxed), done: 0 }
    }
}

#[rpc]
impl Working for Sharded {
    async fn rpc_work(&mut self, _key: u64, work: u8) -> u64 {
        Work::ALL[work as usize].on(&mut self.done).await
    }

    async fn rpc_state(&mut self, _key: u64) -> u64 {
        self.number
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

    async fn rpc_state(&self, _key: u64) -> u64 {
        0
    }
}

pub(crate) async fn exclusive(work: Work) -> Measured {
    under_load(Node::builder().service(Exclusive::default()), work, Keys::AsTheyCome).await
}

pub(crate) async fn sharded(work: Work) -> Measured {
    under_load(Node::builder().service_with(Sharded::new), work, Keys::AsTheyCome).await
}

/// Where each caller has a shard for itself.
pub(crate) async fn spread(work: Work) -> Measured {
    under_load(Node::builder().service_with(Sharded::new), work, Keys::OneInEach).await
}

pub(crate) async fn concurrent(work: Work) -> Measured {
    under_load(Node::builder().service(Concurrent::default()), work, Keys::AsTheyCome).await
}

/// Which keys the callers have.
enum Keys {
    /// From 0 on: some states have several, and some have none.
    AsTheyCome,
    /// Each another state's.
    OneInEach,
}

async fn under_load(builder: NodeBuilder, work: Work, keys: Keys) -> Measured {
    let node = builder.start().await.expect("a node");
    let client = node.client::<WorkingClient>();
    let number = Work::ALL.iter().position(|it| *it == work).expect("all are in the list") as u8;
    let mut callers: Vec<u64> = (0..HANDS).collect();
    if matches!(keys, Keys::OneInEach) {
        let (mut states, mut next) = (HashSet::new(), 0..);
        for key in &mut callers {
            *key = next.next().expect("there is always a next");
            while !states.insert(client.rpc_state(*key).await.expect("an answer")) {
                *key = next.next().expect("there is always a next");
            }
        }
    }
    let measured = load(callers, move |key| {
        let client = client.clone();
        async move { client.rpc_work(key, number).await.expect("an answer") }
    });
    let measured = measured.await;
    node.shutdown().await.expect("its end");
    measured
}
