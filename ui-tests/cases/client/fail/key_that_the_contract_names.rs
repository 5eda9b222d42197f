use ember::prelude::*;

#[rpc]
pub trait Room {
    #[rpc(key = "player", dedupe = "60s")]
    async fn rpc_enter(&self, player: u64);
}

async fn enter(node: Node) {
    let room = node.client::<RoomClient>();
    let _ = room.rpc_enter(7).key(7).await;
    let _ = room.rpc_enter(7).once(1).key(7).await;
    let all = node.select::<RoomClient>().all();
    let _ = all.rpc_enter(7).key(7).await;
}

fn main() {}
