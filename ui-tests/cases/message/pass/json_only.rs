#![deny(warnings)]

use ember::prelude::*;

#[message]
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub x: u32,
}

#[message(codec = "json")]
#[derive(Debug, Clone)]
#[serde(tag = "kind")]
pub enum Wish {
    Have {
        item: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        #[serde(flatten)]
        place: Place,
    },
    #[serde(skip)]
    Internal,
    Be(Place),
}

#[service]
#[derive(Default)]
pub struct Fairy;

#[rpc]
impl Fairy {
    #[rpc(codec = "json")]
    pub async fn rpc_wish(&mut self, wish: Wish) -> Option<Wish> {
        Some(wish)
    }

    pub async fn api_wish(&mut self, wish: Wish) -> Option<Wish> {
        Some(wish)
    }
}

fn main() {}
