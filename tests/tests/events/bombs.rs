//! Events that panic as they are dropped.
// tidy: virtual time

use std::sync::atomic::{AtomicUsize, Ordering};

use ember::{
    Schema,
    prelude::*,
    schema::{Shape, Types},
    testing::Cluster,
};
use ember_tests::log::Log;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::listeners::{Ears, Reading, known, ms, publish, until};

/// Where it has been read, it panics as it is dropped, if its number is odd.
pub struct Fuse {
    number: u32,
    was_read: bool,
}

static BLOWN: AtomicUsize = AtomicUsize::new(0);

impl Drop for Fuse {
    fn drop(&mut self) {
        if self.was_read && self.number % 2 == 1 {
            BLOWN.fetch_add(1, Ordering::Relaxed);
            panic!("{} is dropped", self.number);
        }
    }
}

impl Serialize for Fuse {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.number.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Fuse {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { number: u32::deserialize(from)?, was_read: true })
    }
}

impl Schema for Fuse {
    fn shape(types: &mut Types) -> Shape {
        u32::shape(types)
    }
}

#[message(event)]
pub struct Bomb(Fuse);

fn bomb(number: u32) -> Bomb {
    Bomb(Fuse { number, was_read: false })
}

/// It is given bombs, and the last one first.
#[service]
#[derive(Default)]
pub struct Shelter(Log);

#[rpc]
impl Shelter {
    #[on(event, retain)]
    fn bomb(&mut self, event: &Bomb) {
        self.0.say(event.0.number.to_string());
    }
}

#[test]
fn what_panics_as_it_is_let_go_of_ends_neither_what_else_came_with_it_nor_the_exchange_with_nodes_that_come_later() {
    for seed in 0..4 {
        let (log, ears, before) = (Log::default(), Ears::default(), BLOWN.load(Ordering::Relaxed));
        let (heard, told) = (ears.clone(), log.clone());
        let cluster = Cluster::seed(seed).limit(ms(60_000)).node("ada", |node| node);
        let bob = move |node: NodeBuilder| node.service(Shelter(log.clone())).service(ears.listener("bob", 100));
        cluster.node("bob", bob).run(move |sim| async move {
            known(&sim, "ada", 1).await;
            let first = sim.on("ada", async |node: Node| drop(node.publish_to(Scope::Cluster, bomb(1))));
            first.await.unwrap();
            until("the first one", || told.lines() == ["1"]).await;
            // Its place is taken by another, with which more comes in one batch.
            let more = sim.on("ada", async |node: Node| {
                let _receipt = node.publish_to(Scope::Cluster, bomb(2));
                let _receipt = node.publish_to(Scope::Cluster, Reading(1));
                let _receipt = node.publish_to(Scope::Cluster, bomb(3));
            });
            more.await.unwrap();
            until("all that came with it", || told.lines() == ["1", "2", "3"] && heard.of("bob").len() == 1).await;
            assert_eq!(BLOWN.load(Ordering::Relaxed), before + 1, "seed {seed}");
            // What is kept of it is let go of.
            sim.shutdown("ada").await.unwrap();
            until("the last one is dropped", || BLOWN.load(Ordering::Relaxed) == before + 2).await;
            // A run that comes later is told what is wanted all the same.
            sim.start("ada").await.unwrap();
            known(&sim, "ada", 1).await;
            publish(&sim, "ada", 1..=1).await;
            until("what it publishes", || heard.of("bob").len() == 2).await;
        });
    }
}
