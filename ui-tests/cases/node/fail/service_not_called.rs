use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {}

async fn function() {
    let _ = Node::builder().service(Shop::default).start().await;
}

async fn closure() {
    let _ = Node::builder().service(|| Shop).start().await;
}

async fn spawned(node: &Node) {
    let _ = node.spawn(|| Shop).await;
}

fn main() {}
