use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[every("10s")]
    pub async fn rpc_save(&mut self) {}
}

fn main() {}
