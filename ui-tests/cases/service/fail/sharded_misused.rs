use ember::prelude::*;

#[rpc]
pub trait Room {
    #[rpc(key = "player")]
    async fn rpc_enter(&self, player: u64);
    async fn rpc_any(&self);
}

#[service(sharded, shards = 8, implements(Room))]
#[derive(Default)]
pub struct Hall;

#[rpc]
impl Room for Hall {
    async fn rpc_enter(&mut self, _player: u64) {}
    async fn rpc_any(&mut self) {}
}

#[rpc]
impl Hall {
    #[rpc(key = "player")]
    pub async fn rpc_leave(&mut self, player: u64) -> u64 {
        player
    }
    pub async fn rpc_count(&mut self) -> u64 {
        0
    }
    #[on(start)]
    async fn begin(&mut self) {}
}

#[service(sharded, elected)]
pub struct Master;

#[service(shards = 8)]
pub struct Whole;

#[service(sharded, shards = 0)]
pub struct None;

#[service(sharded = 8)]
pub struct Eight;

fn main() {}
