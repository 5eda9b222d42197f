use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_name(&mut self, name: Option<&Vec<u32>>) {
        drop(name);
    }
}

fn main() {}
