use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_twin(&mut self, other: Self) {
        drop(other);
    }
}

fn main() {}
