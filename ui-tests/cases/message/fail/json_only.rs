use std::collections::HashMap;

use ember::prelude::*;

#[message(codec = "json")]
#[serde(tag = "kind")]
pub enum Wish {
    Have { item: u32 },
}

#[message]
pub struct List {
    all: Vec<Wish>,
    first: Option<Box<Self>>,
}

#[message]
pub struct Page<T> {
    items: Vec<T>,
}

#[message(codec = "xml")]
pub struct Other;

#[service]
#[derive(Default)]
pub struct Fairy;

#[rpc]
impl Fairy {
    pub async fn rpc_one(&mut self, wish: Wish) {}
    pub async fn rpc_many(&mut self, wishes: HashMap<u32, (u8, Option<Wish>)>) {}
    pub async fn rpc_page(&mut self, page: Page<Wish>) -> Page<u32> {
        Page { items: Vec::new() }
    }
    #[rpc(codec = "json")]
    pub async fn rpc_json(&mut self, wishes: Vec<Wish>) -> Page<Wish> {
        Page { items: wishes }
    }
}

fn main() {}
