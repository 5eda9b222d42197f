//! What `.key(…)` takes: a key, owned or borrowed, and a `&str` for a `String`.

#![deny(warnings)]

use ember::prelude::*;

#[module]
#[derive(Default)]
pub struct Bag {
    pub name: String,
}

#[rpc]
impl Bag {
    pub async fn rpc_name(&mut self) -> String {
        self.name.clone()
    }
}

#[service]
#[derive(Default)]
pub struct Player {
    #[module]
    bags: Modules<String, Bag>,
    #[module]
    numbered: Modules<u64, Bag>,
}

#[rpc]
impl Player {
    #[on(init)]
    async fn init(&mut self) {
        let bag = |name: &str| Bag { name: name.to_string() };
        self.bags.insert("left".to_string(), bag("the left one"));
        self.numbered.insert(7, bag("the seventh"));
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    let player = node.client::<PlayerClient>();
    let left = "left".to_string();
    assert_eq!(player.bags().key("left").rpc_name().await?, "the left one");
    assert_eq!(player.bags().key(&left).rpc_name().await?, "the left one");
    assert_eq!(player.bags().key(left).rpc_name().await?, "the left one");
    assert_eq!(player.numbered().key(7).rpc_name().await?, "the seventh");
    assert_eq!(player.numbered().key(&7).rpc_name().await?, "the seventh");
    node.shutdown().await
}
