use ember::prelude::*;

use std::rc::Rc;

#[service]
#[derive(Default)]
pub struct Player {
    name: Rc<str>,
}

#[tokio::main]
async fn main() -> ember::Result<()> {
    Node::builder().service(Player::default()).start().await?;
    Ok(())
}
