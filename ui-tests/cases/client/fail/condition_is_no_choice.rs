use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Shop;

#[rpc]
impl Shop {
    pub async fn rpc_open(&mut self) -> bool {
        true
    }
}

fn one_of_them(node: &Node) {
    let _ = node.select::<ShopClient>().filter(|shop| shop.is_local()).client();
}

fn by_a_tag_that_is_none(node: &Node) {
    let _ = node.select::<ShopClient>().filter(|shop| shop.identity().tags.get("zone")).all();
}

fn main() {}
