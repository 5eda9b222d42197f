use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_put<T: Send>(&mut self, item: T) {
        drop(item);
    }
}

fn main() {}
