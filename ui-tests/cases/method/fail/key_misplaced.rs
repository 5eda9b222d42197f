use std::collections::HashMap;

use ember::prelude::*;

#[message]
pub struct Move {
    pub player: u64,
    pub to: Tile,
}

#[message]
#[derive(PartialEq, Eq)]
pub struct Tile {
    pub x: i32,
}

#[rpc]
pub trait Room {
    #[rpc(key = "plyer")]
    async fn rpc_enter(&self, at: u32, player: u64);
    #[rpc(key = "req.plyer")]
    async fn rpc_move(&self, req: Move);
    #[rpc(key = "req..player")]
    async fn rpc_move_back(&self, req: Move);
    #[rpc(key = player)]
    async fn rpc_leave(&self, player: u64);
    #[rpc(key = "player")]
    async fn rpc_close(&self);
}

#[service]
pub struct Hall;

#[rpc]
impl Hall {
    #[rpc(key = "weight")]
    pub async fn rpc_weigh(&mut self, weight: f64) {
        drop(weight)
    }
    #[rpc(key = "req.to")]
    pub async fn rpc_go(&mut self, req: Move) {
        drop(req)
    }
    #[rpc(key = "all")]
    pub async fn rpc_all(&mut self, all: HashMap<u64, u64>) {
        drop(all)
    }
}

fn main() {}
