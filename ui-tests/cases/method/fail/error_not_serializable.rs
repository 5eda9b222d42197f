use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

pub struct Broken;

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) -> Result<u64, Broken> {
        Err(Broken)
    }
}

fn main() {}
