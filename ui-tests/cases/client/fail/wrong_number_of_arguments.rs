use ember::prelude::*;

#[service]
pub struct Player;

#[rpc]
impl Player {
    pub async fn rpc_buy(&mut self, item: u32) -> u32 {
        item
    }

    pub async fn api_gold(&mut self) -> u64 {
        7
    }
}

pub async fn call(node: Node) {
    let _ = node.client::<PlayerClient>().rpc_buy(1, 2).await;
}

fn main() {}
