use ember::prelude::*;

pub struct Card;

#[message]
pub struct Pile<T> {
    cards: Vec<T>,
}

#[service]
#[derive(Default)]
pub struct Table;

#[rpc]
impl Table {
    pub async fn rpc_lay(&mut self, pile: Pile<Card>) {}
    pub async fn rpc_one(&mut self, card: Card) {}
    pub async fn rpc_many(&mut self, cards: Vec<Card>) {}
    pub async fn rpc_take(&mut self) -> Pile<Card> {
        Pile { cards: Vec::new() }
    }
}

fn main() {}
