use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_gold(&mut self, item: u32, cx: &mut Cx<'_, Self>) -> u32 {
        drop(cx.pid());
        item
    }
}

fn main() {}
