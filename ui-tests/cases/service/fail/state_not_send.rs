use std::rc::Rc;

use ember::prelude::*;

#[service]
#[derive(Default)]
pub struct Player {
    name: Rc<str>,
}

#[rpc]
impl Player {
    #[on(start)]
    async fn load(&mut self) {}

    pub async fn rpc_name(&mut self) -> String {
        self.name.to_string()
    }

    pub fn api_name(&mut self) -> String {
        self.name.to_string()
    }
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    let node = Node::builder().service(Player::default()).start().await?;
    let _ = node.client::<PlayerClient>().rpc_name().await;
    Ok(())
}
