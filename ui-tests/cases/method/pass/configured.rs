#![deny(warnings)]

use ember::prelude::*;

#[cfg(any())]
type Missing = NoSuchType;

#[service(implements(Buys))]
pub struct Player {
    #[cfg(any())]
    #[module]
    missing: Module<NoSuchType>,
    #[cfg(all())]
    #[module]
    bag: Module<Bag>,
}

#[module]
pub struct Bag;

#[rpc]
impl Player {
    #[cfg(any())]
    pub async fn rpc_get(&mut self, item: Missing) -> Missing {
        item
    }

    #[cfg(all())]
    pub async fn rpc_get(&mut self, item: u32) -> u32 {
        item
    }

    #[cfg(any())]
    pub async fn api_get(&mut self, item: Missing) {}

    #[cfg(any())]
    #[on(start)]
    async fn load(&mut self) -> Missing {}

    #[cfg(any())]
    #[on(event)]
    async fn event(&mut self, event: &Missing) {}
}

#[rpc]
pub trait Buys {
    #[cfg(any())]
    async fn rpc_buy(&self, item: Missing) -> u32;
    #[cfg(all())]
    async fn rpc_sell(&self, item: u32) -> u32;
}

#[rpc]
impl Buys for Player {
    #[cfg(any())]
    async fn rpc_buy(&mut self, item: Missing) -> u32 {
        item
    }
    #[cfg(all())]
    async fn rpc_sell(&mut self, item: u32) -> u32 {
        item
    }
}

#[rpc]
#[cfg(any())]
impl Bag {
    pub async fn rpc_a(&mut self) {}
}

#[rpc]
#[cfg(all())]
impl Bag {
    pub async fn rpc_a(&mut self) {}
}

pub async fn call(node: Node) {
    let _ = node.client::<PlayerClient>().rpc_get(7).await;
    let _ = node.client::<PlayerClient>().bag().rpc_a().await;
    let _ = node.client::<BuysClient>().rpc_sell(7).await;
}

fn main() {}
