use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_gold(item: u32) -> u64 {
        u64::from(item)
    }
}

fn main() {}
