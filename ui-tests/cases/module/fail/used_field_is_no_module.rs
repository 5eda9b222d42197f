use ember::prelude::*;

#[derive(Default)]
pub struct Bag {
    items: u32,
}

impl Bag {
    pub fn add(&mut self) {
        self.items += 1;
    }
}

#[service]
#[derive(Default)]
pub struct Player {
    #[module]
    bag: Module<Bag>,
}

#[rpc]
impl Player {
    pub async fn rpc_add(&mut self) {
        self.bag.add();
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    node.client::<PlayerClient>().rpc_add().await?;
    node.shutdown().await
}
