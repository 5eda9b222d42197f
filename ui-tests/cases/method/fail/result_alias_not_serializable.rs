use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) -> std::io::Result<u64> {
        Ok(7)
    }
}

fn main() {}
