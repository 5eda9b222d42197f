//! One process: a counter, a shop or a store. The store's handler waits for a truck that never comes.

use std::time::Duration;

use ember::{prelude::*, registry::Embedded, telemetry::Telemetry};
use tokio::sync::Notify;

/// Whoever may wait for as long as it takes: this is what the example is about.
const PATIENT: Duration = Duration::from_secs(3600);

#[service(name = "counter")]
struct Counter(ShopClient);

#[rpc]
impl Counter {
    #[every("100ms")]
    async fn sell(&mut self) {
        // In vain: the shop waits for the store.
        let _ = self.0.rpc_buy().timeout(PATIENT).await;
    }
}

#[service(name = "shop")]
struct Shop(StoreClient);

#[rpc]
impl Shop {
    pub(crate) async fn rpc_buy(&mut self) {
        let _ = self.0.rpc_take().timeout(PATIENT).await;
    }
}

#[service(name = "store")]
#[derive(Default)]
struct Store {
    truck: Notify,
}

#[rpc]
impl Store {
    pub(crate) async fn rpc_take(&mut self) {
        self.truck.notified().await;
    }
}

pub(crate) async fn run(cluster: &str, name: &str) -> ember::Result<()> {
    let builder = Node::builder()
        .name(name)
        .cluster(cluster)
        .registry(Embedded::default())
        .telemetry(Telemetry::default().listen("127.0.0.1:0"));
    let node = match name {
        "store" => builder.service(Store::default()).start().await?,
        "shop" => {
            let node = builder.start().await?;
            node.spawn(Hosted::new(Shop(node.client::<StoreClient>())).register()).await?;
            node
        }
        _ => {
            let node = builder.start().await?;
            node.spawn(Counter(node.client::<ShopClient>())).await?;
            node
        }
    };
    if let Some(address) = node.telemetry_address() {
        println!("{address}");
    }
    node.run().await
}
