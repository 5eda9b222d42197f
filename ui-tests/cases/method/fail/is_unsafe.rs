use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async unsafe fn rpc_put(&mut self) {}
}

fn main() {}
