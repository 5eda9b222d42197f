//! A sharded service with a range of workers.

#[service(sharded, shards = 32, workers = 2..=16)]
pub struct Scores;

#[rpc]
impl Scores {
    #[rpc(key = "player")]
    pub async fn rpc_add(&mut self, player: u64) -> u64 {
        player
    }
}
