use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {}

async fn spawned(node: &Node) {
    let _ = node.spawn_all(Shop).await;
}

async fn hosted(node: &Node) {
    let _ = node.spawn_all(Hosted::new(Shop)).await;
}

async fn many(node: &Node) {
    let _ = node.spawn(vec![Shop, Shop]).await;
}

fn main() {}
