use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[rpc(queued)]
    pub async fn rpc_get(&mut self) {}
}

fn main() {}
