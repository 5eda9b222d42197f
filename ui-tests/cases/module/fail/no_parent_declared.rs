use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[module]
pub struct Bag;

#[rpc]
impl Bag {
    pub async fn rpc_drop(&mut self, cx: &mut Cx<'_, Self>) {
        cx.parent();
    }
}

fn main() {}
