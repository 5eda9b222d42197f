use ember::prelude::*;

#[service]
pub struct Player {
    gold: u64,
}

pub struct Bag;

#[service]
pub struct Bank {
    #[module]
    bag: Module<Bag>,
}

fn main() {}
