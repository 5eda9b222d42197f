//! What a master has said that counts no more: it is dropped at once, by the node of its caller, which goes on for as long as it has time.
// tidy: virtual time

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use ember::{
    Retry, Schema,
    prelude::*,
    schema::{Shape, Types},
    testing::Cluster,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::sleep;

use super::master;

/// How many handlers have begun, how many of their words have come, and how many of these were dropped.
static BEGUN: AtomicU32 = AtomicU32::new(0);
static COME: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

/// It counts where it has come.
pub struct Word {
    text: String,
    has_come: bool,
}

impl Drop for Word {
    fn drop(&mut self) {
        if self.has_come {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        COME.fetch_add(1, Ordering::Relaxed);
        Ok(Self { text: String::deserialize(from)?, has_come: true })
    }
}

impl Schema for Word {
    fn shape(types: &mut Types) -> Shape {
        String::shape(types)
    }
}

#[service(elected)]
#[derive(Default)]
pub struct Herald;

#[rpc]
impl Herald {
    /// Says how far all was when it began.
    #[rpc(idempotent)]
    pub async fn rpc_tell(&mut self) -> Word {
        let (come, dropped) = (COME.load(Ordering::Relaxed), DROPPED.load(Ordering::Relaxed));
        let text = format!("call {}, come {come}, dropped {dropped}", BEGUN.fetch_add(1, Ordering::Relaxed) + 1);
        Word { text, has_come: false }
    }
}

#[test]
fn the_result_of_a_master_that_was_deposed_meanwhile_is_dropped_before_the_next_is_asked() {
    let cluster =
        ["a", "b"].into_iter().fold(Cluster::seed(70), |cluster, name| cluster.node(name, |node| node.service(Herald)));
    cluster.node("caller", |node| node).run(async move |sim| {
        sim.settled().await;
        let (first, _) = master(&sim, "caller", None).await;
        sim.linked("caller", &first).await;
        sim.latency("caller", &first, Duration::from_millis(400));
        let called = sim.on("caller", async |node: Node| {
            let call = node.client::<HeraldClient>().rpc_tell().retry(Retry::new(9).maybe_executed());
            call.timeout(Duration::from_secs(60)).await.map(|word| word.text.clone())
        });
        while BEGUN.load(Ordering::Relaxed) == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        // The reply is on its way.
        sim.expire_lease(&first);
        let (second, _) = master(&sim, "caller", Some(&first)).await;
        assert_ne!(first, second);
        assert_eq!(COME.load(Ordering::Relaxed), 0, "it is still on its way");
        assert_eq!(called.await.unwrap().unwrap(), "call 2, come 1, dropped 1");
    });
}
