use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub fn rpc_put(&mut self, items: ...) {}
}

fn main() {}
