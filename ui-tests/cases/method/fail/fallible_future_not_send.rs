use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

use std::rc::Rc;

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) -> Result<u64, u64> {
        let shared = Rc::new(7);
        std::future::ready(()).await;
        Ok(*shared)
    }
}

fn main() {}
