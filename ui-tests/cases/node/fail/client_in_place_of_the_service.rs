use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {
    pub async fn rpc_buy(&mut self, item: u32) -> u64 {
        item.into()
    }
}

fn local(node: &Node) {
    let _ = node.local::<ShopClient>();
}

fn list(node: &Node) {
    let _ = node.list::<ShopClient>();
}

fn client(node: &Node) {
    let _ = node.client::<Shop>();
}

fn main() {}
