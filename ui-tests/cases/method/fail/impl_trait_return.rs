use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

use std::future::Future;

#[rpc]
impl Player {
    pub fn rpc_gold(&mut self) -> impl Future<Output = u64> + Send {
        async { 7 }
    }
}

fn main() {}
