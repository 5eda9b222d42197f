use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) {}

    #[rpc(name = "rpc_get")]
    pub async fn rpc_fetch(&mut self) {}
}

fn main() {}
