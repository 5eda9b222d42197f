#![deny(warnings)]

use ember::prelude::*;

#[service(implements(Moves))]
pub struct Player {
    #[module]
    r#type: Module<r#Box>,
}

#[module]
#[allow(non_camel_case_types)]
pub struct r#Box;

#[rpc]
impl Player {
    #[rpc]
    pub async fn r#match(&mut self, r#type: u32, r#in: u32) -> u32 {
        r#type + r#in
    }

    #[on(start)]
    async fn r#loop(&mut self) {}
}

#[rpc]
pub trait Moves {
    #[rpc]
    async fn r#move(&self, r#where: u32) -> u32;
}

#[rpc]
impl Moves for Player {
    async fn r#move(&mut self, r#where: u32) -> u32 {
        r#where
    }
}

pub async fn call(node: Node) {
    let _ = node.client::<PlayerClient>().r#match(1, 2).await;
    let _ = node.client::<MovesClient>().r#move(1).await;
    let _ = node.client::<PlayerClient>().r#type();
}

fn main() {}
