use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[module(parnt = Player)]
pub struct Bag;

fn main() {}
