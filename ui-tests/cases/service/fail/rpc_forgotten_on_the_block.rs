use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

impl Shop {
    pub async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

async fn shops(node: &Node) {
    let _ = node.client::<ShopClient>().rpc_buy(7).await;
    let _ = node.local::<Shop>().rpc_buy(7).await;
}

fn main() {}
