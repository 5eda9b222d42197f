use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    #[rpc]
    pub async fn selector(&mut self) {}
}

fn main() {}
