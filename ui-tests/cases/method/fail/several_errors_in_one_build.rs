use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_a(name: &str) {
        drop(name);
    }

    async fn rpc_b<T>(&mut self, item: T) {
        drop(item);
    }

    #[on(never)]
    async fn c(&mut self) {}
}

fn main() {}
