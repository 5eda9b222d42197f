use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

#[service]
pub struct Bank {
    #[module]
    bags: Modules<u32, Bag>,
}

#[module(parent = Player)]
pub struct Bag;

fn main() {}
