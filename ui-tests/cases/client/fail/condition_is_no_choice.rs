use std::rc::Rc;

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

fn filters_after_it(node: &Node) {
    let _ = node.select::<ShopClient>().filter(|shop| shop.is_local()).tag("zone", "eu").all();
}

fn of_this_thread(node: &Node) {
    let zone = Rc::new(String::from("eu"));
    let _ = node.select::<ShopClient>().filter(move |shop| shop.identity().tags.get("zone") == Some(&zone)).all();
}

fn main() {}
