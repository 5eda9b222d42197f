use ember::prelude::*;

#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {
    pub async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

async fn shops(node: &Node) {
    let _ = node.client::<ShopClient>().rpc_buy(7).await;
}

fn main() {}
