use ember::prelude::*;

#[derive(Default)]
pub struct Shop;

impl Shop {
    pub async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

async fn shops() {
    let _ = Node::builder().service(Shop).start().await;
}

async fn spawned(node: &Node) {
    let _ = node.spawn(Shop).await;
}

async fn made() {
    let _ = Node::builder().service_with(Shop::default).start().await;
}

async fn hosted() {
    let _ = Node::builder().service(Hosted::new(Shop)).start().await;
}

fn main() {}
