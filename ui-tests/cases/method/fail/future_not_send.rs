use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

use std::rc::Rc;

#[rpc]
impl Player {
    pub async fn rpc_get(&mut self) -> u64 {
        let shared = Rc::new(7);
        std::future::ready(()).await;
        *shared
    }
}

fn main() {}
