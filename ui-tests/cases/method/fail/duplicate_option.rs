use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[rpc(timeout = "2s", timeout = "3s")]
    pub async fn rpc_get(&mut self) {}
}

fn main() {}
