use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[rpc]
impl Player {
    pub async fn rpc_gold(&mut self, cx: &Cx<'_, Self>) {
        drop(cx.pid());
    }
}

fn main() {}
