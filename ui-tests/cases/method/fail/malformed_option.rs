use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[rpc(timeout = "5 parsecs", priority = "urgent")]
    pub async fn rpc_get(&mut self) {}

    #[rpc(timeout = 5)]
    pub async fn rpc_set(&mut self) {}

    #[rpc(name)]
    pub async fn rpc_put(&mut self) {}
}

fn main() {}
