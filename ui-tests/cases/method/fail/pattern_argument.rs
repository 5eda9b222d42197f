use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_put(&mut self, (item, count): (u32, u32)) {
        drop((item, count));
    }
}

fn main() {}
