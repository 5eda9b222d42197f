use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_name(&mut self, name: &str) {
        drop(name);
    }
}

fn main() {}
