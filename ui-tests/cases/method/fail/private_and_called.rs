use ember::prelude::*;

mod shop {
    use ember::prelude::*;

    #[service]
    pub struct Player {
        gold: u64,
    }

    #[rpc]
    impl Player {
        async fn rpc_gold(&mut self) -> u64 {
            self.gold
        }
    }
}

async fn gold(node: &Node) -> Result<u64, CallError> {
    node.client::<shop::PlayerClient>().rpc_gold().await
}

fn main() {}
