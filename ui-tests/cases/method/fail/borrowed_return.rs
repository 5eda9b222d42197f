use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_gold(&mut self) -> &u64 {
        &self.gold
    }
}

fn main() {}
