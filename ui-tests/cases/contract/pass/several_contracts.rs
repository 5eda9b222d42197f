use ember::prelude::*;

mod api {
    use ember::prelude::*;

    #[rpc(name = "shop-buys")]
    pub trait Buys: Sync {
        #[rpc(timeout = "1s")]
        async fn rpc_buy(&self, item: u32) -> u32;
        async fn rpc_nothing(&self);
    }

    #[rpc]
    pub(crate) trait Empty {}
}

#[rpc]
trait Sells {
    async fn rpc_sell(&self, item: u32) -> Result<u32, String>;
}

#[service(implements(api::Buys, Sells, api::Empty))]
pub struct Player;

#[rpc]
impl api::Buys for Player {
    async fn rpc_buy(&mut self, cx: &mut Cx<'_, Self>, item: u32) -> u32 {
        drop(cx.pid());
        self.rpc_sell(item).unwrap_or(0)
    }

    async fn rpc_nothing(&self) {}
}

#[rpc]
impl Sells for Player {
    fn rpc_sell(&mut self, mut item: u32) -> Result<u32, String> {
        item += 1;
        Ok(item)
    }
}

#[rpc]
impl api::Empty for Player {}

pub async fn call(node: Node) {
    let _ = node.client::<api::BuysClient>().rpc_buy(7).await;
    let _ = node.client::<SellsClient>().rpc_sell(7).await;
}

fn main() {}
