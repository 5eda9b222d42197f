use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_put(&mut self, item: u32)
    where
        u32: Send,
    {
        drop(item);
    }
}

fn main() {}
