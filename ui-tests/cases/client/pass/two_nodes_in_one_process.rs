//! Nothing of a node is in globals: two know nothing of each other.
#![deny(warnings)]

use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_gold(&mut self) -> u64 {
        self.gold
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let poor = Node::builder().service(Player { gold: 1 }).start().await.unwrap();
    let rich = Node::builder().service(Player { gold: 100 }).start().await.unwrap();
    assert_eq!(poor.client::<PlayerClient>().rpc_gold().await.unwrap(), 1);
    poor.shutdown().await.unwrap();
    assert_eq!(rich.client::<PlayerClient>().rpc_gold().await.unwrap(), 100);
    rich.shutdown().await.unwrap();
}
