use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[rpc(codec = "jsn")]
    pub async fn rpc_buy(&mut self, _item: u32) {}

    #[rpc(codec)]
    pub async fn rpc_sell(&mut self, _item: u32) {}

    #[rpc(codec = "json")]
    pub async fn api_gold(&mut self) {}

    #[rpc(idempotent = true)]
    pub async fn rpc_get(&mut self) {}
}

fn main() {}
