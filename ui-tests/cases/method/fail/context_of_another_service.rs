use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[service]
pub struct Bank;

#[rpc]
impl Player {
    pub async fn rpc_gold(&mut self, cx: &mut Cx<'_, Bank>) -> u64 {
        drop(cx.pid());
        7
    }
}

fn main() {}
